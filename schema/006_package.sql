-- What a job's package comes to, kept with every change of its pictures, and the payments of extras.

-- +goose Up
ALTER TABLE job
    ADD COLUMN included_count      integer NOT NULL DEFAULT 0,   -- pictures in that state; kept by image_counts
    ADD COLUMN extra_pending_count integer NOT NULL DEFAULT 0,
    ADD COLUMN extra_paid_count    integer NOT NULL DEFAULT 0,
    ADD COLUMN extra_free_count    integer NOT NULL DEFAULT 0,
    ADD COLUMN delivered_count     integer NOT NULL DEFAULT 0;

UPDATE job j SET included_count = c.included, extra_pending_count = c.pending, extra_paid_count = c.paid,
                 extra_free_count = c.free, delivered_count = c.delivered
FROM (
    SELECT tenant_id, job_id, count(delivered_at) AS delivered,
           count(*) FILTER (WHERE selection_state = 'INCLUDED') AS included, count(*) FILTER (WHERE selection_state = 'EXTRA_PENDING') AS pending,
           count(*) FILTER (WHERE selection_state = 'EXTRA_PAID') AS paid, count(*) FILTER (WHERE selection_state = 'EXTRA_FREE') AS free
    FROM image GROUP BY tenant_id, job_id
) c WHERE c.tenant_id = j.tenant_id AND c.job_id = j.id;

-- Whoever forgets the job's lock gets past the rule in internal/job, and not past this.
ALTER TABLE job
    ADD CONSTRAINT job_within_package CHECK (included_count BETWEEN 0 AND included_images),
    ADD CONSTRAINT job_extra_pending_count CHECK (extra_pending_count >= 0),
    ADD CONSTRAINT job_extra_paid_count CHECK (extra_paid_count >= 0),
    ADD CONSTRAINT job_extra_free_count CHECK (extra_free_count >= 0),
    ADD CONSTRAINT job_delivered_count CHECK (delivered_count >= 0);

-- A job's numbers follow its pictures, whichever statement writes them: they are read
-- with the job, and never counted. The row of the job is locked by it.
-- +goose StatementBegin
CREATE FUNCTION image_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE job j SET image_count = j.image_count + c.images, included_count = j.included_count + c.included,
               extra_pending_count = j.extra_pending_count + c.pending, extra_paid_count = j.extra_paid_count + c.paid,
               extra_free_count = j.extra_free_count + c.free, delivered_count = j.delivered_count + c.delivered
        FROM (
            SELECT tenant_id, job_id, count(*) AS images, count(delivered_at) AS delivered,
                   count(*) FILTER (WHERE selection_state = 'INCLUDED') AS included, count(*) FILTER (WHERE selection_state = 'EXTRA_PENDING') AS pending,
                   count(*) FILTER (WHERE selection_state = 'EXTRA_PAID') AS paid, count(*) FILTER (WHERE selection_state = 'EXTRA_FREE') AS free
            FROM after GROUP BY tenant_id, job_id
        ) c WHERE j.tenant_id = c.tenant_id AND j.id = c.job_id;
    ELSE
        UPDATE job j SET included_count = j.included_count + c.included,
               extra_pending_count = j.extra_pending_count + c.pending, extra_paid_count = j.extra_paid_count + c.paid,
               extra_free_count = j.extra_free_count + c.free, delivered_count = j.delivered_count + c.delivered
        FROM (
            SELECT tenant_id, job_id, coalesce(sum(n) FILTER (WHERE delivered_at IS NOT NULL), 0) AS delivered,
                   coalesce(sum(n) FILTER (WHERE selection_state = 'INCLUDED'), 0) AS included,
                   coalesce(sum(n) FILTER (WHERE selection_state = 'EXTRA_PENDING'), 0) AS pending,
                   coalesce(sum(n) FILTER (WHERE selection_state = 'EXTRA_PAID'), 0) AS paid,
                   coalesce(sum(n) FILTER (WHERE selection_state = 'EXTRA_FREE'), 0) AS free
            FROM (SELECT *, 1 AS n FROM after UNION ALL SELECT *, -1 FROM before) moved GROUP BY tenant_id, job_id
        ) c WHERE j.tenant_id = c.tenant_id AND j.id = c.job_id AND (c.delivered, c.included, c.pending, c.paid, c.free) <> (0, 0, 0, 0, 0);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER image_inserted AFTER INSERT ON image REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION image_counts();
CREATE TRIGGER image_updated AFTER UPDATE ON image REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION image_counts();

-- A payment of extras. The same reference again is the same payment.
CREATE TABLE settlement (
    id                uuid PRIMARY KEY,
    tenant_id         uuid NOT NULL,
    job_id            uuid NOT NULL,
    account_id        uuid NOT NULL,              -- the admin who settled it
    payment_reference text NOT NULL CHECK (length(payment_reference) BETWEEN 1 AND 100),
    image_ids         uuid[] NOT NULL CHECK (cardinality(image_ids) > 0),  -- sorted
    request_id        text NOT NULL,
    at                timestamptz NOT NULL,
    UNIQUE (tenant_id, payment_reference),
    FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
);

-- +goose Down
DROP TABLE settlement;
DROP TRIGGER image_inserted ON image;
DROP TRIGGER image_updated ON image;
DROP FUNCTION image_counts;
ALTER TABLE job
    DROP CONSTRAINT job_within_package, DROP CONSTRAINT job_extra_pending_count, DROP CONSTRAINT job_extra_paid_count,
    DROP CONSTRAINT job_extra_free_count, DROP CONSTRAINT job_delivered_count,
    DROP COLUMN included_count, DROP COLUMN extra_pending_count, DROP COLUMN extra_paid_count, DROP COLUMN extra_free_count, DROP COLUMN delivered_count;
