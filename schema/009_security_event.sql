-- What was refused, how often and to whom, without telling who that is; and when somebody
-- was told of it. A row without a studio is about the installation: operators see it.

-- +goose Up
CREATE TABLE security_event (
    id          uuid PRIMARY KEY,                 -- made at first_at: the purge goes by it
    tenant_id   uuid REFERENCES tenant,           -- null: before a studio was known
    event       text NOT NULL CHECK (event ~ '^[a-z][a-z_]{0,39}$'),
    account_id  uuid,                             -- null: nobody was signed in, or so many at once that they were not told apart
    address_key bytea CHECK (length(address_key) = 16),  -- a keyed hash; never an address
    route       text NOT NULL CHECK (length(route) <= 100),  -- a template, never a path
    detail      text NOT NULL CHECK (length(detail) <= 100),
    request_id  text NOT NULL CHECK (length(request_id) <= 100),  -- of the first
    count       bigint NOT NULL CHECK (count > 0),
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    CHECK (last_at >= first_at),
    CHECK (account_id IS NULL OR tenant_id IS NOT NULL),  -- a key with a null in it checks nothing
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
);
-- Null is no value that an index is searched for together with others: the installation has the nil id there.
CREATE INDEX security_event_in_time ON security_event (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'), last_at, id);
CREATE INDEX security_event_of_kind ON security_event (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'), event, last_at, id);

-- The last alert for an event of a studio, or of the installation. Whoever writes it sends the mail.
CREATE TABLE security_alert (
    id        uuid PRIMARY KEY,                   -- another one for each alert: what its task names
    tenant_id uuid REFERENCES tenant,             -- null: the installation
    event     text NOT NULL CHECK (event ~ '^[a-z][a-z_]{0,39}$'),
    seen      bigint NOT NULL CHECK (seen > 0),   -- how many there were
    since     timestamptz NOT NULL,               -- from here
    raised_at timestamptz NOT NULL,               -- to here
    mailed    uuid[] NOT NULL DEFAULT '{}',       -- accounts that have the mail; the nil id is ALERT_EMAIL
    CHECK (raised_at > since)
);
CREATE UNIQUE INDEX security_alert_of_kind ON security_alert (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'), event);

-- Who is told.
CREATE INDEX account_staff ON account (role, tenant_id) WHERE role IN ('ADMIN', 'OPERATOR') AND blocked_at IS NULL;

-- +goose Down
DROP INDEX account_staff;
DROP TABLE security_alert, security_event;
