"""What the parser of a command adds to argparse: suggestions, and helps with what fits."""

import contextlib

import pytest

from fuse_otel.cli import COMMANDS, command_parser, main, whole_parser
from fuse_otel.config.catalogue import SETTINGS


def complaint(words, capsys):
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["status", "--cheq"], "unrecognized arguments: --cheq. Did you mean --check?"),
        (["run", "--pol-interval=1m"], "arguments: --pol-interval. Did you mean --poll-interval?"),
        (["run", "--poll", "1m"], "unrecognized arguments: --poll. Did you mean --poll-interval?"),
        (["status", "--redacton", "off"], "--redacton. Did you mean --redaction?"),
        (["parked", "list", "--limt", "3"], "--limt. Did you mean --limit?"),
        (["status", "--xyzzy"], "fuse-otel status: error: unrecognized arguments: --xyzzy"),
        (["status", "now"], "fuse-otel status: error: unrecognized arguments: argument 1"),
        (["status", "--json", "now"], "unrecognized arguments: argument 2"),
        (["parked", "list", "-1", "now"], "unrecognized arguments: argument 2, argument 3"),
        (["run", "-pword", "now"], "unrecognized arguments: -p, argument 2"),
    ],
)
def test_a_mistyped_flag_gets_a_suggestion(words, sentence, capsys):
    assert complaint(words, capsys).endswith(sentence)


def test_a_mistyped_flag_is_reported_before_the_required_one_that_is_missing(capsys):
    assert complaint(["backfill", "--form", "3h"], capsys).endswith("Did you mean --from?")


def test_mistyped_actions_and_choices_get_a_suggestion(capsys):
    assert complaint(["parked", "lst"], capsys).endswith(". Did you mean list?")
    assert complaint(["status", "--color", "alway"], capsys).endswith(". Did you mean always?")


def wrong_uses(name, parser, value):
    """Command lines with the value in all places. Every configured command has the flags of the
    settings: those of one are enough.
    """
    settings = set() if name == "run" else {each.flag for each in SETTINGS}
    for path, each in (([], parser), *(([n], p) for n, p in parser.actions().items())):
        for flag in set(each.flags()) - settings:
            yield [*path, f"{flag}={value}"]
            yield [*path, flag, value]
            yield [*path, f"{flag}x={value}"]
        for words in ([value], [value, value], [f"-h{value}"], [f"-x{value}"], [f"--{value}"]):
            yield [*path, *words]


@pytest.mark.parametrize("value", ["7-hidden", "it's hidden", 'a "hidden" one', 'it\'s "hidden"'])
@pytest.mark.parametrize("name", COMMANDS)
def test_no_wrong_use_repeats_a_value(name, value, capsys):
    parser = command_parser(name)
    for words in wrong_uses(name, parser, value):
        with contextlib.suppress(SystemExit):
            parser.parse(words)
        assert "hidden" not in "".join(capsys.readouterr()), words


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_a_mistyped_flag_in_the_place_of_a_command_gets_a_suggestion(flag, capsys):
    assert complaint([f"{flag}x"], capsys).endswith(f"Did you mean {flag}?")


def test_the_help_wins_over_a_mistyped_flag(capsys):
    assert main(["status", "--cheq", "--help"]) == 0
    assert capsys.readouterr().err == ""


def test_what_follows_two_dashes_is_no_flag():
    assert command_parser("trace-id").parse(["--", "--cheq"]).session_ids == ["--cheq"]


def test_a_word_with_a_space_is_no_flag():
    assert command_parser("trace-id").parse(["--a b"]).session_ids == ["--a b"]


def listed(name):
    """The settings in the help of a command."""
    words = command_parser(name).format_help().split()
    return {each.name for each in SETTINGS if each.flag in words}


def test_a_help_lists_the_settings_that_fit_the_command():
    everything = {each.name for each in SETTINGS}
    assert listed("run") == listed("check") == listed("config") == listed("once") == everything
    assert listed("status") == {"state_url"}
    assert listed("health") == {"listen", "web_config"}
    assert listed("diagnose") == {"state_url"}
    assert listed("backfill") == {
        "email", "developer_key", "state_url", "max_disk", "log_level", "log_format",
    }  # fmt: skip
    assert listed("trace-id") == {"namespace"}


WITH_ACTIONS = ("parked", "lane")  # their settings stand behind the action


@pytest.mark.parametrize(
    "name", [n for n, c in COMMANDS.items() if c.configured and n not in WITH_ACTIONS]
)
def test_a_configured_command_accepts_the_other_settings_too(name):
    assert {each.flag for each in SETTINGS} <= set(command_parser(name).flags())
    settings = COMMANDS[name].settings
    assert set(settings) <= {each.name for each in SETTINGS}
    words = " ".join(command_parser(name).format_help().split())
    others = "accepted too: see fuse-otel run --help" in words
    assert others == bool(settings)


@pytest.mark.parametrize("action", command_parser("lane").actions().values())
def test_the_help_of_a_pause_lists_the_place_of_the_store_alone(action):
    words = action.format_help().split()
    assert {each.name for each in SETTINGS if each.flag in words} == {"state_url"}
    assert {each.flag for each in SETTINGS} <= set(action.flags())


@pytest.mark.parametrize("action", command_parser("parked").actions().values())
def test_the_help_of_an_action_lists_what_its_job_needs(action):
    words = action.format_help().split()
    settings = {each.name for each in SETTINGS if each.flag in words}
    assert settings == set(COMMANDS["parked"].settings) == {
        "state_url", "max_disk", "log_level", "log_format",
    }  # fmt: skip


def test_the_usage_is_short():
    usage = command_parser("run").format_usage()
    assert usage == "usage: fuse-otel run [-h] [settings]\n"


def test_a_help_names_the_choices_of_a_setting(capsys):
    assert main(["run", "--help"]) == 0
    out = capsys.readouterr().out
    for line in (
        "--redaction {strict,standard,off}",
        "--pages-redaction {strict,standard,off}",
        "--logs-flavour {generic,tempo,loki,jaeger}",
        "--self-traces {on,off}",
        "--loki-stream-attribute TEXT",
    ):
        assert line in out
    assert "WORD" not in out


def every_parser(parser):
    yield parser
    for each in parser.actions().values():
        yield from every_parser(each)


def test_no_parser_colours_its_usage():
    found = list(every_parser(whole_parser()))
    assert len(found) > len(COMMANDS)
    assert [each.prog for each in found if each.color] == []


def test_a_path_in_a_help_is_not_broken(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["status", "--help"]) == 0
    assert "/etc/fuse-otel/fuse-otel.toml" in capsys.readouterr().out


def test_a_wrong_value_of_a_setting_is_a_wrong_configuration(monkeypatch, capsys):
    assert main(["config", "--redaction", "strictt"]) == 78
    assert "--redaction" in capsys.readouterr().err
