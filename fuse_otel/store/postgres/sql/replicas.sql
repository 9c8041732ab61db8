-- name: join
insert into replicas (id, name, version, reads, exports, lives_until)
values (:id, :name, :version, :reads, :exports, now() + make_interval(secs => :lease))
on conflict (id) do update set beat = now(), lives_until = excluded.lives_until, reads = excluded.reads

-- name: leave_accounts
update accounts set owner = null, freed_at = now()
where id in (select id from accounts where owner = :id order by id for no key update)

-- name: end_dead
-- A replica that was stopped or cut off inside a transaction keeps rows locked: its account's, too.
-- The server's time-out does not end all such transactions: none after a pipeline of statements.
-- A replica that was only late has just begun its transaction, after its lease had ended.
select pg_terminate_backend(pid)
from pg_stat_activity join replicas on application_name = 'fuse-otel ' || replicas.id
where
    datname = current_database() and usename = current_user
    and not is_alive(replicas.id)
    and xact_start < greatest(lives_until, now() - make_interval(secs => :lease))

-- name: free_dead
-- From here on the account counts as free.
update accounts set owner = null, freed_at = now()
where id in (
    select id from accounts where owner is not null and not is_alive(owner)
    for no key update skip locked
)

-- name: free_surplus
-- One at a time, while another replica has less than its share.
update accounts set owner = null, freed_at = now()
where id in (
    select id from accounts
    where
        id = (select max(id) from accounts where owner = :id)
        and (select count(*) from accounts where owner = :id) > fair_share()
        and exists (
            select from replicas
            where
                reads and is_alive(replicas.id)
                and (select count(*) from accounts as theirs where theirs.owner = replicas.id)
                < (select count(*) from accounts as mine where mine.owner = :id) - 1
        )
    for no key update skip locked
)

-- name: fold_counters
-- The slots of server processes that have ended become one: otherwise each connection that ever was
-- would leave rows.
with ended as (
    delete from counters where (name, subject, slot) in (
        select name, subject, slot from counters
        where slot <> 0 and slot not in (select pid from pg_stat_activity)
        for update skip locked
    )
    returning name, subject, value
)
insert into counters (name, subject, slot, value)
select name, subject, 0, sum(value) from ended group by name, subject order by name, subject
on conflict (name, subject, slot) do update set value = counters.value + excluded.value

-- name: leave_deliveries
update deliveries set claimed_by = null, claimed_until = null
where (body, lane) in (
    select body, lane from deliveries where claimed_by = :id order by body, lane for no key update
)

-- name: leave_gaps
update gaps set claimed_by = null, claimed_until = null where claimed_by = :id

-- name: leave
delete from replicas where id = :id

-- name: forget_replicas
delete from replicas where lives_until < now() - interval '1 hour'

-- name: replicas
select
    id, name, version, floor(extract(epoch from started_at))::bigint,
    floor(extract(epoch from beat))::bigint, is_alive(id), id = :id,
    (
        select coalesce(json_agg(accounts.name order by accounts.name collate "C"), '[]')
        from accounts where owner = replicas.id
    ),
    exports,
    (
        select coalesce(json_agg(accounts.name order by accounts.name collate "C"), '[]')
        from accounts
        where owner is distinct from replicas.id and exists (
            select from gaps
            where account = accounts.id and claimed_by = replicas.id and claimed_until > now()
        )
    )
from replicas
order by started_at, id

-- name: lane_states
select replica, destination, signal, state, reason
from lane_states join lanes on lanes.id = lane
order by destination collate "C", signal collate "C"

-- name: other
select name || ', since ' || to_char(started_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"')
from replicas
where id <> :id and is_alive(id)
order by started_at
limit 1
