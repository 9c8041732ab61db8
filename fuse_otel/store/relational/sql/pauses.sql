-- name: pause
insert into meta (name, value) values (?, ?) on conflict (name) do nothing

-- name: resume
delete from meta where name = ?

-- name: paused_since
select value from meta where name = ?

-- name: paused
-- All that begin with `paused ` (`!` follows the space): a range, which the key finds.
select name, value from meta where name >= 'paused ' and name < 'paused!' order by name
