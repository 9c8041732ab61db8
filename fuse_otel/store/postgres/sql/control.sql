-- name: accounts
select
    id, name,
    (
        select coalesce(sum(value), 0)::bigint from counters
        where counters.name = 'account_calls' and subject = accounts.id
    ),
    state, reason
from accounts
order by name collate "C"

-- name: lanes
select
    destination, signal,
    (
        select coalesce(sum(value), 0)::bigint from counters
        where name = 'lane_calls' and subject = lanes.id
    ),
    (
        select coalesce(sum(value), 0)::bigint from counters
        where name = 'lane_parked' and subject = lanes.id
    ),
    (select min(oldest) from deliveries where lane = lanes.id),
    state, reason
from lanes
order by destination collate "C", signal collate "C"

-- name: size
select pg_database_size(current_database())

-- name: add_sample
insert into samples (at, lag, headroom) values (?, ?, ?)
on conflict (at) do update set
    lag = greatest(samples.lag, excluded.lag),
    headroom = least(samples.headroom, excluded.headroom)

-- name: forget_samples
-- The clocks of two replicas differ a little: the slot after this one is no slot ahead.
delete from samples where at in (
    select at from samples where at < :first or at > :last + 300 for update skip locked
)

-- name: hold_recent_calls
-- After the steps that are storing some; the steps after this one see the new limit.
lock table recent in share row exclusive mode

-- name: recent
select
    session_id, trace_id, application, direction, outcome, details, error, started, ended,
    ''::bytea, ''::bytea, account
from recent
order by id desc
limit ?

-- name: parked
select
    parked.id, destination, signal, session_id, started, ended, call_offset, call_length, items,
    rejected, code, parked.reason, parked_at, ''::bytea
from parked join lanes on lanes.id = parked.lane
where
    parked.id > :after and parked.id <= :last
    and (:any or parked.id in (select value::bigint from json_array_elements_text(:ids::json)))
    and :destination in ('', destination) and :signal in ('', signal)
order by parked.id desc
limit :limit

-- name: parked_count
select count(*), coalesce(max(parked.id), 0)
from parked join lanes on lanes.id = parked.lane
where
    parked.id > :after and parked.id <= :last
    and (:any or parked.id in (select value::bigint from json_array_elements_text(:ids::json)))
    and :destination in ('', destination) and :signal in ('', signal)

-- name: parked_part
select parked.id, call_length
from parked join lanes on lanes.id = parked.lane
where
    parked.id > :after and parked.id <= :last
    and (:any or parked.id in (select value::bigint from json_array_elements_text(:ids::json)))
    and :destination in ('', destination) and :signal in ('', signal)
order by parked.id
limit :limit

-- name: forget_states
-- Each account's state is that of its reader.
update accounts set state = '', reason = ''
where id in (
    select id from accounts
    where owner is null or owner = :owner or not is_alive(owner)
    order by id for no key update
)

-- name: forget_lane_states
update lanes set state = '', reason = ''
where id in (select id from lanes order by id for no key update)

-- name: report_account
-- A daemon reports before it has its first lease. `forget_states` has locked the rows in order: one
-- that became free since, and that somebody has locked, keeps its state.
with changed as (
    update accounts set state = :state, reason = :reason
    where id in (
        select id from accounts
        where name = :account and (owner is null or owner = :owner or not is_alive(owner))
        for no key update skip locked
    )
)
insert into accounts (name, state, reason)
select :account, :state, :reason
where not exists (select from accounts where name = :account)
on conflict (name) do nothing

-- name: hold_job
-- Another replica may do it at this moment.
select id from orders where id = ? and state in ('waiting', 'working') for update
