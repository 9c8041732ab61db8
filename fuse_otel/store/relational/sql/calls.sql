-- name: add
-- A call that was erased while it was being read stays erased.
insert into calls (
    account, session_id, trace_id, application, version, direction, outcome, details, error,
    started, ended, failed_module, error_type, modules, path, at, bytes, counted
)
select
    :account, :session_id, :trace_id, :application, :version, :direction, :outcome, :details,
    :error, :started, :ended, :failed_module, :error_type, :modules, :path, :at, :bytes,
    :counted
where not exists (
    select 1 from ledger
    where account = :account and session_id = :session_id and entries = 2147483647
)
on conflict (session_id, account) do update set
    trace_id = excluded.trace_id, application = excluded.application, version = excluded.version,
    direction = excluded.direction, outcome = excluded.outcome, details = excluded.details,
    error = excluded.error, started = excluded.started, ended = excluded.ended,
    failed_module = excluded.failed_module, error_type = excluded.error_type,
    modules = excluded.modules, path = excluded.path, at = excluded.at, bytes = excluded.bytes,
    counted = excluded.counted

-- name: erased
select 1 from ledger
where account = :account and session_id = :session_id and entries = 2147483647

-- name: end
update calls set ended = ? where session_id = ? and account = ?

-- name: forget
delete from calls where id in (
    select id from calls where at < :before order by at, id limit :limit
)

-- name: trim
-- The oldest, until the others fit into `:bytes`, and at most `:limit`.
delete from calls where id in (
    select id from (
        select id, sum(bytes) over (order by at, id) - bytes as freed
        from (
            select id, at, bytes from calls
            where (select value from meta where name = 'indexed') > :bytes
            order by at, id limit :limit
        )
    )
    where freed < (select value from meta where name = 'indexed') - :bytes
)

-- name: previous
select session_id from calls where (at, id) < (select at, id from calls where id = ?)
order by at desc, id desc limit 1

-- name: next
select session_id from calls where (at, id) > (select at, id from calls where id = ?)
order by at, id limit 1

-- name: counts
select at / :slot * :slot, count(*) from calls where at >= :since group by 1

-- name: errors
select at / :slot * :slot, count(*) from calls where at >= :since and error = 1 group by 1

-- name: last_id
select seq from sqlite_sequence where name = 'calls'

-- name: select
select
    session_id, trace_id, application, version, direction, outcome, details, error, started, ended,
    failed_module, error_type, modules, path,
    (select name from accounts where accounts.id = calls.account), calls.id
from calls
