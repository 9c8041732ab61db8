-- The call flows of the applications: sums of the steps of all calls, by the hour (`seconds` 3600)
-- or the day (86400) of their start. `data` is written by `core.model.call_flow`. `bytes` counts for
-- the cap: `meta` ('kept', and 'flows' for the bound of the flows). A call's own part is its `path`
-- in the index of calls: what it added before is taken away when it is stored again.

alter table calls add column path text not null default '';

insert into meta (name, value) values ('flows', 0);

create table flows (
    id integer primary key,
    account integer not null references accounts,
    application text not null,
    version text not null,
    outcome text not null,
    seconds integer not null,
    start integer not null,
    bytes integer not null,
    data text not null
);

create unique index flows_once
on flows (application, account, version, outcome, seconds, start);
create index flows_oldest on flows (seconds, start);
create index flows_forgotten on flows (start);

create trigger flows_added after insert on flows begin
    update meta set value = value + new.bytes where name in ('kept', 'flows');
end;

create trigger flows_changed after update of bytes on flows when new.bytes <> old.bytes begin
    update meta set value = value + new.bytes - old.bytes where name in ('kept', 'flows');
end;

create trigger flows_removed after delete on flows begin
    update meta set value = value - old.bytes where name in ('kept', 'flows');
end;
