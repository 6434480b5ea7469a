-- A studio's webhooks: what happens in it is told to its other programs.

-- +goose Up
ALTER TABLE image ADD COLUMN release_told_at timestamptz;  -- when webhooks were last told that it is released

CREATE TABLE webhook (
    id            uuid PRIMARY KEY,
    tenant_id     uuid NOT NULL REFERENCES tenant,
    url           text NOT NULL CHECK (octet_length(url) BETWEEN 1 AND 2000),
    events        text[] NOT NULL CHECK (cardinality(events) BETWEEN 1 AND 4 AND events <@ '{image.released,job.ready,download.finished,security.alert}'::text[]),
    secret        bytea NOT NULL CHECK (length(secret) BETWEEN 32 AND 200),   -- sealed; see internal/webhook/webhook.go
    old_secret    bytea CHECK (length(old_secret) BETWEEN 32 AND 200),        -- that it replaced
    old_until     timestamptz,                                                -- how long that signs, too
    created_at    timestamptz NOT NULL,
    disabled_at   timestamptz,
    disabled_why  text CHECK (disabled_why IN ('ADMIN', 'GONE', 'FAILING')),
    failing_since timestamptz,                                                -- null: nothing has failed since something went well
    dropped_at    timestamptz,                                                -- when an event was last not queued, since too many waited
    CONSTRAINT webhook_disabled CHECK ((disabled_at IS NULL) = (disabled_why IS NULL)),
    CONSTRAINT webhook_rotated CHECK ((old_secret IS NULL) = (old_until IS NULL)),
    UNIQUE (tenant_id, id)
);

-- What happened, in the very bytes that are posted.
CREATE TABLE webhook_event (
    id         uuid PRIMARY KEY,
    tenant_id  uuid NOT NULL REFERENCES tenant,
    type       text NOT NULL CHECK (type IN ('image.released', 'job.ready', 'download.finished', 'security.alert', 'webhook.test')),
    body       text NOT NULL CHECK (octet_length(body) BETWEEN 2 AND 20000),
    sameness   text NOT NULL CHECK (length(sameness) <= 200),  -- of what is told once in a while; empty: always
    created_at timestamptz NOT NULL,
    UNIQUE (tenant_id, id)
);
CREATE INDEX webhook_event_alike ON webhook_event (tenant_id, sameness, created_at) WHERE sameness <> '';

-- The way of an event to a webhook.
CREATE TABLE webhook_delivery (
    id           uuid PRIMARY KEY,                                -- what the task names
    tenant_id    uuid NOT NULL,
    webhook_id   uuid NOT NULL,
    event_id     uuid NOT NULL,
    state        text NOT NULL CHECK (state IN ('PENDING', 'DELIVERED', 'DEAD')),
    attempts     integer NOT NULL CHECK (attempts >= 0),
    last_status  integer CHECK (last_status BETWEEN 100 AND 999),  -- null: no answer came
    last_trouble text CHECK (last_trouble ~ '^[a-z]{1,20}$'),      -- a word of ours; null: none
    last_at      timestamptz,
    next_at      timestamptz,                                     -- null: at once, or never
    created_at   timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhook (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, event_id) REFERENCES webhook_event (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX webhook_delivery_of_webhook ON webhook_delivery (tenant_id, webhook_id, created_at DESC, id DESC);
CREATE INDEX webhook_delivery_of_event ON webhook_delivery (tenant_id, event_id);
CREATE INDEX webhook_delivery_pending ON webhook_delivery (tenant_id, webhook_id, created_at, id) WHERE state = 'PENDING';

-- +goose Down
DROP TABLE webhook_delivery, webhook_event, webhook;
ALTER TABLE image DROP COLUMN release_told_at;
