-- name: accounts
-- A step that is being stored holds its account's row: what it stores of the call is erased too.
select id from accounts
where
    exists (select 1 from ledger where account = accounts.id and session_id = :call)
    or exists (select 1 from pending where account = accounts.id and session_id = :call)
    or name in (select account from recent where session_id = :call)
    or exists (select 1 from calls where session_id = :call and account = accounts.id)
order by id
for no key update

-- name: batches
select id from bodies where position(:written in calls) > 0 order by id
