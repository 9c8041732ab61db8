-- name: parked
-- In the order in which a job takes them.
delete from parked where id in (
    select id from parked where session_id = ? order by id for update
)
returning lane

-- name: batches
select id from bodies where position(:written in calls) > 0 order by id
