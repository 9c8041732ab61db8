-- The first schema of PostgreSQL: the same tables as SQLite's, with what several replicas need. That
-- is `replicas` (`reads`: it has pollers; `exports`: it has metrics, as a command has not; it counts as
-- dead after `lives_until`), the owner of each account, the claim of each delivery, and counters that
-- no two transactions write at once. Times are UNIX seconds, but those of replicas and claims are
-- timestamps of the database.

create table meta (
    name text collate "C" primary key,
    value bigint not null
);

create table replicas (
    id text primary key,
    name text not null,
    version text not null,
    reads boolean not null,
    exports boolean not null,
    started_at timestamptz not null default now(),
    beat timestamptz not null default now(),
    lives_until timestamptz not null
);

-- A value is the sum over its slots. A slot is the process id of a server process, so no transaction
-- waits for another one's counter. Slot 0 has what ended processes have counted.
create table counters (
    name text not null,
    subject bigint not null,
    slot integer not null,
    value bigint not null,
    primary key (name, subject, slot)
) with (fillfactor = 50);

create function add_to_counter(counter text, of bigint, change bigint) returns void
language sql as $$
    insert into counters (name, subject, slot, value)
    values (counter, of, pg_backend_pid(), change)
    on conflict (name, subject, slot) do update set value = counters.value + excluded.value
$$;

create function is_alive(replica text) returns boolean
language sql stable as $$
    select exists (
        select from replicas where id = replica and lives_until > now()
    )
$$;

-- Whether another replica than this one reads a part of a gap.
create function is_taken(claimer text, until timestamptz, me text) returns boolean
language sql stable as $$
    select coalesce(claimer <> me and until > now() and is_alive(claimer), false)
$$;

create table accounts (
    id bigint generated always as identity primary key,
    name text not null unique,
    owner text,
    freed_at timestamptz not null default '-infinity',
    epoch bigint not null default 0,
    shares bigint not null default 1
);

-- How many accounts each replica reads if they are spread evenly.
create function fair_share() returns bigint
language sql stable as $$
    select ceil(
        (select count(*) from accounts)::numeric
        / greatest(1, (select count(*) from replicas where reads and is_alive(id)))
    )::bigint
$$;

create table positions (
    account bigint not null references accounts,
    number text not null,
    cursor bigint not null,
    floor bigint not null,
    primary key (account, number)
);

create table ledger (
    account bigint not null references accounts,
    session_id text collate "C" not null,
    ended bigint,
    entries bigint not null,
    details text not null,
    kept_until bigint not null,
    -- Not by account first: a list of ids would be compared with each row of the account.
    primary key (session_id, account)
);

create index ledger_kept on ledger (kept_until);

create table pending (
    account bigint not null references accounts,
    session_id text collate "C" not null,
    number text not null,
    reason text not null,
    due bigint not null,
    started bigint,
    ended bigint,
    direction text not null,
    type text not null,
    logged boolean not null,
    user_hash text,
    destination text,
    since bigint not null default 0,
    primary key (account, session_id)
);

create index pending_due on pending (account, due, session_id);
create index pending_waiting on pending (account, ended) where reason <> 'recheck';

create table callers (
    account bigint not null references accounts,
    caller text not null,
    session_id text collate "C" not null,
    ended bigint not null,
    primary key (account, caller, session_id)
);

create index callers_ended on callers (ended);

create table gaps (
    id bigint generated always as identity primary key,
    account bigint not null references accounts,
    number text not null,
    start bigint not null,
    stop bigint not null,
    reason text not null,
    again boolean not null,
    ordered bigint not null default 0,
    claimed_by text,
    claimed_until timestamptz
);

create unique index gaps_once on gaps (account, number, start, stop, reason, again, ordered);
create index gaps_ordered on gaps (ordered) where ordered <> 0;

create table unreadable (
    id bigint generated always as identity primary key,
    account bigint not null references accounts,
    number text not null,
    start bigint not null,
    stop bigint not null,
    closed_at bigint not null
);

create index unreadable_account on unreadable (account, id);

create table lanes (
    id bigint generated always as identity primary key,
    destination text not null,
    signal text not null,
    unique (destination, signal)
);

-- What each replica last reported. After the last one has ended, its states are still of use: the
-- next daemon reads which lanes were suspended.
create table account_states (
    account bigint not null references accounts,
    replica text not null,
    state text not null,
    reason text not null,
    primary key (account, replica)
);

create table lane_states (
    lane bigint not null references lanes,
    replica text not null,
    state text not null,
    reason text not null,
    primary key (lane, replica)
);

-- Those of the living replicas, or of the last ones.
create view present_account_states as
select account, replica, state, reason from account_states
where
    is_alive(replica)
    or not exists (select from account_states as reported where is_alive(reported.replica));

create view present_lane_states as
select lane, replica, state, reason from lane_states
where
    is_alive(replica)
    or not exists (select from lane_states as reported where is_alive(reported.replica));

create table bodies (
    id bigint generated always as identity primary key,
    rendering text not null,
    signal text not null,
    size bigint not null,
    bytes bigint not null,
    calls text not null,
    data bytea not null,
    stored_at bigint not null default 0,
    checksum bigint
);

-- Batches are compressed already.
alter table bodies alter column data set storage external;

-- `claimed_by` is the replica that sends the delivery now, until `claimed_until` at the latest.
create table deliveries (
    body bigint not null references bodies,
    lane bigint not null references lanes,
    size bigint not null,
    calls bigint not null,
    oldest bigint not null,
    newest bigint not null,
    remaining text,
    claimed_by text,
    claimed_until timestamptz,
    primary key (body, lane)
);

create index deliveries_oldest on deliveries (lane, oldest, body);
create index deliveries_newest on deliveries (lane, newest);
create index deliveries_claimed on deliveries (claimed_by) where claimed_by is not null;

create table parked (
    id bigint generated always as identity primary key,
    lane bigint not null references lanes,
    session_id text collate "C" not null,
    started bigint,
    ended bigint,
    call_offset bigint not null,
    call_length bigint not null,
    items bigint not null,
    rejected bigint not null,
    code text not null,
    reason text not null,
    parked_at double precision not null,
    bytes bigint not null,
    data bytea not null
);

alter table parked alter column data set storage external;

create table orders (
    id bigint generated always as identity primary key,
    kind text not null,
    arguments text not null,
    ordered_at double precision not null,
    state text not null default 'waiting',
    result text not null default '',
    calls bigint not null default 0,
    entries bigint not null default 0
);

create index orders_open on orders (id) where state in ('waiting', 'working');

create table recent (
    id bigint generated always as identity primary key,
    session_id text collate "C" not null unique,
    trace_id text not null,
    application text not null,
    direction text not null,
    outcome text not null,
    details text not null,
    error boolean not null,
    started bigint,
    ended bigint,
    bytes bigint not null,
    traces bytea not null,
    logs bytea not null,
    account text not null default ''
);

-- Each commit reads both ends of it, and forgets the calls at its beginning.
create index recent_ends on recent (coalesce(ended, 0), id);

-- As SQLite's. `modules` has a module a line, with a line feed before and after each.
create table calls (
    id bigint generated always as identity primary key,
    account bigint not null references accounts,
    session_id text collate "C" not null,
    trace_id text collate "C" not null,
    application text not null,
    version text not null,
    direction text not null,
    outcome text not null,
    details text not null,
    error boolean not null,
    started bigint,
    ended bigint,
    failed_module text not null,
    error_type text not null,
    modules text not null,
    path text not null,
    at bigint not null,
    bytes bigint not null,
    counted integer not null default 1,
    unique (session_id, account)
);

create table flows (
    id bigint generated always as identity primary key,
    account bigint not null references accounts,
    application text not null,
    version text not null,
    outcome text not null,
    seconds bigint not null,
    start bigint not null,
    bytes bigint not null,
    data text not null
) with (fillfactor = 50);

create unique index flows_once
on flows (application, account, version, outcome, seconds, start);
create index flows_oldest on flows (account, seconds, start);
create index flows_forgotten on flows (start);

create index calls_newest on calls (at, id);
create index calls_of_trace on calls (trace_id);
create index calls_failed on calls (at) where error;

create table samples (
    at bigint primary key,
    lag bigint not null,
    headroom bigint not null
);

create function instr(text, text) returns integer
language sql immutable as $$
    select strpos($1, $2)
$$;

-- Who follows the stored calls by their ids must not pass an id whose transaction has not ended. So
-- each transaction shows by a lock which ids it may take: those after this one. The upper bits tell
-- several installations in one database apart.
create function calls_lock(after bigint) returns bigint
language sql stable as $$
    select ((hashtext(current_schema()) & 4194303)::bigint << 40) + after
$$;

create function show_ids_of_calls() returns trigger language plpgsql as $$
begin
    if coalesce(current_setting('fuse_otel.shows_ids', true), '') = '' then
        perform pg_advisory_xact_lock_shared(calls_lock(last_value)) from calls_id_seq;
        perform set_config('fuse_otel.shows_ids', 'yes', true);
    end if;
    return null;
end $$;

create trigger calls_begin before insert on calls
for each statement execute function show_ids_of_calls();

-- The counters. One trigger a statement: a statement may write thousands of rows.

create function count_ledger() returns trigger language plpgsql as $$
declare
    sign integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
    perform add_to_counter('account_calls', account, sign * count(*)),
        add_to_counter('kept', 0, sign * sum(2 * octet_length(session_id) + 100)::bigint)
    from changed group by account;
    return null;
end $$;

create trigger ledger_added after insert on ledger
referencing new table as changed for each statement execute function count_ledger();
create trigger ledger_removed after delete on ledger
referencing old table as changed for each statement execute function count_ledger();

create function count_pending() returns trigger language plpgsql as $$
declare
    sign integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
    perform add_to_counter(
        'kept', 0, sign * sum(3 * octet_length(session_id) + octet_length(type) + 300)::bigint
    )
    from changed having count(*) > 0;
    return null;
end $$;

create trigger pending_added after insert on pending
referencing new table as changed for each statement execute function count_pending();
create trigger pending_removed after delete on pending
referencing old table as changed for each statement execute function count_pending();

create function count_pending_type() returns trigger language plpgsql as $$
begin
    perform add_to_counter('kept', 0, (
        (select sum(octet_length(type)) from added) - (select sum(octet_length(type)) from removed)
    )::bigint)
    from added having count(*) > 0;
    return null;
end $$;

create trigger pending_changed after update on pending
referencing old table as removed new table as added
for each statement execute function count_pending_type();

create function count_callers() returns trigger language plpgsql as $$
declare
    sign integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
    perform add_to_counter('kept', 0, sign * sum(
        2 * octet_length(session_id) + 2 * octet_length(caller) + 100
    )::bigint)
    from changed having count(*) > 0;
    return null;
end $$;

create trigger callers_added after insert on callers
referencing new table as changed for each statement execute function count_callers();
create trigger callers_removed after delete on callers
referencing old table as changed for each statement execute function count_callers();

create function count_recent() returns trigger language plpgsql as $$
declare
    sign integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
    perform add_to_counter('kept', 0, sign * sum(2 * octet_length(session_id) + 300)::bigint),
        add_to_counter('recent_calls', 0, sign * count(*)),
        add_to_counter('recent_bytes', 0, sign * sum(bytes)::bigint)
    from changed having count(*) > 0;
    return null;
end $$;

create trigger recent_added after insert on recent
referencing new table as changed for each statement execute function count_recent();
create trigger recent_removed after delete on recent
referencing old table as changed for each statement execute function count_recent();

-- Of tables with a share of the cap; the argument names the table's own counter.
create function count_share() returns trigger language plpgsql as $$
declare
    sign integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
    perform add_to_counter(tg_argv[0], 0, sign * sum(bytes)::bigint)
    from changed having count(*) > 0;
    return null;
end $$;

create trigger calls_added after insert on calls
referencing new table as changed for each statement execute function count_share('indexed');
create trigger calls_removed after delete on calls
referencing old table as changed for each statement execute function count_share('indexed');

create function count_share_changed() returns trigger language plpgsql as $$
begin
    perform add_to_counter(tg_argv[0], 0, new.bytes - old.bytes);
    return null;
end $$;

create trigger calls_changed after update of bytes on calls
for each row when (new.bytes <> old.bytes) execute function count_share_changed('indexed');

create function count_samples() returns trigger language plpgsql as $$
declare
    sign integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
    perform add_to_counter('kept', 0, sign * 40 * count(*)) from changed having count(*) > 0;
    return null;
end $$;

create trigger samples_added after insert on samples
referencing new table as changed for each statement execute function count_samples();
create trigger samples_removed after delete on samples
referencing old table as changed for each statement execute function count_samples();

create trigger flows_added after insert on flows
referencing new table as changed for each statement execute function count_share('flows');
create trigger flows_removed after delete on flows
referencing old table as changed for each statement execute function count_share('flows');

create trigger flows_changed after update of bytes on flows
for each row when (new.bytes <> old.bytes) execute function count_share_changed('flows');

create function count_bodies() returns trigger language plpgsql as $$
declare
    sign integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
    perform add_to_counter('used', 0, sign * sum(bytes)::bigint) from changed having count(*) > 0;
    return null;
end $$;

create trigger bodies_added after insert on bodies
referencing new table as changed for each statement execute function count_bodies();
create trigger bodies_removed after delete on bodies
referencing old table as changed for each statement execute function count_bodies();

create function count_deliveries() returns trigger language plpgsql as $$
declare
    sign integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
    perform add_to_counter('lane_calls', lane, sign * sum(calls)::bigint)
    from changed group by lane;
    return null;
end $$;

create trigger deliveries_added after insert on deliveries
referencing new table as changed for each statement execute function count_deliveries();
create trigger deliveries_removed after delete on deliveries
referencing old table as changed for each statement execute function count_deliveries();

-- By row: a claim updates deliveries too, and changes no number of calls.
create function count_delivery() returns trigger language plpgsql as $$
begin
    perform add_to_counter('lane_calls', new.lane, new.calls - old.calls);
    return null;
end $$;

create trigger deliveries_changed after update of calls on deliveries
for each row when (new.calls <> old.calls) execute function count_delivery();

create function count_parked() returns trigger language plpgsql as $$
declare
    sign integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
    perform add_to_counter('lane_parked', lane, sign * count(*)),
        add_to_counter('parked', 0, sign * sum(bytes)::bigint)
    from changed group by lane;
    return null;
end $$;

create trigger parked_added after insert on parked
referencing new table as changed for each statement execute function count_parked();
create trigger parked_removed after delete on parked
referencing old table as changed for each statement execute function count_parked();
