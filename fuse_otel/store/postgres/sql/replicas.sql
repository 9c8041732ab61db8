-- name: join
insert into replicas (id, name, version) values (:id, :name, :version)
on conflict (id) do update set beat = now()

-- name: leave_accounts
update accounts set owner = null where owner = :id

-- name: leave_deliveries
update deliveries set claimed_by = null where claimed_by = :id

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
