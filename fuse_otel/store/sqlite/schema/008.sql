-- The worst lag and headroom of each five minutes of the last day, seconds, for the charts of the
-- overview. `at` is the start of the five minutes. A row counts 40 bytes for the cap.
-- `calls_failed` finds the calls with an error without reading the others.

create index calls_failed on calls (at) where error = 1;

create table samples (
    at integer primary key,
    lag integer not null,
    headroom integer not null
);

create trigger samples_added after insert on samples begin
    update meta set value = value + 40 where name = 'kept';
end;

create trigger samples_removed after delete on samples begin
    update meta set value = value - 40 where name = 'kept';
end;
