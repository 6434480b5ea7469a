-- What a studio offers, bookings of it, what became of each, and the mails about that.

-- +goose Up
-- The days of a studio's calendar, where "today" depends on where it is.
ALTER TABLE tenant ADD COLUMN time_zone text NOT NULL DEFAULT 'Europe/Berlin' CHECK (time_zone ~ '^[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+){0,2}$');

ALTER TABLE tenant_text DROP CONSTRAINT tenant_text_kind_check;
ALTER TABLE tenant_text ADD CONSTRAINT tenant_text_kind_check CHECK (kind IN ('login_code',
    'booking_received', 'booking_confirmed', 'booking_declined', 'booking_cancelled', 'booking_requested', 'booking_withdrawn'));

-- What can be booked. A booking keeps a copy: changing or removing a package changes no booking.
CREATE TABLE package (
    tenant_id           uuid NOT NULL REFERENCES tenant,
    key                 text NOT NULL CHECK (key ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    name                text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    description         text NOT NULL CHECK (length(description) <= 2000),
    included_images     integer NOT NULL CHECK (included_images BETWEEN 0 AND 100000),
    all_images_included boolean NOT NULL,
    extra_price         integer CHECK (extra_price BETWEEN 0 AND 100000000),  -- of one picture past the package, in the currency's smallest unit; null: none is sold
    currency            text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    active              boolean NOT NULL,         -- may be booked
    created_at          timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, key)
);

ALTER TABLE booking
    ADD COLUMN package_name        text NOT NULL DEFAULT '' CHECK (length(package_name) <= 100),  -- this and what follows: the package as it was when it was booked
    ADD COLUMN included_images     integer NOT NULL DEFAULT 0 CHECK (included_images BETWEEN 0 AND 100000),
    ADD COLUMN all_images_included boolean NOT NULL DEFAULT false,
    ADD COLUMN extra_price         integer CHECK (extra_price BETWEEN 0 AND 100000000),
    ADD COLUMN currency            text NOT NULL DEFAULT 'EUR' CHECK (currency ~ '^[A-Z]{3}$'),
    ADD COLUMN photographer_id     uuid,
    ADD COLUMN confirmed_date      date,
    ADD COLUMN message             text NOT NULL DEFAULT '' CHECK (length(message) <= 1000),      -- what the studio told the client last
    ADD COLUMN updated_at          timestamptz,   -- null: never since it was made
    ADD COLUMN events              integer NOT NULL DEFAULT 0 CHECK (events >= 0),                -- how many booking_event has
    ADD CONSTRAINT booking_has_its_day CHECK (state <> 'CONFIRMED' OR confirmed_date IS NOT NULL),
    ADD CONSTRAINT booking_tenant_id_photographer_id_fkey FOREIGN KEY (tenant_id, photographer_id) REFERENCES account (tenant_id, id);
CREATE INDEX booking_of_tenant ON booking (tenant_id, created_at DESC, id DESC);
CREATE INDEX booking_in_state ON booking (tenant_id, state, created_at DESC, id DESC);
CREATE INDEX booking_of_photographer ON booking (tenant_id, photographer_id, created_at DESC, id DESC) WHERE photographer_id IS NOT NULL;

-- Beside booking_verified, which asks for a proven mailbox: whoever is blocked, or whose
-- membership is over, books nothing, whatever the server's code forgets to ask.
-- +goose StatementBegin
CREATE FUNCTION booking_in_good_standing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM account a WHERE a.tenant_id = NEW.tenant_id AND a.id = NEW.account_id
               AND (a.blocked_at IS NOT NULL OR a.valid_until <= now() AND a.role IN ('CUSTOMER', 'PHOTOGRAPHER'))) THEN
        RAISE EXCEPTION 'a booking needs an account in good standing' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER booking_in_good_standing BEFORE INSERT OR UPDATE OF tenant_id, account_id ON booking
    FOR EACH ROW EXECUTE FUNCTION booking_in_good_standing();

-- What happened to a booking, in order; each row is also what its mails go by.
CREATE TABLE booking_event (
    id         uuid PRIMARY KEY,                  -- what the task that mails names
    tenant_id  uuid NOT NULL,
    booking_id uuid NOT NULL,
    number     integer NOT NULL CHECK (number > 0),  -- within the booking
    state      text NOT NULL CHECK (state IN ('REQUESTED', 'CONFIRMED', 'DECLINED', 'CANCELLED')),  -- that it came to
    account_id uuid NOT NULL,                     -- who did it
    at         timestamptz NOT NULL,
    request_id text NOT NULL,
    mailed     uuid[] NOT NULL DEFAULT '{}',      -- accounts that have the mail
    UNIQUE (tenant_id, booking_id, number),
    FOREIGN KEY (tenant_id, booking_id) REFERENCES booking (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
);

-- A booking becomes one job at most. Until now none was made of any.
DROP INDEX job_of_booking;
CREATE UNIQUE INDEX job_of_booking ON job (tenant_id, booking_id) WHERE booking_id IS NOT NULL;

-- +goose Down
DROP INDEX job_of_booking;
CREATE INDEX job_of_booking ON job (tenant_id, booking_id) WHERE booking_id IS NOT NULL;
DROP TABLE booking_event;
DROP TRIGGER booking_in_good_standing ON booking;
DROP FUNCTION booking_in_good_standing;
DROP INDEX booking_of_tenant, booking_in_state, booking_of_photographer;
ALTER TABLE booking DROP CONSTRAINT booking_has_its_day,
    DROP COLUMN package_name, DROP COLUMN included_images, DROP COLUMN all_images_included, DROP COLUMN extra_price, DROP COLUMN currency,
    DROP COLUMN photographer_id, DROP COLUMN confirmed_date, DROP COLUMN message, DROP COLUMN updated_at, DROP COLUMN events;
DROP TABLE package;
ALTER TABLE tenant_text DROP CONSTRAINT tenant_text_kind_check;
DELETE FROM tenant_text WHERE kind <> 'login_code';
ALTER TABLE tenant_text ADD CONSTRAINT tenant_text_kind_check CHECK (kind IN ('login_code'));
ALTER TABLE tenant DROP COLUMN time_zone;
