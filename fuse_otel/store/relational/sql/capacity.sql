-- name: used
select sum(value) from meta where name in ('used', 'kept', 'recent_bytes')

-- name: parked_bytes
select value from meta where name = 'parked'

-- name: shares
-- What has a bound of its own within the cap.
select name, value from meta where name in ('indexed', 'flows')
