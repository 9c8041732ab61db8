"""``next_replica WORDS``: the command line of a replica of the next version, whose store needs one
more step of the schema. The step changes what a real one would: columns, an index and a table.
"""

import sys
from functools import partial

from fuse_otel.cli import main
from fuse_otel.store.postgres import replica, schema
from support.rigs.quick_replica import quicken

VERSION = schema.VERSION + 1
NAME = "next"
STEP = """
alter table ledger add column reviewed boolean not null default false;
alter table deliveries add column tries integer not null default 0;
create index deliveries_tries on deliveries (lane, tries);
create table reviews (account bigint references accounts, at bigint not null);
"""


def _script(version: int, *, known: partial[str]) -> str:
    return STEP if version == VERSION else known(version)


if __name__ == "__main__":
    quicken()
    schema._script = partial(_script, known=partial(schema._script))
    schema.VERSION = VERSION
    replica.__version__ = NAME
    sys.exit(main(sys.argv[1:]))
