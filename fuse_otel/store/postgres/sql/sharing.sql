-- name: shared_account
-- No row: the account is not shared any more, or this replica counts as dead.
select id from accounts where name = :account and shares > 1 and is_alive(:owner)

-- name: hold_shared_account
select id from accounts where name = :account and shares > 1 and is_alive(:owner)
for no key update

-- name: claimed
select count(*) from gaps
where id = any(:gaps::bigint[]) and claimed_by = :owner and claimed_until > now()

-- name: taken
select
    shares,
    array(
        select gaps.id from gaps
        where gaps.account = accounts.id and is_taken(claimed_by, claimed_until, :owner)
    )
from accounts
where id = :account

-- name: share
update accounts set shares = greatest(
    1 + (
        select count(distinct claimed_by) from gaps
        where gaps.account = accounts.id and is_taken(claimed_by, claimed_until, :owner)
    ),
    least(:most, (select count(*) from replicas where reads and is_alive(replicas.id)))
)
where id = :account
returning shares

-- name: helps
-- Whether this replica has one of the shares: the first of them is the holder's.
select (
    select count(distinct claimed_by) from gaps
    where
        gaps.account = accounts.id and claimed_by is distinct from accounts.owner
        and is_taken(claimed_by, claimed_until, :owner)
) < shares - 1
from accounts
where id = :account

-- name: take_gap
delete from gaps
where id = :gap and account = :account and not is_taken(claimed_by, claimed_until, :owner)
returning number, start, stop, reason, again, ordered

-- name: open_rest
insert into gaps (account, number, start, stop, reason, again, ordered)
values (:account, :number, :start, :stop, :reason, :again, :ordered)
on conflict do nothing

-- name: claim_gap
-- Another gap over the same interval may be there. This replica claims it, unless another one reads it.
insert into gaps (
    account, number, start, stop, reason, again, ordered, claimed_by, claimed_until
) values (
    :account, :number, :start, :stop, :reason, :again, :ordered, :owner, now() + interval '10 minutes'
)
on conflict (account, number, start, stop, reason, again, ordered) do update set
    claimed_by = excluded.claimed_by, claimed_until = excluded.claimed_until
where not is_taken(gaps.claimed_by, gaps.claimed_until, :owner)
returning id

-- name: renew
update gaps set claimed_until = now() + interval '10 minutes'
where id = any(:gaps::bigint[]) and claimed_by = :owner

-- name: free_claims
update gaps set claimed_by = null, claimed_until = null
where claimed_by = :owner and account = (select id from accounts where name = :account)
