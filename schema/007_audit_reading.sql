-- What the audit log is read by.

-- +goose Up
-- The time of the newest entry: none gets an earlier one, whatever the clocks of several
-- servers say, so that a span of time is a span of sequences.
ALTER TABLE audit_head ADD COLUMN at timestamptz NOT NULL DEFAULT 'epoch';
UPDATE audit_head h SET at = coalesce((SELECT max(e.at) FROM audit_entry e WHERE e.tenant_id = h.tenant_id), 'epoch');

CREATE INDEX audit_entry_in_time ON audit_entry (tenant_id, at, sequence);
CREATE INDEX audit_entry_of_action ON audit_entry (tenant_id, action, sequence);
CREATE INDEX audit_entry_of_actor ON audit_entry (tenant_id, actor_id, sequence) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_entry_of_actor_and_action ON audit_entry (tenant_id, actor_id, action, sequence) WHERE actor_id IS NOT NULL;
-- For an image's history, which puts entries among events that have no sequence.
CREATE INDEX audit_entry_in_history ON audit_entry (tenant_id, image_id, at, id) WHERE image_id IS NOT NULL;
CREATE INDEX audit_entry_in_history_of_job ON audit_entry (tenant_id, job_id, at, id) WHERE image_id IS NULL AND job_id IS NOT NULL;
-- Likewise: with the id, or a page of it would have to be sorted.
DROP INDEX delivery_of_job;
CREATE INDEX delivery_of_job ON delivery (tenant_id, job_id, at, id);

-- +goose Down
DROP INDEX delivery_of_job;
CREATE INDEX delivery_of_job ON delivery (tenant_id, job_id, at);
DROP INDEX audit_entry_in_time, audit_entry_of_action, audit_entry_of_actor, audit_entry_of_actor_and_action,
    audit_entry_in_history, audit_entry_in_history_of_job;
ALTER TABLE audit_head DROP COLUMN at;
