"""What the pages show of stored calls, when a daemon begins with another redaction for them."""

from contextlib import closing

import pytest
from support.builders.loaded_settings import settings
from support.builders.store_values import recent, step
from support.builders.web_files import hash_of, write_web_file

from fuse_otel.assembly.workers import Workers
from fuse_otel.events import unheard


@pytest.fixture
def begun(tmp_path):
    """The workers of a daemon with that redaction for its pages."""
    web = write_web_file(tmp_path, basic_auth_users={"ops": hash_of("x")})

    def begin(redaction):
        environ = {
            "FUSE_OTEL_PAGES_REDACTION": redaction,
            "FUSE_OTEL_REDACTION": "off",
            "FUSE_OTEL_WEB_CONFIG": str(web),
            "FUSE_OTEL_STATE_URL": f"sqlite:///{tmp_path / 'state.db'}",
        }
        return closing(Workers(settings(environ), unheard, reading=False))

    return begin


def test_what_was_stored_for_looser_pages_is_not_shown_by_stricter_ones(begun):
    def shown(redaction, *session_ids):
        with begun(redaction) as workers:
            lease = workers.store.ledger.lease("default")
            lease.commit(step(recent=[recent(each) for each in session_ids]))
            return {call.session_id for call in workers.store.control.recent(10)}

    assert shown("strict", "a") == {"a"}
    assert shown("off", "b") == {"a", "b"}
    assert shown("standard", "c") == {"c"}
    assert shown("standard") == {"c"}
    assert shown("strict") == set()
