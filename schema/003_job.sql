-- Bookings, photo jobs, their pictures, what customers chose and what went out.

-- +goose Up
CREATE TABLE booking (
    id              uuid PRIMARY KEY,
    tenant_id       uuid NOT NULL,
    account_id      uuid NOT NULL,                -- always a proven mailbox: see booking_verified
    verified_at     timestamptz NOT NULL,         -- when it was proven
    state           text NOT NULL CHECK (state IN ('REQUESTED', 'CONFIRMED', 'DECLINED', 'CANCELLED')),
    address         text NOT NULL CHECK (length(address) BETWEEN 1 AND 500),
    package         text NOT NULL CHECK (length(package) BETWEEN 1 AND 100),
    preferred_dates date[] NOT NULL,
    notes           text NOT NULL DEFAULT '' CHECK (length(notes) <= 4000),
    contact_phone   text NOT NULL DEFAULT '' CHECK (length(contact_phone) <= 40),
    created_at      timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id),
    UNIQUE (tenant_id, id)
);
CREATE INDEX booking_of_account ON booking (tenant_id, account_id, created_at DESC, id DESC);

-- +goose StatementBegin
CREATE FUNCTION booking_verified() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM account a WHERE a.tenant_id = NEW.tenant_id AND a.id = NEW.account_id AND a.verified_at IS NOT NULL) THEN
        RAISE EXCEPTION 'a booking needs a verified address' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER booking_verified BEFORE INSERT OR UPDATE OF tenant_id, account_id ON booking
    FOR EACH ROW EXECUTE FUNCTION booking_verified();

CREATE TABLE job (
    id                  uuid PRIMARY KEY,
    tenant_id           uuid NOT NULL REFERENCES tenant,
    account_id          uuid,                     -- the customer; null until the address is proven
    customer_email_key  text NOT NULL,
    customer_email      text NOT NULL,
    photographer_id     uuid,
    booking_id          uuid,
    title               text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    status              text NOT NULL DEFAULT 'OPEN' CHECK (status IN ('OPEN', 'CLOSED')),
    included_images     integer NOT NULL CHECK (included_images BETWEEN 0 AND 100000),
    all_images_included boolean NOT NULL,
    sells_extras        boolean NOT NULL DEFAULT false,
    image_count         integer NOT NULL DEFAULT 0 CHECK (image_count >= 0),
    created_at          timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id),
    FOREIGN KEY (tenant_id, photographer_id) REFERENCES account (tenant_id, id),
    FOREIGN KEY (tenant_id, booking_id) REFERENCES booking (tenant_id, id),
    UNIQUE (tenant_id, id)
);
CREATE INDEX job_of_tenant ON job (tenant_id, created_at DESC, id DESC);
CREATE INDEX job_in_status ON job (tenant_id, status, created_at DESC, id DESC);
CREATE INDEX job_of_customer ON job (tenant_id, account_id, created_at DESC, id DESC);
CREATE INDEX job_of_photographer ON job (tenant_id, photographer_id, created_at DESC, id DESC) WHERE photographer_id IS NOT NULL;
CREATE INDEX job_unclaimed ON job (tenant_id, customer_email_key) WHERE account_id IS NULL;
CREATE INDEX job_of_booking ON job (tenant_id, booking_id) WHERE booking_id IS NOT NULL;

CREATE TABLE image (
    id              uuid PRIMARY KEY,
    tenant_id       uuid NOT NULL,
    job_id          uuid NOT NULL,
    position        integer NOT NULL CHECK (position >= 0),
    filename        text NOT NULL CHECK (octet_length(filename) BETWEEN 1 AND 255),
    content_type    text NOT NULL CHECK (content_type ~ '^image/[a-z0-9.+-]+$'),
    size            bigint NOT NULL CHECK (size > 0),
    width           integer NOT NULL CHECK (width > 0),
    height          integer NOT NULL CHECK (height > 0),
    captured_at     timestamptz,
    sha256          bytea NOT NULL CHECK (length(sha256) = 32),
    crc32           bigint NOT NULL CHECK (crc32 BETWEEN 0 AND 4294967295),
    object_key      text NOT NULL UNIQUE,
    etag            text NOT NULL CHECK (etag <> ''),
    small_key       text NOT NULL,                -- previews
    medium_key      text NOT NULL,
    source_key      text NOT NULL,                -- what it was taken from, so that a second run can skip it
    source_etag     text NOT NULL,
    selection_state text NOT NULL DEFAULT 'NONE'
        CHECK (selection_state IN ('NONE', 'INCLUDED', 'EXTRA_PENDING', 'EXTRA_PAID', 'EXTRA_FREE', 'BLOCKED')),
    delivered_at    timestamptz,
    created_at      timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id),
    UNIQUE (tenant_id, job_id, id)
);
CREATE UNIQUE INDEX image_in_order ON image (tenant_id, job_id, position, id);
CREATE UNIQUE INDEX image_by_content ON image (tenant_id, job_id, sha256);
CREATE INDEX image_by_source ON image (tenant_id, job_id, source_key);

-- What a customer chose, in order.
CREATE TABLE selection_event (
    id         uuid PRIMARY KEY,
    tenant_id  uuid NOT NULL,
    job_id     uuid NOT NULL,
    image_id   uuid NOT NULL,
    account_id uuid NOT NULL,
    old_state  text NOT NULL CHECK (old_state IN ('NONE', 'INCLUDED', 'EXTRA_PENDING', 'EXTRA_PAID', 'EXTRA_FREE', 'BLOCKED')),
    new_state  text NOT NULL CHECK (new_state IN ('NONE', 'INCLUDED', 'EXTRA_PENDING', 'EXTRA_PAID', 'EXTRA_FREE', 'BLOCKED')),
    request_id text NOT NULL,
    at         timestamptz NOT NULL,
    CHECK (new_state <> old_state),
    FOREIGN KEY (tenant_id, job_id, image_id) REFERENCES image (tenant_id, job_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
);
CREATE INDEX selection_event_of_image ON selection_event (tenant_id, image_id, at, id);

-- What went out, to whom: one row a request, whatever the number of pictures.
CREATE TABLE delivery (
    id         uuid PRIMARY KEY,
    tenant_id  uuid NOT NULL,
    job_id     uuid NOT NULL,
    account_id uuid NOT NULL,
    staff      boolean NOT NULL,                  -- not the customer: delivers nothing
    way        text NOT NULL CHECK (way IN ('URL', 'ROUTE', 'ZIP')),
    image_ids  uuid[] NOT NULL CHECK (cardinality(image_ids) > 0),
    request_id text NOT NULL,
    at         timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
);
CREATE INDEX delivery_of_job ON delivery (tenant_id, job_id, at);

-- A run of importImages: what it found, took in and refused.
CREATE TABLE image_import (
    id            uuid PRIMARY KEY,
    tenant_id     uuid NOT NULL,
    job_id        uuid NOT NULL,
    account_id    uuid NOT NULL,                  -- the admin who asked
    prefix        text NOT NULL,                  -- under the studio's incoming folder
    state         text NOT NULL CHECK (state IN ('RUNNING', 'DONE', 'FAILED')),
    found         integer NOT NULL DEFAULT 0,
    taken         integer NOT NULL DEFAULT 0,
    known         integer NOT NULL DEFAULT 0,     -- were in the job already
    refused       jsonb NOT NULL DEFAULT '[]',    -- [{name, code, message}]
    created_at    timestamptz NOT NULL,
    finished_at   timestamptz,
    FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
);
CREATE UNIQUE INDEX image_import_running ON image_import (tenant_id, job_id, prefix) WHERE state = 'RUNNING';
CREATE INDEX image_import_of_job ON image_import (tenant_id, job_id, created_at DESC);

-- +goose Down
DROP TABLE image_import, delivery, selection_event, image, job, booking;
DROP FUNCTION booking_verified;
