-- The index of calls: the facts of each call of the last 7 days, to find calls by. `at` is the
-- call's start, else its end, else when it was stored; `modules` has a module a line, with a line
-- feed before and after each. `bytes` counts for the cap: `meta` ('kept', and 'indexed' for the
-- bound of the index).

insert into meta (name, value) values ('indexed', 0);

-- Ids are never used twice: `tail` follows them.
create table calls (
    id integer primary key autoincrement,
    account integer not null references accounts,
    session_id text not null,
    trace_id text not null,
    application text not null,
    version text not null,
    direction text not null,
    outcome text not null,
    details text not null,
    error integer not null,
    started integer,
    ended integer,
    failed_module text not null,
    error_type text not null,
    modules text not null,
    at integer not null,
    bytes integer not null
);

create unique index calls_once on calls (session_id, account);
create index calls_newest on calls (at, id);
create index calls_of_trace on calls (trace_id);

create trigger calls_added after insert on calls begin
    update meta set value = value + new.bytes where name in ('kept', 'indexed');
end;

create trigger calls_changed after update of bytes on calls when new.bytes <> old.bytes begin
    update meta set value = value + new.bytes - old.bytes where name in ('kept', 'indexed');
end;

create trigger calls_removed after delete on calls begin
    update meta set value = value - old.bytes where name in ('kept', 'indexed');
end;
