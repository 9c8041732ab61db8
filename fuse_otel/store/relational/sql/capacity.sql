-- name: used
select sum(value) from meta where name in ('used', 'kept')

-- name: parked_bytes
select value from meta where name = 'parked'
