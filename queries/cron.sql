-- name: LockCronKey :exec
-- Of those who send the same idempotency key, one at a time; until the transaction ends.
SELECT pg_advisory_xact_lock(@key::bigint);

-- name: CronRunOfKey :one
-- The newest run that was started with a key since a time.
SELECT * FROM cron_run_seen WHERE key_hash = @key_hash::bytea AND started_at > @since ORDER BY started_at DESC, id DESC LIMIT 1;

-- name: LiveCronRun :one
-- The run of a task that holds its lease.
SELECT r.* FROM cron_lease l JOIN cron_run_seen r ON r.task = l.task AND r.token = l.token
WHERE l.task = @task AND l.expires_at > clock_timestamp();

-- name: MakeCronLease :exec
INSERT INTO cron_lease (task, token, expires_at) VALUES (@task, 0, '-infinity') ON CONFLICT DO NOTHING;

-- name: LockFreeCronLease :one
-- No row: somebody holds it. FOR UPDATE waits for every transaction of a former holder that
-- HoldCronLease let in, and lets in none any more.
SELECT token FROM cron_lease WHERE task = @task AND expires_at <= clock_timestamp() FOR UPDATE;

-- name: TakeCronLease :one
UPDATE cron_lease SET token = token + 1, expires_at = clock_timestamp() + make_interval(secs => @seconds::double precision) WHERE task = @task RETURNING token;

-- name: RenewCronLease :execrows
UPDATE cron_lease SET expires_at = clock_timestamp() + make_interval(secs => @seconds::double precision) WHERE task = @task AND token = @token;

-- name: HoldCronLease :one
-- No row: the lease is another's. Until the transaction ends nobody can take it over. A heartbeat
-- does not wait for it: that changes no key.
SELECT token FROM cron_lease WHERE task = @task AND token = @token FOR KEY SHARE;

-- name: ReleaseCronLease :execrows
UPDATE cron_lease SET expires_at = clock_timestamp() WHERE task = @task AND token = @token;

-- name: LoseCronRuns :exec
-- What runs of a task left unsaid, whose lease is another's now.
UPDATE cron_run SET state = 'LOST', error_code = 'LOST', finished_at = @now::timestamptz WHERE task = @task AND state = 'RUNNING';

-- name: StartCronRun :exec
INSERT INTO cron_run (id, task, token, origin, key_hash, state, started_at) VALUES (@id, @task, @token, @origin, @key_hash, 'RUNNING', @now::timestamptz);

-- name: FinishCronRun :exec
UPDATE cron_run SET state = @state, summary = @summary, error_code = @error_code, finished_at = @now::timestamptz WHERE id = @id AND state = 'RUNNING';

-- name: LastCronRuns :many
-- The newest run of each task.
SELECT r.* FROM unnest(@tasks::text[]) AS named (task) CROSS JOIN LATERAL (
    SELECT * FROM cron_run_seen WHERE cron_run_seen.task = named.task ORDER BY started_at DESC, id DESC LIMIT 1
) r;

-- name: CronRuns :many
-- The newest first.
SELECT * FROM cron_run_seen WHERE (started_at, id) < (@before_at, @before_id::uuid) ORDER BY started_at DESC, id DESC LIMIT @max_rows;

-- name: CronRunsOfTask :many
SELECT * FROM cron_run_seen WHERE task = @task AND (started_at, id) < (@before_at, @before_id::uuid) ORDER BY started_at DESC, id DESC LIMIT @max_rows;

-- name: CronRunByID :one
SELECT * FROM cron_run_seen WHERE id = $1;

-- name: PurgeCronRuns :execrows
-- Rows made before an id, so many at a time that none of the statements takes long.
DELETE FROM cron_run WHERE id IN (SELECT old.id FROM cron_run old WHERE old.id < @before::uuid ORDER BY old.id LIMIT 10000);
