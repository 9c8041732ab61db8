import pickle
from functools import partial

import pytest
from support.builders.loaded_settings import problems, settings, write_toml

from fuse_otel.config import load
from fuse_otel.config.settings import Rescan
from fuse_otel.config.values.fields import masked_state_url
from fuse_otel.core.model.telemetry import Profile, Signal


@pytest.fixture
def toml(tmp_path):
    return partial(write_toml, tmp_path)


def test_one_account_beside_a_list_is_an_error(toml):
    file = toml('[[accounts]]\nname="a"\nemail="a@example.com"\ndeveloper_key="k"\n')
    assert problems(config_file=file) == (
        (
            "FUSE_OTEL_EMAIL and FUSE_OTEL_DEVELOPER_KEY: The file lists [[accounts]]. Use the"
            " list or these settings, not both."
        ),
    )


def test_accounts_of_the_file_have_names_keys_and_numbers(toml, tmp_path):
    key = tmp_path / "key"
    key.write_text("k2\n")
    file = toml(
        f"""
        [[accounts]]
        name = "support"
        email = "support@example.com"
        developer_key = "k1"
        numbers = ["+1 (555) 010-0001", 15550100002, "15550100002"]
        [[accounts]]
        name = "sales"
        email = "sales@example.com"
        developer_key_file = "{key}"
        """
    )
    loaded = load(environ={}, config_file=file)
    support, sales = loaded.settings.accounts
    assert support.numbers == ("+1 (555) 010-0001", "15550100002")
    assert (sales.name, sales.developer_key.get_secret_value()) == ("sales", "k2")
    assert loaded.origins["accounts"] == file


def test_the_flavour_of_a_signal_outranks_the_general_one():
    found = settings({"FUSE_OTEL_FLAVOUR": "tempo", "FUSE_OTEL_LOGS_FLAVOUR": "loki"})
    assert (found.traces_flavour, found.logs_flavour) == (Profile.TEMPO, Profile.LOKI)


@pytest.mark.parametrize(
    ("written", "listen"),
    [
        ("0.0.0.0:0", ("0.0.0.0", 0)),
        (":9464", ("0.0.0.0", 9464)),
        ("[::1]:9464", ("::1", 9464)),
        ("[::]:9464", ("::", 9464)),
        ("localhost:80", ("localhost", 80)),
    ],
)
def test_addresses_to_listen_on(written, listen):
    assert settings({"FUSE_OTEL_LISTEN": written}).listen == listen


def test_allowed_hosts_are_a_text_with_commas_or_a_list_of_the_file(toml):
    given = {"FUSE_OTEL_ALLOWED_HOSTS": "Ops.example.com., fuse-otel ,, ops.example.com"}
    assert settings(given).allowed_hosts == ("ops.example.com", "fuse-otel")
    file = toml('allowed_hosts = ["ops.example.com"]\n')
    assert settings(config_file=file).allowed_hosts == ("ops.example.com",)
    assert settings({}).allowed_hosts == ()


@pytest.mark.parametrize("name", ["https://ops.example.com", "ops:9464", "*.example.com", "a b"])
def test_what_is_no_host_name_is_not_allowed(name):
    (problem,) = problems({"FUSE_OTEL_ALLOWED_HOSTS": name})
    assert "is not a host name" in problem


def test_url_templates_are_a_text_with_commas_or_a_list_of_the_file(toml):
    given = {"FUSE_OTEL_URL_TEMPLATES": "/v2/charges, /claims/{claim} ,, /v2/charges"}
    assert settings(given).url_templates == ("/v2/charges", "/claims/{claim}")
    file = toml('url_templates = ["/v2/charges"]\n')
    assert settings(config_file=file).url_templates == ("/v2/charges",)
    assert settings({}).url_templates == ()


@pytest.mark.parametrize(
    "path", ["v2/charges", "https://a.com/v2", "/", "/a b", "/a?b", "/a//b", "/{A}", "/x{a}"]
)
def test_what_is_no_path_is_no_url_template(path):
    (problem,) = problems({"FUSE_OTEL_URL_TEMPLATES": path})
    assert "is not a path" in problem


def test_transfer_queues_are_known_by_the_digits_of_their_numbers(toml):
    file = toml('[transfer_queues]\n"(800) 555-0199" = "agents"\n"+44 20 1" = "london"\n')
    queues = settings(config_file=file).transfer_queues
    assert queues == {"18005550199": "agents", "44201": "london"}


@pytest.mark.parametrize(
    "url", ["sqlite:///a.db", "sqlite:////var/lib/a.db", "sqlite://", "sqlite:///:memory:"]
)
def test_stores(url):
    assert settings({"FUSE_OTEL_STATE_URL": url}).state_url == url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:geheim@db:5433/calls", "postgresql://********@db:5433/calls"),
        ("postgres://db/calls?password=geheim", "postgres://db/calls?********"),
        ("postgres://me:geheim@a:1,[::1]:2/calls", "postgres://********@a:1,[::1]:2/calls"),
        ("postgresql://me:ge%2Fheim@db", "postgresql://********@db"),
        ("postgresql:///calls", "postgresql:///calls"),
        ("postgresql://me:geheim", "postgresql://********"),
        ("postgresql://me:geheim/calls", "postgresql://********"),
    ],
)
def test_the_url_of_a_database_is_shown_without_its_password(url, shown):
    found = settings({"FUSE_OTEL_STATE_URL": url})
    assert found.state_url == url
    assert found.model_dump(mode="json")["state_url"] == shown
    assert "geheim" not in repr(found)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
@pytest.mark.parametrize(
    "rest",
    [
        "me:geh/eim@db/calls",
        "me:geh?eim@db/calls",
        "me:geh#eim@db/calls",
        "me:geh@eim@db/calls",
        "db/calls?password=geh@eim",
        "me@a,b:1/calls?password=geh@eim",
    ],
)
def test_a_password_that_would_be_cut_is_refused_and_shown_nowhere(scheme, rest):
    url = f"{scheme}://{rest}"
    (problem,) = problems({"FUSE_OTEL_STATE_URL": url})
    assert "percent-encoded" in problem
    for shown in (problem, masked_state_url(url)):
        assert "geh" not in shown
        assert "eim" not in shown


@pytest.mark.parametrize("text", ["geheim", "host=db password=geheim", "postgres:me:geheim@db"])
def test_what_is_no_url_of_a_store_is_not_quoted(text):
    (problem,) = problems({"FUSE_OTEL_STATE_URL": text})
    assert "geheim" not in problem


def test_the_url_of_the_store_may_stand_in_a_file(tmp_path):
    file = tmp_path / "url"
    file.write_text("postgresql://me:geheim@db/calls\n")
    url = settings({"FUSE_OTEL_STATE_URL_FILE": str(file)}).state_url
    assert url == "postgresql://me:geheim@db/calls"


def test_resource_attributes_are_percent_decoded_in_a_variable_and_plain_in_a_table(toml):
    said = {"FUSE_OTEL_RESOURCE_ATTRIBUTES": "team=voice%2C east, owner = a=b ,"}
    assert settings(said).resource_attributes == {"team": "voice, east", "owner": "a=b"}
    file = toml('[resource_attributes]\nteam = "100%25"\n')
    assert settings(config_file=file).resource_attributes == {"team": "100%25"}


def test_the_loki_stream_attribute_can_be_switched_off():
    assert settings({"FUSE_OTEL_LOKI_STREAM_ATTRIBUTE": "Off"}).loki_stream_attribute == ""


def test_maps_and_rescans_of_the_file(toml):
    found = settings(
        config_file=toml(
            """
            [service_names]
            "+1 (555) 010-0001" = "support line"
            "claims 2" = "claims"
            "24" = "twenty-four"
            [severities]
            prompt = "debug"
            event = "INFO2"
            [[rescans]]
            span = "2h"
            [[rescans]]
            span = "1d"
            every = 600
            """
        )
    )
    assert found.service_names == {
        "15550100001": "support line", "claims 2": "claims", "24": "twenty-four",
    }  # fmt: skip
    assert found.severities == {"prompt": (5, "DEBUG"), "event": (10, "INFO2")}
    assert found.rescans == (Rescan(7200, 0), Rescan(86_400, 600))


def test_repr_and_dump_contain_no_secret(toml):
    file = toml(
        '[[destinations]]\nname = "a"\nendpoint = "http://u:geheim1@host/?k=geheim2"\n'
        'headers = { Authorization = "geheim3" }\n'
    )
    found = settings(
        {"FUSE_OTEL_HOOK_TOKEN": "geheim4", "FUSE_OTEL_PSEUDONYM_KEY": "geheim5"}, config_file=file
    )
    (destination,) = found.destinations
    assert destination.urls[Signal.LOGS] == "http://u:geheim1@host/v1/logs?k=geheim2"
    for text in (repr(found), str(found), found.model_dump_json()):
        assert "geheim" not in text
        assert "open-sesame" not in text
        assert "ops@" not in text
    assert "http://********@host/v1/logs?********" in found.model_dump_json()


def test_settings_are_frozen_and_comparable():
    assert settings() == settings()
    with pytest.raises(Exception, match="frozen"):
        settings().log_level = "debug"
    assert pickle.loads(pickle.dumps(settings().accounts[0])) == settings().accounts[0]  # noqa: S301


@pytest.mark.parametrize(
    "url",
    ["http://a..b:1", f"http://{'a' * 64}.example", "http://h:99999", "http://h:0", "http://[::1",
     "http://h\x7f", "http://a b", "//h", "h:80"],
)  # fmt: skip
def test_a_url_with_a_host_or_port_that_cannot_be_is_an_error(url):
    for variable in ("FUSE_OTEL_API_URL", "OTEL_EXPORTER_OTLP_ENDPOINT"):
        (problem,) = problems({variable: url})
        assert problem.startswith(f"{variable}: Not a URL.")


@pytest.mark.parametrize(
    "host", ["bücher.example", "[fe80::1%25eth0]", "a_b", "h.", "xn--bcher-kva.de"]
)
def test_a_url_may_have_an_international_name_or_a_zone(host):
    assert settings({"FUSE_OTEL_API_URL": f"https://{host}:8443/api"}).api_url
