-- name: lane
select id from lanes where destination = ? and signal = ?

-- name: add_lane
insert into lanes (destination, signal) values (?, ?) on conflict do nothing

-- name: add_batch
insert into bodies (rendering, signal, size, bytes, calls, data, stored_at, checksum)
values (?, ?, ?, ?, ?, ?, ?, ?)
returning id

-- name: add_delivery
insert into deliveries (body, lane, size, calls, oldest, newest) values (?, ?, ?, ?, ?, ?)

-- name: live
select body, size from deliveries indexed by deliveries_newest
where lane = :lane and newest >= :live
order by oldest, body

-- name: older
select body, size from deliveries indexed by deliveries_oldest
where lane = :lane and newest < :live
order by oldest, body

-- name: batch
select
    bodies.id, bodies.signal, bodies.size, bodies.calls, deliveries.remaining, bodies.stored_at,
    bodies.checksum, bodies.data
from deliveries join bodies on bodies.id = deliveries.body
where deliveries.body = ? and deliveries.lane = ?

-- name: delivery
select bodies.calls, deliveries.remaining
from deliveries join bodies on bodies.id = deliveries.body
where deliveries.body = ? and deliveries.lane = ?

-- name: claimed_delivery
-- As `delivery`, for a transaction that resolves it.
select bodies.calls, deliveries.remaining
from deliveries join bodies on bodies.id = deliveries.body
where deliveries.body = :batch and deliveries.lane = :lane

-- name: narrow
update deliveries
set calls = :calls, oldest = :oldest, newest = :newest, remaining = :remaining
where body = :batch and lane = :lane

-- name: delivered
delete from deliveries where body = ? and lane = ?

-- name: drop_batch
delete from bodies
where id = :batch and not exists (select 1 from deliveries where body = :batch)

-- name: lanes_of_batch
select deliveries.lane, bodies.calls, deliveries.remaining
from deliveries join bodies on bodies.id = deliveries.body
where deliveries.body = ?

-- name: delivered_to_all
delete from deliveries where body = ?

-- name: every_account
select id from accounts

-- name: accounts_of_call
select accounts.id
from accounts cross join ledger on ledger.account = accounts.id and ledger.session_id = ?

-- name: forget_call
delete from ledger where account = ? and session_id = ?

-- name: forget_pending
delete from pending where account = ? and session_id = ?
