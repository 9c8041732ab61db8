-- name: keep
-- As in SQLite, whose `min` is null where one of its values is.
update ledger set kept_until = greatest(
    case when ended is null then 0 else least(ended, :at::bigint + :keep::bigint) end, :at
) + :keep::bigint + :ahead::bigint
where
    account = :account and session_id = :session_id
    and kept_until < greatest(
        case when ended is null then 0 else least(ended, :at::bigint + :keep::bigint) end, :at
    ) + :keep::bigint
