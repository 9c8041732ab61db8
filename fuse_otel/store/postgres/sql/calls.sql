-- name: forget
delete from calls where id in (
    select id from calls where at < :before order by at, id limit :limit for update skip locked
)

-- name: trim
-- As SQLite's. What several replicas forget at once is left to one of them.
delete from calls where id in (
    select id from (
        select id, sum(bytes) over (order by at, id) - bytes as freed
        from (
            select id, at, bytes from calls
            where (select sum(value) from counters where name = 'indexed') > :bytes
            order by at, id limit :limit
            for update skip locked
        ) as oldest
    ) as ranked
    where freed < (select sum(value) from counters where name = 'indexed') - :bytes
)

-- name: errors
select at / :slot * :slot, count(*) from calls where at >= :since and error group by 1

-- name: last_id
select case when is_called then last_value else 0 end from calls_id_seq

-- name: before_open
-- The ids above this one may belong to transactions that have not ended yet.
select min((classid::bigint << 32 | objid::bigint) - calls_lock(0))
from pg_locks
where
    locktype = 'advisory' and objsubid = 1 and granted
    and database = (select oid from pg_database where datname = current_database())
    and (classid::bigint << 32 | objid::bigint) >> 40 = calls_lock(0) >> 40
