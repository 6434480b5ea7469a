-- Members: how many devices, which of a session's requests came from another one, and by
-- what people are found and counted.

-- +goose Up
-- At the device limit a sign-in is refused, or takes the place of the device unseen for longest.
ALTER TABLE tenant ADD COLUMN device_policy text NOT NULL DEFAULT 'REFUSE' CHECK (device_policy IN ('REFUSE', 'REPLACE_OLDEST'));

-- Requests that named another device than the session's; the third ends the session.
ALTER TABLE session ADD COLUMN mismatches integer NOT NULL DEFAULT 0 CHECK (mismatches BETWEEN 0 AND 3);

-- Addresses are looked up by how they begin, byte by byte, whatever the database's language.
CREATE INDEX account_by_address ON account (tenant_id, email_key COLLATE "C");
CREATE INDEX account_by_domain ON account (tenant_id, (split_part(email_key, '@', 2)) COLLATE "C", email_key COLLATE "C");
-- Who can run a studio right now: a handful.
CREATE INDEX account_of_staff ON account (tenant_id, id) WHERE role IN ('ADMIN', 'OPERATOR') AND blocked_at IS NULL;
-- Who was seen lately: reading them costs what they are, however many were seen before.
CREATE INDEX device_seen ON device (tenant_id, last_seen_at);

-- +goose Down
DROP INDEX account_by_address, account_by_domain, account_of_staff, device_seen;
ALTER TABLE session DROP COLUMN mismatches;
ALTER TABLE tenant DROP COLUMN device_policy;
