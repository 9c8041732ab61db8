-- name: pause
insert into meta (name, value) values (?, ?) on conflict (name) do nothing

-- name: resume
delete from meta where name = ?

-- name: paused_since
select value from meta where name = ?

-- name: paused
select name, value from meta where name like 'paused %' order by name
