-- The audit log: insert only, one chain for each studio. The server's role may
-- not change or remove a row (see grants in schema.go).

-- +goose Up
CREATE TABLE audit_entry (
    id         uuid PRIMARY KEY,
    tenant_id  uuid NOT NULL REFERENCES tenant,
    sequence   bigint NOT NULL CHECK (sequence > 0),
    at         timestamptz NOT NULL,
    actor_id   uuid,                              -- null: the command line
    action     text NOT NULL,
    job_id     uuid,
    image_id   uuid,
    account_id uuid,                              -- whom it is about
    old_value  text,                              -- JSON
    new_value  text,                              -- JSON
    reason     text,
    request_id text NOT NULL,
    canonical  bytea NOT NULL,                    -- the bytes that were chained
    prev       bytea NOT NULL CHECK (length(prev) = 32),
    hash       bytea NOT NULL CHECK (length(hash) = 32),
    key_id     text NOT NULL,
    UNIQUE (tenant_id, sequence),
    CHECK (image_id IS NULL OR job_id IS NOT NULL),  -- a key with a null in it checks nothing
    FOREIGN KEY (tenant_id, actor_id) REFERENCES account (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id),
    FOREIGN KEY (tenant_id, job_id, image_id) REFERENCES image (tenant_id, job_id, id)
);
CREATE INDEX audit_entry_of_job ON audit_entry (tenant_id, job_id, sequence) WHERE job_id IS NOT NULL;
CREATE INDEX audit_entry_of_image ON audit_entry (tenant_id, image_id, sequence) WHERE image_id IS NOT NULL;

-- The end of each chain. Locked last in a transaction, so that writers queue up
-- here and nowhere else.
CREATE TABLE audit_head (
    tenant_id uuid PRIMARY KEY REFERENCES tenant,
    sequence  bigint NOT NULL,
    hash      bytea NOT NULL CHECK (length(hash) = 32)
);

-- +goose Down
DROP TABLE audit_head, audit_entry;
