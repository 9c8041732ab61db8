-- name: counted
select session_id, application, version, outcome, at, modules, path, counted from calls
where account = ? and session_id in (?)

-- name: sums
select data from flows
where
    application = :application and account = :account and version = :version
    and outcome = :outcome and seconds = :seconds and start = :start

-- name: write
insert into flows (account, application, version, outcome, seconds, start, bytes, data)
values (:account, :application, :version, :outcome, :seconds, :start, :bytes, :data)
on conflict (application, account, version, outcome, seconds, start)
do update set bytes = excluded.bytes, data = excluded.data

-- name: old_hours
select id, account, application, version, outcome, start, data from flows
where seconds = :seconds and start < :before
order by start limit :limit

-- name: remove
delete from flows where id = ?

-- name: remove_part
delete from flows
where
    application = :application and account = :account and version = :version
    and outcome = :outcome and seconds = :seconds and start = :start

-- name: forget
delete from flows where id in (
    select id from flows where start < :before order by start limit :limit
)

-- name: trim
-- The oldest, until the others fit into `:bytes`, and at most `:limit`.
delete from flows where id in (
    select id from (
        select id, sum(bytes) over (order by start, id) - bytes as freed
        from (
            select id, start, bytes from flows
            where (select value from meta where name = 'flows') > :bytes
            order by start, id limit :limit
        )
    )
    where freed < (select value from meta where name = 'flows') - :bytes
)

-- name: select
select data from flows where application = :application

-- name: parts
select application, version, name, outcome, min(start), max(start + seconds)
from flows cross join accounts on accounts.id = flows.account
group by application, version, name, outcome
order by application, max(start) desc, version, name, outcome

-- name: parts_of
select application, version, name, outcome, min(start), max(start + seconds)
from flows cross join accounts on accounts.id = flows.account
where application = :application
group by application, version, name, outcome
order by max(start) desc, version, name, outcome
