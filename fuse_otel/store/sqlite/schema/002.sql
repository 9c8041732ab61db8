-- Orders that take a while tell how far they are; a gap names the order that opened it (0: none).
-- `unreadable` keeps the intervals that were given up. `state` and `reason` are what the daemon
-- last told of an account or a lane, '' for one it does not have.

alter table orders add column calls integer not null default 0;
alter table orders add column entries integer not null default 0;

drop index orders_waiting;
create index orders_open on orders (id) where state in ('waiting', 'working');

alter table gaps add column ordered integer not null default 0;

drop index gaps_once;
create unique index gaps_once on gaps (account, number, start, stop, reason, again, ordered);
create index gaps_ordered on gaps (ordered) where ordered <> 0;

create table unreadable (
    id integer primary key autoincrement,
    account integer not null references accounts,
    number text not null,
    start integer not null,
    stop integer not null,
    closed_at integer not null
);

create index unreadable_account on unreadable (account, id);

alter table accounts add column state text not null default '';
alter table accounts add column reason text not null default '';
alter table lanes add column state text not null default '';
alter table lanes add column reason text not null default '';
