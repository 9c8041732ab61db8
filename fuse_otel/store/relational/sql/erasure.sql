-- name: accounts
select id from accounts
where
    exists (select 1 from ledger where account = accounts.id and session_id = :call)
    or exists (select 1 from pending where account = accounts.id and session_id = :call)
    or name in (select account from recent where session_id = :call)
    or exists (select 1 from calls where session_id = :call and account = accounts.id)

-- name: pending
delete from pending where session_id = ? returning ended

-- name: callers
delete from callers where session_id = ?

-- name: recent
delete from recent where session_id = ? returning ended

-- name: indexed
delete from calls where session_id = ? returning ended

-- name: parked
delete from parked where session_id = ? returning lane

-- name: lane
select destination, signal from lanes where id = ?

-- name: batches
select id from bodies where instr(calls, :written)

-- name: batch
select calls, data from bodies where id = ?

-- name: rewrite
-- `bytes` stays: the counters follow it, and the data only becomes smaller.
update bodies set calls = :calls, data = :data, checksum = null where id = :batch

-- name: mark
-- `erased` is more entries than any log has, so the call never counts as grown.
insert into ledger (account, session_id, ended, entries, details, kept_until)
values (:account, :call, :ended, :erased, 'full', :kept_until)
on conflict (account, session_id) do update set entries = :erased, details = 'full'
