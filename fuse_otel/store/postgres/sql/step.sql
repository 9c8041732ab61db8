-- name: keep
-- As in SQLite, whose `min` is null where one of its values is.
update ledger set kept_until = greatest(
    case when ended is null then 0 else least(ended, :at + :keep) end, :at
) + :keep + :ahead
where
    account = :account and session_id = :session_id
    and kept_until < greatest(
        case when ended is null then 0 else least(ended, :at + :keep) end, :at
    ) + :keep
