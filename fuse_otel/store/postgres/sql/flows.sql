-- name: old_hours
-- Of the account whose row this transaction has locked: nobody else writes its sums meanwhile.
select id, account, application, version, outcome, start, data from flows
where account = :account and seconds = :seconds and start < :before
order by start limit :limit

-- name: forget
delete from flows where id in (
    select id from flows where start < :before order by start limit :limit for update skip locked
)

-- name: trim
-- As SQLite's. What several replicas forget at once is left to one of them.
delete from flows where id in (
    select id from (
        select id, sum(bytes) over (order by start, id) - bytes as freed
        from (
            select id, start, bytes from flows
            where (select sum(value) from counters where name = 'flows') > :bytes
            order by start, id limit :limit
            for update skip locked
        ) as oldest
    ) as ranked
    where freed < (select sum(value) from counters where name = 'flows') - :bytes
)

-- name: parts
select application, version, name, outcome, min(start), max(start + seconds)
from flows join accounts on accounts.id = flows.account
group by application, version, name, outcome
order by
    application collate "C", max(start) desc, version collate "C", name collate "C",
    outcome collate "C"

-- name: parts_of
select application, version, name, outcome, min(start), max(start + seconds)
from flows join accounts on accounts.id = flows.account
where application = :application
group by application, version, name, outcome
order by max(start) desc, version collate "C", name collate "C", outcome collate "C"
