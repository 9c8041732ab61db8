"""Which name of an account leaves with its calls: one that the configuration gives."""

import pytest

from fuse_otel.assembly.parts import model_options
from fuse_otel.config import load

ONE = 'email = "ops@example.com"\ndeveloper_key = "k"\n'
LISTED = '[[accounts]]\nemail = "ops@example.com"\ndeveloper_key = "k"\n'
NAMED = f'{LISTED}name = "claims"\n'
OTHER = '[[accounts]]\nemail = "b@example.com"\ndeveloper_key = "q"\nname = "sales"\n'


def loaded(tmp_path, text):
    file = tmp_path / "fuse-otel.toml"
    file.write_text(text, encoding="utf-8")
    return load(environ={}, config_file=str(file)).settings


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (ONE, [""]),
        (LISTED, [""]),
        (NAMED, ["claims"]),
        (f'{LISTED}name = "default"\n', ["default"]),
        (LISTED + OTHER, ["", "sales"]),
    ],
    ids=["one account", "no name", "a name", "the default as a name", "two accounts"],
)
def test_a_name_that_is_set_is_on_the_resource(tmp_path, text, names):
    settings = loaded(tmp_path, text)
    assert [model_options(settings, each).account for each in settings.accounts] == names


def test_a_saved_call_is_that_of_the_only_account(tmp_path):
    options = model_options(loaded(tmp_path, NAMED))
    assert options.account == "claims"
    assert options.pseudonym_key is not None


def test_a_saved_call_of_one_of_several_accounts_has_no_account_and_no_key(tmp_path):
    options = model_options(loaded(tmp_path, NAMED + OTHER))
    assert (options.account, options.pseudonym_key) == ("", None)


def test_a_saved_call_of_one_of_several_accounts_has_the_key_of_all(tmp_path):
    options = model_options(loaded(tmp_path, 'pseudonym_key = "q"\n' + NAMED + OTHER))
    assert (options.account, options.pseudonym_key) == ("", b"q")
