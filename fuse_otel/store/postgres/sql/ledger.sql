-- name: next_epoch
-- No row: another replica, which is alive, has the account.
update accounts set epoch = epoch + 1, owner = :owner
where name = :account and (owner is null or owner = :owner or not is_alive(owner))
returning epoch

-- name: account
select id from accounts where name = :account and owner = :owner and epoch = :epoch

-- name: hold_account
select id from accounts where name = :account and owner = :owner and epoch = :epoch
for no key update
