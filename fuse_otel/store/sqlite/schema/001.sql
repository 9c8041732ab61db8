-- The first schema. The version stands in `pragma user_version`.
-- Times are UNIX seconds. Triggers keep the counters, so that no statement can forget one and
-- none needs a scan: `meta` ('used', 'parked': bytes), `accounts.calls`, `lanes.calls`,
-- `lanes.parked`.

create table meta (
    name text primary key,
    value integer not null
) without rowid;

insert into meta (name, value) values ('used', 0), ('parked', 0);

create table accounts (
    id integer primary key,
    name text not null unique,
    epoch integer not null default 0,
    calls integer not null default 0
);

create table positions (
    account integer not null references accounts,
    number text not null,
    cursor integer not null,
    floor integer not null,
    primary key (account, number)
) without rowid;

create table ledger (
    account integer not null references accounts,
    session_id text not null,
    ended integer,
    entries integer not null,
    details text not null,
    kept_until integer not null,
    primary key (account, session_id)
) without rowid;

create index ledger_kept on ledger (kept_until);

create trigger ledger_added after insert on ledger begin
    update accounts set calls = calls + 1 where id = new.account;
end;

create trigger ledger_removed after delete on ledger begin
    update accounts set calls = calls - 1 where id = old.account;
end;

create table pending (
    account integer not null references accounts,
    session_id text not null,
    number text not null,
    reason text not null,
    due integer not null,
    started integer,
    ended integer,
    direction text not null,
    type text not null,
    logged integer not null,
    user_hash text,
    destination text,
    primary key (account, session_id)
) without rowid;

create index pending_due on pending (account, due, session_id);
create index pending_waiting on pending (account, ended) where reason <> 'recheck';

-- Ids are never used twice here and below: a late word about an old row must not meet a new one.
create table gaps (
    id integer primary key autoincrement,
    account integer not null references accounts,
    number text not null,
    start integer not null,
    stop integer not null,
    reason text not null,
    again integer not null
);

create unique index gaps_once on gaps (account, number, start, stop, reason, again);

create table lanes (
    id integer primary key,
    destination text not null,
    signal text not null,
    calls integer not null default 0,
    parked integer not null default 0,
    unique (destination, signal)
);

-- `calls` is a JSON array of [session id, start, end, offset, length, items]. `data` stands last:
-- nothing else of a row needs its pages.
create table bodies (
    id integer primary key autoincrement,
    rendering text not null,
    signal text not null,
    size integer not null,
    bytes integer not null,
    calls text not null,
    data blob not null
);

create trigger bodies_added after insert on bodies begin
    update meta set value = value + new.bytes where name = 'used';
end;

create trigger bodies_removed after delete on bodies begin
    update meta set value = value - old.bytes where name = 'used';
end;

-- A body that a lane has not resolved. `remaining` is a JSON array of the offsets still to be
-- resolved, null while these are all; `calls`, `oldest` and `newest` (ends) are of the remaining.
create table deliveries (
    body integer not null references bodies,
    lane integer not null references lanes,
    size integer not null,
    calls integer not null,
    oldest integer not null,
    newest integer not null,
    remaining text,
    primary key (body, lane)
) without rowid;

create index deliveries_oldest on deliveries (lane, oldest, body, newest, size);
create index deliveries_newest on deliveries (lane, newest, oldest, body, size);

create trigger deliveries_added after insert on deliveries begin
    update lanes set calls = calls + new.calls where id = new.lane;
end;

create trigger deliveries_changed after update of calls on deliveries begin
    update lanes set calls = calls + new.calls - old.calls where id = new.lane;
end;

create trigger deliveries_removed after delete on deliveries begin
    update lanes set calls = calls - old.calls where id = old.lane;
end;

create table parked (
    id integer primary key autoincrement,
    lane integer not null references lanes,
    session_id text not null,
    started integer,
    ended integer,
    call_offset integer not null,
    call_length integer not null,
    items integer not null,
    rejected integer not null,
    code text not null,
    reason text not null,
    parked_at real not null,
    bytes integer not null,
    data blob not null
);

create trigger parked_added after insert on parked begin
    update meta set value = value + new.bytes where name in ('used', 'parked');
    update lanes set parked = parked + 1 where id = new.lane;
end;

create trigger parked_removed after delete on parked begin
    update meta set value = value - old.bytes where name in ('used', 'parked');
    update lanes set parked = parked - 1 where id = old.lane;
end;

create table orders (
    id integer primary key autoincrement,
    kind text not null,
    arguments text not null,
    ordered_at real not null,
    state text not null default 'waiting',
    result text not null default ''
);

create index orders_waiting on orders (id) where state = 'waiting';

create table recent (
    id integer primary key autoincrement,
    session_id text not null unique,
    trace_id text not null,
    application text not null,
    direction text not null,
    outcome text not null,
    details text not null,
    error integer not null,
    started integer,
    ended integer,
    bytes integer not null,
    traces blob not null,
    logs blob not null
);
