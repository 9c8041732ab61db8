-- How many recent calls there are and how large they are: `meta` ('recent_calls', 'recent_bytes',
-- which 'kept' no longer contains). Each commit of live calls had to read an index whole for it.
-- Those that make room come from the end of an index.

insert into meta (name, value)
select 'recent_calls', count(*) from recent
union all
select 'recent_bytes', coalesce(sum(bytes), 0) from recent;

update meta
set value = value - (select value from meta where name = 'recent_bytes')
where name = 'kept';

drop trigger recent_kept;
create trigger recent_kept after insert on recent begin
    update meta
    set value = value + case name
        when 'recent_calls' then 1
        when 'recent_bytes' then new.bytes
        else 2 * length(cast(new.session_id as blob)) + 300
    end
    where name in ('recent_calls', 'recent_bytes', 'kept');
end;

drop trigger recent_forgotten;
create trigger recent_forgotten after delete on recent begin
    update meta
    set value = value - case name
        when 'recent_calls' then 1
        when 'recent_bytes' then old.bytes
        else 2 * length(cast(old.session_id as blob)) + 300
    end
    where name in ('recent_calls', 'recent_bytes', 'kept');
end;

drop index recent_sizes;
create index recent_ends on recent (ended, id, bytes);
