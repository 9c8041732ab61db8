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
-- The batch is locked too: the last of two lanes that resolve it at once deletes it.
select bodies.calls, deliveries.remaining
from deliveries join bodies on bodies.id = deliveries.body
where deliveries.body = :batch and deliveries.lane = :lane and claimed_by = :owner
for update

-- name: lanes_of_batch
select deliveries.lane, bodies.calls, deliveries.remaining
from deliveries join bodies on bodies.id = deliveries.body
where deliveries.body = ?
for update

-- name: accounts_of_call
select account from ledger where session_id = ?
