-- Maintenance: who may do which of its tasks now, and how each run of one went. Both belong to
-- the installation: operators read them.

-- +goose Up
CREATE TABLE cron_lease (
    task       text PRIMARY KEY CHECK (task ~ '^[a-z][a-z-]{0,39}$'),
    token      bigint NOT NULL CHECK (token >= 0),  -- one more for each holder, never less: what a former one still sends is told by it
    expires_at timestamptz NOT NULL                 -- by the database's clock, the one that all servers share
);

CREATE TABLE cron_run (
    id          uuid PRIMARY KEY,                   -- made at started_at: the purge goes by it
    task        text NOT NULL CHECK (task ~ '^[a-z][a-z-]{0,39}$'),
    token       bigint NOT NULL CHECK (token > 0),  -- of the lease that it ran under
    origin      text NOT NULL CHECK (origin IN ('CRON', 'SCHEDULE')),
    key_hash    bytea CHECK (length(key_hash) = 32),  -- of the idempotency key; null: it came without
    state       text NOT NULL CHECK (state IN ('RUNNING', 'DONE', 'FAILED', 'LOST')),  -- LOST: its holder never said how it ended
    summary     text NOT NULL DEFAULT '' CHECK (length(summary) <= 200),
    error_code  text CHECK (error_code ~ '^[A-Z][A-Z_]{0,39}$'),
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    UNIQUE (task, token),
    CHECK ((finished_at IS NULL) = (state = 'RUNNING')),
    CHECK ((error_code IS NOT NULL) = (state IN ('FAILED', 'LOST')))
);
CREATE INDEX cron_run_in_time ON cron_run (started_at, id);
CREATE INDEX cron_run_of_task ON cron_run (task, started_at, id);
CREATE INDEX cron_run_of_key ON cron_run (key_hash, started_at) WHERE key_hash IS NOT NULL;
CREATE INDEX cron_run_unfinished ON cron_run (task) WHERE state = 'RUNNING';

-- A run as it is: one whose lease has run out is lost, though nobody has written that down yet.
CREATE VIEW cron_run_seen AS
SELECT r.id, r.task, r.token, r.origin, r.key_hash, r.summary, r.started_at, r.finished_at,
       (CASE WHEN here.lost THEN 'LOST' ELSE r.state END)::text AS state,
       coalesce(CASE WHEN here.lost THEN 'LOST' ELSE r.error_code END, '')::text AS error_code
FROM cron_run r CROSS JOIN LATERAL (
    SELECT r.state = 'RUNNING' AND NOT EXISTS (
        SELECT FROM cron_lease l WHERE l.task = r.task AND l.token = r.token AND l.expires_at > clock_timestamp()) AS lost
) here;

-- +goose Down
DROP VIEW cron_run_seen;
DROP TABLE cron_run, cron_lease;
