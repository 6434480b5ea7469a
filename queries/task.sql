-- name: LockTask :exec
-- Of those who want something of a queued task, one at a time; until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('pixgate task', @number::bigint));
