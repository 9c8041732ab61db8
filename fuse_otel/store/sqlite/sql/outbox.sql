-- name: lane
select id from lanes where destination = ? and signal = ?

-- name: live
select body, size from deliveries indexed by deliveries_newest
where lane = :lane and newest >= :live
order by oldest, body

-- name: older
select body, size from deliveries indexed by deliveries_oldest
where lane = :lane and newest < :live
order by oldest, body

-- name: body
select bodies.id, bodies.signal, bodies.size, bodies.calls, deliveries.remaining, bodies.data
from deliveries join bodies on bodies.id = deliveries.body
where deliveries.body = ? and deliveries.lane = ?

-- name: delivery
select bodies.calls, deliveries.remaining
from deliveries join bodies on bodies.id = deliveries.body
where deliveries.body = ? and deliveries.lane = ?

-- name: narrow
update deliveries
set calls = :calls, oldest = :oldest, newest = :newest, remaining = :remaining
where body = :body and lane = :lane

-- name: delivered
delete from deliveries where body = ? and lane = ?

-- name: drop_body
delete from bodies
where id = :body and not exists (select 1 from deliveries where body = :body)

-- name: park
insert into parked (
    lane, session_id, started, ended, call_offset, call_length, items,
    rejected, code, reason, parked_at, bytes, data
) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: parked_bytes
select value from meta where name = 'parked'
