-- name: accounts
select id, name, calls, state, reason from accounts order by name

-- name: unreadable
select number, start, stop, closed_at from unreadable where account = ? order by id

-- name: forget_account_states
update accounts set state = '', reason = ''

-- name: forget_lane_states
update lanes set state = '', reason = ''

-- name: report_account
update accounts set state = :state, reason = :reason where name = :account

-- name: report_lane
update lanes set state = :state, reason = :reason
where destination = :destination and signal = :signal

-- name: lanes
select
    destination, signal, calls, parked,
    (select min(oldest) from deliveries where lane = lanes.id),
    state, reason
from lanes
order by destination, signal

-- name: size
select page_count * page_size from pragma_page_count(), pragma_page_size()

-- name: add_sample
insert into samples (at, lag, headroom) values (?, ?, ?)
on conflict (at) do update set
    lag = max(lag, excluded.lag), headroom = min(headroom, excluded.headroom)

-- name: forget_samples
delete from samples where at < :first or at > :last

-- name: samples
select at, lag, headroom from samples where at >= ? order by at

-- name: moved_aside
select value from meta where name = 'moved_aside'

-- name: note_moved_aside
insert into meta (name, value) values ('moved_aside', ?)
on conflict (name) do update set value = excluded.value

-- name: announce
insert into meta (name, value) values ('announcements', 1)
on conflict (name) do update set value = meta.value + 1

-- name: announcements
select value from meta where name = 'announcements'

-- name: recent_looseness
select value from meta where name = 'recent_looseness'

-- name: note_recent_looseness
insert into meta (name, value) values ('recent_looseness', ?)
on conflict (name) do update set value = excluded.value

-- name: hold_recent_calls
-- Nobody else writes meanwhile.
select 1

-- name: forget_recent_calls
delete from recent

-- name: recent
select
    session_id, trace_id, application, direction, outcome, details, error, started, ended,
    x'', x'', account
from recent
order by id desc
limit ?

-- name: recent_call
select
    session_id, trace_id, application, direction, outcome, details, error, started, ended,
    traces, logs, account
from recent
where session_id = ?

-- name: parked
select
    parked.id, destination, signal, session_id, started, ended, call_offset, call_length, items,
    rejected, code, parked.reason, parked_at, x''
from parked cross join lanes on lanes.id = parked.lane
where
    parked.id > :after and parked.id <= :last
    and (:any or parked.id in (select value from json_each(:ids)))
    and :destination in ('', destination) and :signal in ('', signal)
order by parked.id desc
limit :limit

-- name: parked_count
select count(*), coalesce(max(parked.id), 0)
from parked cross join lanes on lanes.id = parked.lane
where
    parked.id > :after and parked.id <= :last
    and (:any or parked.id in (select value from json_each(:ids)))
    and :destination in ('', destination) and :signal in ('', signal)

-- name: parked_part
select parked.id, call_length
from parked cross join lanes on lanes.id = parked.lane
where
    parked.id > :after and parked.id <= :last
    and (:any or parked.id in (select value from json_each(:ids)))
    and :destination in ('', destination) and :signal in ('', signal)
order by parked.id
limit :limit

-- name: parked_call
select
    parked.id, destination, signal, session_id, started, ended, call_offset, call_length, items,
    rejected, code, parked.reason, parked_at, data
from parked join lanes on lanes.id = parked.lane
where parked.id = ?

-- name: park
insert into parked (
    lane, session_id, started, ended, call_offset, call_length, items,
    rejected, code, reason, parked_at, bytes, data
) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: unpark
delete from parked where id = ?

-- name: account
insert into accounts (name) values (:account) on conflict (name) do nothing

-- name: account_id
select id from accounts where name = :account

-- name: add_job
insert into orders (kind, arguments, ordered_at) values (?, ?, ?) returning id

-- name: forget_jobs
delete from orders where state not in ('waiting', 'working') and id <= ? - 1000

-- name: jobs
select id, kind, arguments from orders where state in ('waiting', 'working') order by id

-- name: open_jobs
select
    kind, arguments, id, state, result, calls, entries,
    (
        select cast(coalesce(sum(stop - start), 0) as bigint)
        from gaps
        where ordered <> 0 and ordered = orders.id
    )
from orders
where state in ('waiting', 'working')
order by id

-- name: job_status
select
    id, state, result, calls, entries,
    (
        select cast(coalesce(sum(stop - start), 0) as bigint)
        from gaps
        where ordered <> 0 and ordered = orders.id
    )
from orders
where id = ?

-- name: advance_job
-- Gaps are opened once: what reads them counts the calls from then on.
update orders set state = :state, result = :result, calls = calls + :taken
where id = :id and (state = 'waiting' or (state = 'working' and not :opens))

-- name: hold_job
-- For the transaction that does it.
select id from orders where id = ? and state in ('waiting', 'working')

-- name: finish_job
-- The session id of an erased call is not kept here.
update orders
set state = ?, result = ?, arguments = case kind when 'erase' then '' else arguments end
where id = ? and state in ('waiting', 'working')
