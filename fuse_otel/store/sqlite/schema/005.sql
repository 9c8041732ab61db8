-- When a batch was stored shows whether its calls were live then. A recent call has its account.
-- `callers` has the calls of the last day by the pseudonym of their caller, to count the callers
-- who call again. It counts for the cap like the ledger.

alter table bodies add column stored_at integer not null default 0;
alter table recent add column account text not null default '';

create table callers (
    account integer not null references accounts,
    caller text not null,
    session_id text not null,
    ended integer not null,
    primary key (account, caller, session_id)
) without rowid;

create index callers_ended on callers (ended);

create trigger callers_kept after insert on callers begin
    update meta set value = value
        + 2 * length(cast(new.session_id as blob)) + 2 * length(cast(new.caller as blob)) + 100
    where name = 'kept';
end;

create trigger callers_forgotten after delete on callers begin
    update meta set value = value
        - 2 * length(cast(old.session_id as blob)) - 2 * length(cast(old.caller as blob)) - 100
    where name = 'kept';
end;
