-- Studios (tenants), their people and the people's devices.
-- Every table below carries tenant_id in its key, and every reference names it too:
-- a row cannot point into another studio.

-- +goose Up
CREATE TABLE tenant (
    id         uuid PRIMARY KEY,
    slug       text NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9-]{0,31}$'),
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    hosts      text[] NOT NULL DEFAULT '{}',      -- lower case, without port
    origins    text[] NOT NULL DEFAULT '{}',      -- scheme://host[:port] of the studio's web apps
    mail_from  text,                              -- null: the installation's MAIL_FROM
    locale     text NOT NULL DEFAULT 'de' CHECK (locale IN ('de', 'en')),
    sign_up    boolean NOT NULL DEFAULT true,     -- may a new address make itself an account
    created_at timestamptz NOT NULL
);

-- A studio's own wording of a mail; without a row the built-in text is used.
CREATE TABLE tenant_text (
    tenant_id uuid NOT NULL REFERENCES tenant,
    kind      text NOT NULL CHECK (kind IN ('login_code')),
    locale    text NOT NULL CHECK (locale IN ('de', 'en')),
    subject   text NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
    body      text NOT NULL CHECK (length(body) BETWEEN 1 AND 10000),
    PRIMARY KEY (tenant_id, kind, locale)
);

CREATE TABLE account (
    id           uuid PRIMARY KEY,
    tenant_id    uuid NOT NULL REFERENCES tenant,
    email_key    text NOT NULL CHECK (length(email_key) BETWEEN 3 AND 254),  -- one for every spelling
    email        text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),      -- where mail goes
    role         text NOT NULL DEFAULT 'CUSTOMER' CHECK (role IN ('CUSTOMER', 'PHOTOGRAPHER', 'ADMIN', 'OPERATOR')),
    locale       text CHECK (locale IN ('de', 'en')),
    verified_at  timestamptz,                     -- null: never proved the mailbox, so never signed in
    valid_until  timestamptz,                     -- null: no end
    blocked_at   timestamptz,
    max_devices  integer NOT NULL DEFAULT 5 CHECK (max_devices BETWEEN 1 AND 100),
    last_seen_at timestamptz,                     -- of the device seen last
    created_at   timestamptz NOT NULL,
    UNIQUE (tenant_id, email_key),
    UNIQUE (tenant_id, id)
);

CREATE TABLE device (
    id           uuid PRIMARY KEY,
    tenant_id    uuid NOT NULL,
    account_id   uuid NOT NULL,
    secret_hash  bytea NOT NULL CHECK (length(secret_hash) = 32),
    name         text NOT NULL CHECK (length(name) <= 100),
    kind         text NOT NULL CHECK (kind IN ('HANDHELD', 'DESKTOP', 'OTHER')),
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    removed_at   timestamptz,
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id),
    UNIQUE (tenant_id, account_id, id)
);
CREATE UNIQUE INDEX device_in_use ON device (tenant_id, account_id, secret_hash) WHERE removed_at IS NULL;

-- +goose Down
DROP TABLE device, account, tenant_text, tenant;
