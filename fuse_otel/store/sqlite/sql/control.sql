-- name: accounts
select id, name, calls from accounts order by name

-- name: lanes
select
    destination, signal, calls, parked,
    (select min(oldest) from deliveries where lane = lanes.id)
from lanes
order by destination, signal

-- name: used
select value from meta where name = 'used'

-- name: recent
select
    session_id, trace_id, application, direction, outcome, details, error, started, ended,
    x'', x''
from recent
order by id desc
limit ?

-- name: recent_call
select
    session_id, trace_id, application, direction, outcome, details, error, started, ended,
    traces, logs
from recent
where session_id = ?

-- name: parked
select
    parked.id, destination, signal, session_id, started, ended, call_offset, call_length, items,
    rejected, code, reason, parked_at, x''
from parked join lanes on lanes.id = parked.lane
order by parked.id desc
limit ?

-- name: parked_call
select
    parked.id, destination, signal, session_id, started, ended, call_offset, call_length, items,
    rejected, code, reason, parked_at, data
from parked join lanes on lanes.id = parked.lane
where parked.id = ?

-- name: add_order
insert into orders (kind, arguments, ordered_at) values (?, ?, ?)

-- name: forget_orders
delete from orders where state <> 'waiting' and id <= ? - 1000

-- name: orders
select id, kind, arguments from orders where state = 'waiting' order by id

-- name: receipt
select id, state, result from orders where id = ?

-- name: answer
update orders set state = ?, result = ? where id = ?
