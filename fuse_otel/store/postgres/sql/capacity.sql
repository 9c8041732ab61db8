-- name: used
select coalesce(sum(value), 0)::bigint from counters
where name in ('used', 'kept', 'recent_bytes', 'indexed', 'flows', 'parked')

-- name: parked_bytes
select coalesce(sum(value), 0)::bigint from counters where name = 'parked'

-- name: shares
select name, sum(value)::bigint from counters where name in ('indexed', 'flows') group by name
