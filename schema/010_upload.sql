-- Uploads: pictures that come straight into the storage and are taken in from there.

-- +goose Up
-- Delivered: handed over; what was chosen goes on, nothing is added.
ALTER TABLE job DROP CONSTRAINT job_status_check;
ALTER TABLE job
    ADD CONSTRAINT job_status_check CHECK (status IN ('OPEN', 'DELIVERED', 'CLOSED')),
    ADD COLUMN customer_uploads boolean NOT NULL DEFAULT false,
    ADD COLUMN image_bytes      bigint  NOT NULL DEFAULT 0,   -- of its originals; kept by image_stored
    ADD COLUMN upload_count     integer NOT NULL DEFAULT 0,   -- open uploads; kept by upload_reserved
    ADD COLUMN upload_bytes     bigint  NOT NULL DEFAULT 0;

ALTER TABLE tenant
    ADD COLUMN upload_job_images   integer NOT NULL DEFAULT 5000,         -- pictures of a job, up to which uploads are signed and taken in
    ADD COLUMN upload_job_bytes    bigint  NOT NULL DEFAULT 107374182400, -- of a job: 100 GiB
    ADD COLUMN upload_tenant_bytes bigint,                                -- of the studio; null: no limit
    ADD COLUMN image_bytes         bigint  NOT NULL DEFAULT 0,
    ADD COLUMN upload_bytes        bigint  NOT NULL DEFAULT 0;

UPDATE job j SET image_bytes = c.bytes FROM (SELECT tenant_id, job_id, sum(size) AS bytes FROM image GROUP BY tenant_id, job_id) c
WHERE c.tenant_id = j.tenant_id AND c.job_id = j.id;
UPDATE tenant t SET image_bytes = c.bytes FROM (SELECT tenant_id, sum(size) AS bytes FROM image GROUP BY tenant_id) c WHERE c.tenant_id = t.id;

ALTER TABLE job
    ADD CONSTRAINT job_image_bytes CHECK (image_bytes >= 0),
    ADD CONSTRAINT job_upload_count CHECK (upload_count >= 0),
    ADD CONSTRAINT job_upload_bytes CHECK (upload_bytes >= 0);
ALTER TABLE tenant
    ADD CONSTRAINT tenant_upload_job_images CHECK (upload_job_images >= 0),
    ADD CONSTRAINT tenant_upload_job_bytes CHECK (upload_job_bytes >= 0),
    ADD CONSTRAINT tenant_upload_tenant_bytes CHECK (upload_tenant_bytes >= 0),
    ADD CONSTRAINT tenant_image_bytes CHECK (image_bytes >= 0),
    ADD CONSTRAINT tenant_upload_bytes CHECK (upload_bytes >= 0);

-- What a job and a studio hold follows the pictures, whichever statement writes them. Rows
-- are locked in one order everywhere: the job, its uploads, the studio.
-- +goose StatementBegin
CREATE FUNCTION image_stored() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE job j SET image_bytes = j.image_bytes + c.bytes
    FROM (SELECT tenant_id, job_id, sum(size) AS bytes FROM after GROUP BY tenant_id, job_id) c
    WHERE j.tenant_id = c.tenant_id AND j.id = c.job_id;
    UPDATE tenant t SET image_bytes = t.image_bytes + c.bytes
    FROM (SELECT tenant_id, sum(size) AS bytes FROM after GROUP BY tenant_id) c WHERE t.id = c.tenant_id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER image_stored AFTER INSERT ON image REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION image_stored();

-- A file that somebody announced. See internal/transfer/upload_state.go for its states.
CREATE TABLE upload (
    id           uuid PRIMARY KEY,
    tenant_id    uuid NOT NULL,
    job_id       uuid NOT NULL,
    account_id   uuid NOT NULL,                   -- who uploads
    session_id   uuid NOT NULL,                   -- by which session; failures count against it
    address_key  text NOT NULL CHECK (length(address_key) <= 100),  -- and from where; never an address
    state        text NOT NULL CHECK (state IN ('PENDING', 'VERIFYING', 'READY', 'REJECTED', 'ABORTED', 'EXPIRED')),
    filename     text NOT NULL CHECK (octet_length(filename) BETWEEN 1 AND 255),
    content_type text NOT NULL CHECK (content_type ~ '^image/[a-z0-9.+-]+$'),
    size         bigint NOT NULL CHECK (size > 0),
    sha256       bytea NOT NULL CHECK (length(sha256) = 32),
    part_size    bigint NOT NULL CHECK (part_size >= 0),  -- 0: one PUT
    multipart    text,                            -- the store's name for it, once a part was signed
    image_id     uuid,                            -- what it became, or what the job had already
    rejection    text,                            -- why not, for programs
    explanation  text,                            -- likewise, for a person
    due_at       timestamptz NOT NULL,            -- when the sweep looks after it
    created_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    CONSTRAINT upload_ready CHECK ((state = 'READY') = (image_id IS NOT NULL)),
    CONSTRAINT upload_rejected CHECK ((state = 'REJECTED') = (rejection IS NOT NULL) AND (rejection IS NULL) = (explanation IS NULL)),
    CONSTRAINT upload_ended CHECK ((state IN ('PENDING', 'VERIFYING')) = (ended_at IS NULL)),
    FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id),
    FOREIGN KEY (tenant_id, job_id, image_id) REFERENCES image (tenant_id, job_id, id),
    UNIQUE (tenant_id, id)
);
-- The same file of the same person is one upload.
CREATE UNIQUE INDEX upload_of_file ON upload (tenant_id, job_id, account_id, sha256) WHERE state IN ('PENDING', 'VERIFYING', 'READY');
CREATE INDEX upload_of_job ON upload (tenant_id, job_id, created_at DESC, id DESC);
CREATE INDEX upload_of_person ON upload (tenant_id, account_id, job_id, created_at DESC, id DESC);
CREATE INDEX upload_due ON upload (due_at, id) WHERE state IN ('PENDING', 'VERIFYING');

-- +goose StatementBegin
CREATE FUNCTION upload_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state NOT IN ('PENDING', 'VERIFYING') OR NEW.state = 'PENDING') THEN
        RAISE EXCEPTION 'an upload does not go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER upload_moves AFTER UPDATE OF state ON upload FOR EACH ROW EXECUTE FUNCTION upload_moves();

-- Open uploads are reserved: their sum is kept with the job and the studio.
-- +goose StatementBegin
CREATE FUNCTION upload_reserved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    n integer := (NEW.state IN ('PENDING', 'VERIFYING'))::integer;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        n := n - (OLD.state IN ('PENDING', 'VERIFYING'))::integer;
    END IF;
    IF n <> 0 THEN
        UPDATE job SET upload_count = upload_count + n, upload_bytes = upload_bytes + n * NEW.size WHERE tenant_id = NEW.tenant_id AND id = NEW.job_id;
        UPDATE tenant SET upload_bytes = upload_bytes + n * NEW.size WHERE id = NEW.tenant_id;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER upload_reserved AFTER INSERT OR UPDATE OF state ON upload FOR EACH ROW EXECUTE FUNCTION upload_reserved();

-- +goose Down
DROP TRIGGER image_stored ON image;
DROP TABLE upload;
DROP FUNCTION image_stored, upload_moves, upload_reserved;
ALTER TABLE tenant DROP COLUMN upload_job_images, DROP COLUMN upload_job_bytes, DROP COLUMN upload_tenant_bytes, DROP COLUMN image_bytes, DROP COLUMN upload_bytes;
ALTER TABLE job DROP COLUMN customer_uploads, DROP COLUMN image_bytes, DROP COLUMN upload_count, DROP COLUMN upload_bytes;
UPDATE job SET status = 'CLOSED' WHERE status = 'DELIVERED';
ALTER TABLE job DROP CONSTRAINT job_status_check;
ALTER TABLE job ADD CONSTRAINT job_status_check CHECK (status IN ('OPEN', 'CLOSED'));
