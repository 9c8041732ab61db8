-- The ledger, pending and recent calls count for the cap too: `meta` ('kept': bytes). A row counts
-- its texts, once for each index that holds them, and a share of the pages around it.

insert into meta (name, value) values ('kept', (
    (select coalesce(sum(2 * length(cast(session_id as blob)) + 100), 0) from ledger)
    + (
        select coalesce(
            sum(3 * length(cast(session_id as blob)) + length(cast(type as blob)) + 300), 0
        )
        from pending
    )
    + (select coalesce(sum(2 * length(cast(session_id as blob)) + bytes + 300), 0) from recent)
));

create trigger ledger_kept after insert on ledger begin
    update meta set value = value + 2 * length(cast(new.session_id as blob)) + 100
    where name = 'kept';
end;

create trigger ledger_forgotten after delete on ledger begin
    update meta set value = value - 2 * length(cast(old.session_id as blob)) - 100
    where name = 'kept';
end;

create trigger pending_kept after insert on pending begin
    update meta
    set value = value
        + 3 * length(cast(new.session_id as blob)) + length(cast(new.type as blob)) + 300
    where name = 'kept';
end;

create trigger pending_changed after update of type on pending when new.type <> old.type begin
    update meta
    set value = value + length(cast(new.type as blob)) - length(cast(old.type as blob))
    where name = 'kept';
end;

create trigger pending_forgotten after delete on pending begin
    update meta
    set value = value
        - 3 * length(cast(old.session_id as blob)) - length(cast(old.type as blob)) - 300
    where name = 'kept';
end;

create trigger recent_kept after insert on recent begin
    update meta set value = value + 2 * length(cast(new.session_id as blob)) + new.bytes + 300
    where name = 'kept';
end;

create trigger recent_forgotten after delete on recent begin
    update meta set value = value - 2 * length(cast(old.session_id as blob)) - old.bytes - 300
    where name = 'kept';
end;
