-- name: set_position
insert into positions (account, number, cursor, floor) values (?, ?, ?, ?)
on conflict (account, number) do update set cursor = excluded.cursor, floor = excluded.floor

-- name: close_gap
delete from gaps where id = ? and account = ?

-- name: open_gap
insert into gaps (account, number, start, stop, reason, again, ordered)
values (?, ?, ?, ?, ?, ?, ?)
on conflict do nothing

-- name: give_up
insert into unreadable (account, number, start, stop, closed_at) values (?, ?, ?, ?, ?)

-- name: trim_unreadable
delete from unreadable where account = :account and id <= (
    select id from unreadable where account = :account order by id desc limit 1 offset :kept
)

-- name: count
update orders set calls = calls + ?, entries = entries + ? where id = ?

-- name: settle
delete from pending where account = ? and session_id = ?

-- name: set_pending
insert into pending (
    account, session_id, number, reason, due,
    started, ended, direction, type, logged, user_hash, destination, since
) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (account, session_id) do update set
    number = excluded.number, reason = excluded.reason, due = excluded.due,
    started = excluded.started, ended = excluded.ended, direction = excluded.direction,
    type = excluded.type, logged = excluded.logged, user_hash = excluded.user_hash,
    destination = excluded.destination

-- name: see
insert into ledger (account, session_id, ended, entries, details, kept_until)
values (?, ?, ?, ?, ?, ?)
on conflict (account, session_id) do update set
    ended = excluded.ended, details = excluded.details,
    -- An erased call stays erased, also if it was being read meanwhile.
    entries = case ledger.entries when 2147483647 then 2147483647 else excluded.entries end,
    kept_until = excluded.kept_until

-- name: keep
-- A row is written an hour ahead, so that a call listed on every poll is not rewritten each time.
-- An end in the far future (a broken clock) keeps no row for longer than twice the time.
update ledger set kept_until = max(coalesce(min(ended, :at + :keep), 0), :at) + :keep + :ahead
where
    account = :account and session_id = :session_id
    and kept_until < max(coalesce(min(ended, :at + :keep), 0), :at) + :keep

-- name: forget
delete from ledger where (account, session_id) in (
    select account, session_id from ledger where kept_until < :at order by kept_until limit :limit
)

-- name: add_caller
insert into callers (account, caller, session_id, ended) values (?, ?, ?, ?) on conflict do nothing

-- name: forget_callers
delete from callers where (account, caller, session_id) in (
    select account, caller, session_id from callers where ended < :at order by ended limit :limit
)

-- name: forget_recent
-- Not `insert or replace`: that one runs no trigger for the row it replaces.
delete from recent where session_id = ?

-- name: add_recent
insert into recent (
    session_id, trace_id, application, direction, outcome, details, error, started, ended,
    bytes, traces, logs, account
) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: recent_size
-- By the ends of an index, as the two below: a row of the table fills a page.
select
    (select value from meta where name = 'recent_calls'),
    (select value from meta where name = 'recent_bytes'),
    (select max(ended) from recent),
    (select coalesce(ended, 0) from recent order by ended limit 1)

-- name: forget_oldest_recent
-- Those that ended before `:since` by their ends, then the others by their ids. SQLite takes the
-- parts in this order, and begins none after the last row that it needs.
delete from recent where id in (
    select id from (
        select id from (
            select id from recent indexed by recent_ends where ended is null order by id limit :limit
        )
        union all
        select id from (
            select id from recent indexed by recent_ends where ended < :since
            order by ended, id limit :limit
        )
        union all
        select id from (select id from recent where ended >= :since order by id limit :limit)
    )
    limit :limit
)

-- name: trim_recent
delete from recent where id in (
    select id from (
        select
            id,
            row_number() over newest_first as place,
            sum(bytes) over newest_first as total
        from recent indexed by recent_ends
        window newest_first as (order by min(coalesce(ended, 0), :since) desc, id desc)
    ) as ranked
    where place > :calls or total > :bytes
)
