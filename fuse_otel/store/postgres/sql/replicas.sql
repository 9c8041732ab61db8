-- name: join
insert into replicas (id, name, version, reads) values (:id, :name, :version, :reads)
on conflict (id) do update set beat = now(), reads = excluded.reads

-- name: leave_accounts
update accounts set owner = null, freed_at = now() where owner = :id

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
    select max(id) from accounts where owner = :id
    having count(*) > fair_share()
    and exists (
        select from replicas
        where
            reads and is_alive(replicas.id)
            and (select count(*) from accounts as theirs where theirs.owner = replicas.id)
            < (select count(*) from accounts as mine where mine.owner = :id) - 1
    )
)

-- name: leave_deliveries
update deliveries set claimed_by = null, claimed_until = null where claimed_by = :id

-- name: leave
delete from replicas where id = :id

-- name: forget_replicas
delete from replicas where beat < now() - interval '1 day'

-- name: other
select name || ', since ' || to_char(started_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"')
from replicas
where id <> :id and is_alive(id)
order by started_at
limit 1
