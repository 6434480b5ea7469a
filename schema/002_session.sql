-- One-time codes, what asking and guessing may cost, and sessions.
-- Nothing here gives a code or a token away: codes are derived from login_code.id
-- under a secret that the database never sees, everything else is a hash.

-- +goose Up
-- One row for each mail with a code.
CREATE TABLE login_code (
    id             uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    email_key      text NOT NULL,
    email          text NOT NULL,
    locale         text NOT NULL CHECK (locale IN ('de', 'en')),
    key_id         text NOT NULL,                 -- which OTP_SECRET derives it
    decoy          boolean NOT NULL,              -- looks alike, but no mail goes out and no code is right
    stranger_tries integer NOT NULL DEFAULT 0 CHECK (stranger_tries BETWEEN 0 AND 20),
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL CHECK (expires_at > created_at),
    mailed_at      timestamptz,
    consumed_at    timestamptz,
    UNIQUE (tenant_id, id)
);
CREATE INDEX login_code_of_address ON login_code (tenant_id, email_key, created_at DESC);
CREATE INDEX login_code_old ON login_code (expires_at);

-- One row for each client that asked: its own five tries of the code.
CREATE TABLE login_challenge (
    id           uuid PRIMARY KEY,
    tenant_id    uuid NOT NULL,
    code_id      uuid NOT NULL,
    secret_hash  bytea NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
    asker        bytea NOT NULL CHECK (length(asker) = 32),  -- keyed hash of the asker's network or known device
    known_device boolean NOT NULL,                -- asked for by a device of the account
    attempts     integer NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 5),
    created_at   timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, code_id) REFERENCES login_code (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX login_challenge_of_code ON login_challenge (tenant_id, code_id, asker);

-- A counter that runs out: so many a window for one subject. The key is a keyed
-- hash of what is counted and for whom.
CREATE TABLE budget (
    key       bytea PRIMARY KEY CHECK (length(key) = 32),
    used      integer NOT NULL CHECK (used >= 0),
    resets_at timestamptz NOT NULL
);
CREATE INDEX budget_old ON budget (resets_at);

CREATE TABLE session (
    id           uuid PRIMARY KEY,
    tenant_id    uuid NOT NULL,
    account_id   uuid NOT NULL,
    device_id    uuid NOT NULL,
    token_hash   bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    transport    text NOT NULL CHECK (transport IN ('COOKIE', 'TOKEN')),
    role         text NOT NULL,                   -- of the account when it signed in; another one ends the session
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL CHECK (expires_at > created_at),
    revoked_at   timestamptz,
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id, device_id) REFERENCES device (tenant_id, account_id, id)
);
CREATE INDEX session_of_device ON session (tenant_id, account_id, device_id) WHERE revoked_at IS NULL;
CREATE INDEX session_old ON session (expires_at);

-- +goose Down
DROP TABLE session, budget, login_challenge, login_code;
