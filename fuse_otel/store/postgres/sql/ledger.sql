-- name: next_epoch
-- No row: another replica, which is alive, has the account, or this one has its share. What nobody
-- wanted for ten seconds may be taken beyond the share.
update accounts set epoch = epoch + 1, owner = :owner
where
    name = :account
    and (
        owner = :owner
        or (
            (owner is null or not is_alive(owner))
            and (
                (select count(*) from accounts as mine where mine.owner = :owner) < fair_share()
                or (owner is null and freed_at < now() - interval '10 seconds')
            )
        )
    )
returning epoch

-- name: account
select id from accounts where name = :account and owner = :owner and epoch = :epoch

-- name: hold_account
select id from accounts where name = :account and owner = :owner and epoch = :epoch
for no key update

-- name: seen
-- Each by the whole key. With a list, a plan made while the table was small compares each row of the
-- account with each id of the list.
select found.session_id, found.ended, found.entries, found.details
from
    unnest(:ids::text []) as wanted (id)
    cross join lateral (
        select session_id, ended, entries, details from ledger
        where account = :account and session_id = wanted.id
        limit 1
    ) as found

-- name: pending_call
select found.*
from
    unnest(:ids::text []) as wanted (id)
    cross join lateral (
        select
            session_id, started, ended, direction, type, logged, user_hash, destination,
            number, reason, due, since
        from pending
        where account = :account and session_id = wanted.id
        limit 1
    ) as found
