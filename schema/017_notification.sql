-- What customers are told by mail, who does not want that, and whose mailbox refuses mail.

-- +goose Up
ALTER TABLE tenant_text DROP CONSTRAINT tenant_text_kind_check;
ALTER TABLE tenant_text ADD CONSTRAINT tenant_text_kind_check CHECK (kind IN ('login_code',
    'booking_received', 'booking_confirmed', 'booking_declined', 'booking_cancelled', 'booking_requested', 'booking_withdrawn',
    'job_ready', 'extras_settled', 'studio_message'));

-- Something that the customer of a job is told; whom that is, the task that mails it asks.
CREATE TABLE notification (
    id         uuid PRIMARY KEY,                  -- what the task names
    tenant_id  uuid NOT NULL,
    job_id     uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('job_ready', 'extras_settled', 'studio_message')),
    message    text NOT NULL CHECK (length(message) <= 1000),  -- of the studio's people
    images     integer NOT NULL CHECK (images >= 0),           -- how many extras were settled
    created_at timestamptz NOT NULL,
    mailed_at  timestamptz,                       -- null: not yet, or nobody wanted it
    FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id)
);
CREATE INDEX notification_of_job ON notification (tenant_id, job_id);
CREATE INDEX notification_old ON notification (created_at);

-- A way out of such mail: each mail that is sent has its own, good once.
CREATE TABLE unsubscribe_token (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    tenant_id  uuid NOT NULL REFERENCES tenant,
    email_key  text NOT NULL,
    created_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX unsubscribe_token_of_address ON unsubscribe_token (tenant_id, email_key);
CREATE INDEX unsubscribe_token_old ON unsubscribe_token (created_at);

-- Addresses that get none of a studio's notifications, with or without an account.
CREATE TABLE unsubscribed (
    tenant_id  uuid NOT NULL REFERENCES tenant,
    email_key  text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, email_key)
);

-- Mailboxes that refuse mail, for all studios: they share one account at SES. BOUNCE: no
-- mail at all goes there; COMPLAINT: no notifications.
CREATE TABLE mail_suppression (
    email_key  text PRIMARY KEY,
    cause      text NOT NULL CHECK (cause IN ('BOUNCE', 'COMPLAINT')),
    created_at timestamptz NOT NULL
);
CREATE INDEX mail_suppression_old ON mail_suppression (created_at);

-- Reports of SES that were heard already.
CREATE TABLE mail_report (
    id          text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 100),  -- SNS's MessageId
    received_at timestamptz NOT NULL
);
CREATE INDEX mail_report_old ON mail_report (received_at);

-- +goose Down
DROP TABLE mail_report, mail_suppression, unsubscribed, unsubscribe_token, notification;
DELETE FROM tenant_text WHERE kind IN ('job_ready', 'extras_settled', 'studio_message');
ALTER TABLE tenant_text DROP CONSTRAINT tenant_text_kind_check;
ALTER TABLE tenant_text ADD CONSTRAINT tenant_text_kind_check CHECK (kind IN ('login_code',
    'booking_received', 'booking_confirmed', 'booking_declined', 'booking_cancelled', 'booking_requested', 'booking_withdrawn'));
