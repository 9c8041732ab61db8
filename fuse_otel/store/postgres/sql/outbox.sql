-- name: live
-- What living replicas have claimed is looked up once a query, and not once a row: the claimed ones
-- are the first of the lane.
select body, size from deliveries
where
    lane = :lane and newest >= ceil(:live)::bigint
    and (
        claimed_by is null or claimed_by = :owner or claimed_until < now()
        or claimed_by not in (select id from replicas where lives_until > now())
    )
order by oldest, body
limit 500

-- name: older
select body, size from deliveries
where
    lane = :lane and newest < ceil(:live)::bigint
    and (
        claimed_by is null or claimed_by = :owner or claimed_until < now()
        or claimed_by not in (select id from replicas where lives_until > now())
    )
order by oldest, body
limit 500

-- name: claim
-- What another replica claims at this moment is left to it. A claim is not renewed: what a replica
-- cannot deliver, others try after ten minutes.
update deliveries set
    claimed_by = :owner,
    claimed_until = case
        when claimed_by = :owner and claimed_until > now() then claimed_until
        else now() + interval '10 minutes'
    end
from (
    select body, lane from deliveries
    where
        lane = :lane and body = any(:batches)
        and (
            claimed_by is null or claimed_by = :owner or claimed_until < now()
            or claimed_by not in (select id from replicas where lives_until > now())
        )
    for no key update skip locked
) as free
where deliveries.body = free.body and deliveries.lane = free.lane
returning deliveries.body

-- name: claimed_delivery
-- The batch first, as `lanes_of_batch`: the last of two lanes that resolve it at once deletes it.
with batch as materialized (select id, calls from bodies where id = :batch for update)
select batch.calls, deliveries.remaining
from batch join deliveries on deliveries.body = batch.id
where deliveries.lane = :lane and claimed_by = :owner
for update of deliveries

-- name: lanes_of_batch
with batch as materialized (select id, calls from bodies where id = ? for update)
select deliveries.lane, batch.calls, deliveries.remaining
from batch join deliveries on deliveries.body = batch.id
order by deliveries.lane
for update of deliveries

-- name: every_account
-- For a transaction that changes rows of several accounts. Whoever writes an account holds its row.
select id from accounts order by id for no key update

-- name: accounts_of_call
select account from ledger where session_id = ?
