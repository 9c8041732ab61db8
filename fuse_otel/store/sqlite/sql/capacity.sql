-- name: used
select value from meta where name = 'used'

-- name: parked_bytes
select value from meta where name = 'parked'
