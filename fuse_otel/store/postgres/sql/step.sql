-- name: keep
-- As in SQLite, whose `min` is null where one of its values is.
update ledger set kept_until = greatest(
    case when ended is null then 0 else least(ended, :at::bigint + :keep::bigint) end, :at
) + :keep::bigint + :ahead::bigint
where
    account = :account and session_id = :session_id
    and kept_until < greatest(
        case when ended is null then 0 else least(ended, :at::bigint + :keep::bigint) end, :at
    ) + :keep::bigint

-- name: forget
-- What several replicas tidy at once is left to one of them: none waits for another, or in a circle.
delete from ledger where (account, session_id) in (
    select account, session_id from ledger
    where kept_until < :at order by kept_until limit :limit
    for update skip locked
)

-- name: forget_callers
delete from callers where (account, caller, session_id) in (
    select account, caller, session_id from callers
    where ended < :at order by ended limit :limit
    for update skip locked
)

-- name: add_recent
-- Another account may store the same call at this moment.
insert into recent (
    session_id, trace_id, application, direction, outcome, details, error, started, ended,
    bytes, traces, logs, account
) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (session_id) do nothing

-- name: recent_size
-- Not from the table: what each commit adds and forgets stays in it until the next vacuum.
select
    (select coalesce(sum(value), 0)::bigint from counters where name = 'recent_calls'),
    (select coalesce(sum(value), 0)::bigint from counters where name = 'recent_bytes'),
    (select max(coalesce(ended, 0)) from recent),
    (select min(coalesce(ended, 0)) from recent)

-- name: forget_oldest_recent
-- Those that ended before `:since` by their ends, then the others by their ids; both from an index.
delete from recent where id in (
    select id from recent
    where id in (
        select id from (
            (
                select id, 0 as later from recent where coalesce(ended, 0) < :since::bigint
                order by coalesce(ended, 0), id limit :limit
            )
            union all
            (
                select id, 1 as later from recent where coalesce(ended, 0) >= :since::bigint
                order by id limit :limit
            )
        ) as oldest
        order by later limit :limit
    )
    for update skip locked
)

-- name: trim_recent
delete from recent where id in (
    select id from recent
    where id in (
        select id from (
            select
                id,
                row_number() over newest_first as place,
                sum(bytes) over newest_first as total
            from recent
            window newest_first as (
                order by least(coalesce(ended, 0), :since::bigint) desc, id desc
            )
        ) as ranked
        where place > :calls or total > :bytes
    )
    for update skip locked
)
