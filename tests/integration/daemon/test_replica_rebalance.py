"""Replicas that come and go while several accounts are read: each has its even share again."""

import time

import psycopg
import pytest
from support.builders.recent_world import recent_world
from support.fakes.otlp_request import string
from support.rigs.kill_rig import HELD
from support.rigs.replica_rig import ReplicaRig

from fuse_otel.simulator.simulated_api import SimulatedApi, SimulatedEndpoints

ACCOUNTS = tuple(f"line-{number}" for number in range(6))
_SPREAD = """
select array_agg(share order by share) from (
    select count(*) as share from accounts where is_alive(owner) group by owner
) as shares
"""
# When each account had no reader any more, and when it had one.
_WATCH = """
create table moves (account text, reader text, at timestamptz not null default clock_timestamp());
create function note_move() returns trigger language plpgsql as $$ begin
    insert into moves values (new.name, new.owner);
    return null;
end $$;
create trigger note_move after update of owner on accounts for each row
when (new.owner is distinct from old.owner) execute function note_move();
"""
_PAUSES = """
select coalesce(extract(epoch from max(at - freed)), 0) from (
    select reader, at, lag(at) over own as freed, lag(reader) over own as before
    from moves window own as (partition by account order by at)
) as moved where before is null and freed is not null and reader is not null
"""
_COUNT = "select count(*) from moves where reader is not null"
_FORGET = "delete from moves"


def _section(account):
    return f'[[accounts]]\nname = "{account}"\nemail = "{account}@x.io"\ndeveloper_key = "k"\n'


class AccountsRig(ReplicaRig):
    """Several accounts, all of which have the same calls."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._world = recent_world(seed=1, rate=0.05, past=600)
        self.api = SimulatedApi(self._world)

    def environment(self, folder, url):
        env = super().environment(folder, url)
        file = folder / "fuse-otel.toml"
        file.write_text("".join(map(_section, ACCOUNTS)))
        del env["FUSE_OTEL_EMAIL"], env["FUSE_OTEL_DEVELOPER_KEY"]
        return env | {"FUSE_OTEL_CONFIG": str(file)}

    def spread(self, *accounts):
        """Until each replica that lives has so many."""
        self.wait(lambda: self.query(_SPREAD) == list(accounts))

    def change(self, statement):
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)

    def delivered(self, account):
        return {session for name, session in self.roots() if name == account}

    def roots(self):
        """(account, session id) of each root span → its copies."""
        found = {}
        for request in self.receiver.requests:
            for each in request.message.resource_spans if "traces" in request.path else ():
                account = string(each.resource.attributes, "fuse.account")
                for span in (span for scope in each.scope_spans for span in scope.spans):
                    if not span.parent_span_id:
                        key = (account, string(span.attributes, "session.id"))
                        found.setdefault(key, set()).add(span.SerializeToString(deterministic=True))
        return found


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_accounts_are_spread_evenly_whenever_a_replica_comes_or_goes(
    tmp_path, postgres, monkeypatch
):
    monkeypatch.setattr(SimulatedEndpoints, "_is_authorized", lambda *_: True)
    with AccountsRig(0, tmp_path, postgres, postgres._new_schema()) as rig:
        rig.behave()
        poll = rig.settings["FUSE_OTEL_POLL_INTERVAL"] = "30s"
        first = rig.start()
        rig.spread(6)
        rig.change(_WATCH)
        second = rig.start()
        rig.spread(3, 3)
        rig.start()
        rig.spread(2, 2, 2)
        rig.end(first)
        rig.spread(3, 3)
        pause, moves = rig.query(_PAUSES), rig.query(_COUNT)
        rig.change(_FORGET)
        rig.kill(second)  # and another one comes
        rig.spread(3, 3)
        wanted = {*rig.wanted(time.time() - HELD)}
        rig.wait(lambda: all(wanted <= rig.delivered(each) for each in ACCOUNTS))
        rig.recover()
        roots = rig.roots()
    print(f"{moves} moves, {pause:.1f} s without a reader at most")  # noqa: T201 - see -rP
    assert moves >= 3 + 2 + 2
    assert float(pause) < float(poll.removesuffix("s"))
    assert {len(copies) for copies in roots.values()} == {1}
    assert "Traceback" not in rig.logs()
