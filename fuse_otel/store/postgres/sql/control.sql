-- name: accounts
select
    id, name,
    (
        select coalesce(sum(value), 0)::bigint from counters
        where counters.name = 'account_calls' and subject = accounts.id
    ),
    coalesce(reported.state, ''), coalesce(reported.reason, '')
from accounts left join lateral (
    select state, reason from present_account_states
    where account = accounts.id
    -- That of its reader, or the worst.
    order by replica is not distinct from owner desc, state = 'up', replica
    limit 1
) as reported on true
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
    coalesce(reported.state, ''), coalesce(reported.reason, '')
from lanes left join lateral (
    select state, reason from present_lane_states
    where lane = lanes.id
    order by array_position(array['held', 'down', 'up'], state), replica
    limit 1
) as reported on true
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

-- name: forget_account_states
-- And those of replicas that are gone. What another one forgets at this moment is left to it.
delete from account_states where (account, replica) in (
    select account, replica from account_states
    where replica = :owner or replica not in (select id from replicas)
    for update skip locked
)

-- name: forget_lane_states
delete from lane_states where (lane, replica) in (
    select lane, replica from lane_states
    where replica = :owner or replica not in (select id from replicas)
    for update skip locked
)

-- name: report_account
insert into account_states (account, replica, state, reason)
select id, :owner, :state, :reason from accounts where name = :account
on conflict (account, replica) do update set state = excluded.state, reason = excluded.reason

-- name: report_lane
insert into lane_states (lane, replica, state, reason)
select id, :owner, :state, :reason from lanes
where destination = :destination and signal = :signal
on conflict (lane, replica) do update set state = excluded.state, reason = excluded.reason

-- name: hold_job
-- Another replica may do it at this moment.
select id from orders where id = ? and state in ('waiting', 'working') for update
