-- name: add_account
insert into accounts (name) values (:account) on conflict (name) do nothing

-- name: next_epoch
update accounts set epoch = epoch + 1 where name = :account returning epoch

-- name: account
select id from accounts where name = :account and epoch = :epoch

-- name: hold_account
-- As `account`, for a transaction that writes: nobody takes the account before it ends.
select id from accounts where name = :account and epoch = :epoch

-- name: positions
select number, cursor, floor from positions where account = :account order by number

-- name: gaps
select number, start, stop, reason, again, id, ordered from gaps where account = :account order by start, id

-- name: due
select
    session_id, started, ended, direction, type, logged, user_hash, destination,
    number, reason, due, since
from pending
where account = :account and due <= :now
order by due, session_id
limit :limit

-- name: next_due
select due from pending where account = :account order by due, session_id limit 1 offset :passed

-- name: waiting
-- A call whose end is missing or more than a day ahead counts from when it was first listed.
select
    count(*),
    min(case when ended is null or ended > since + 86400 then since else ended end)
from pending
where account = :account and reason <> 'recheck'

-- name: waiting_for
select reason, count(*) from pending where account = :account and reason <> 'recheck' group by reason

-- name: seen
select session_id, ended, entries, details from ledger where account = ? and session_id in (?)

-- name: callers
select session_id, caller, ended from callers where account = ? and caller = ?

-- name: pending_call
select
    session_id, started, ended, direction, type, logged, user_hash, destination,
    number, reason, due, since
from pending
where account = ? and session_id in (?)
