-- name: batches
select id from bodies where position(:written in calls) > 0
