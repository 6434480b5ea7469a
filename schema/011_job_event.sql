-- Jobs tell whoever listens that they changed, and memberships that they did: ids only, in
-- the transaction of the change, so that no writer can forget it and nothing is told that
-- was rolled back. internal/feed listens. Whatever a client can't see is not told: a
-- transaction that tells something waits for its turn to commit.

-- +goose Up
-- +goose StatementBegin
-- At most 100 ids at once: PostgreSQL takes 7,999 bytes. Alike ones of a transaction are told once.
CREATE FUNCTION tell_job(kind text, job_id uuid, ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('pixgate_job', concat_ws(' ', kind, job_id, nullif(array_to_string(ids[n:n + 99], ','), '')))
    FROM generate_series(1, greatest(cardinality(ids), 1), 100) n;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION image_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM tell_job('IMAGES_ADDED', a.job_id, array_agg(a.id ORDER BY a.position, a.id)) FROM after a GROUP BY a.job_id;
    ELSE
        PERFORM tell_job(c.kind, c.job_id, array_agg(c.id ORDER BY c.position, c.id))
        FROM (
            SELECT a.id, a.job_id, a.position,
                   CASE WHEN a.selection_state <> b.selection_state THEN 'SELECTION_CHANGED' ELSE 'IMAGES_DELIVERED' END AS kind
            FROM after a JOIN before b ON b.id = a.id
            WHERE (a.selection_state, a.delivered_at) IS DISTINCT FROM (b.selection_state, b.delivered_at)
        ) c GROUP BY c.kind, c.job_id;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER image_inserted_told AFTER INSERT ON image REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION image_told();
CREATE TRIGGER image_updated_told AFTER UPDATE ON image REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION image_told();

-- Of its state alone: of nothing else a client could see a difference.
-- +goose StatementBegin
CREATE FUNCTION upload_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM tell_job('UPLOAD_CHANGED', a.job_id, array_agg(a.id ORDER BY a.created_at, a.id)) FROM after a GROUP BY a.job_id;
    ELSE
        PERFORM tell_job('UPLOAD_CHANGED', a.job_id, array_agg(a.id ORDER BY a.created_at, a.id))
        FROM after a JOIN before b ON b.id = a.id WHERE a.state <> b.state GROUP BY a.job_id;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER upload_inserted_told AFTER INSERT ON upload REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION upload_told();
CREATE TRIGGER upload_updated_told AFTER UPDATE ON upload REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION upload_told();

-- Not of the numbers that follow the pictures and the uploads: those are told with them.
-- +goose StatementBegin
CREATE FUNCTION job_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_job('JOB_CHANGED', NEW.id, '{}');
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER job_told AFTER UPDATE ON job FOR EACH ROW
    WHEN ((OLD.title, OLD.status, OLD.included_images, OLD.all_images_included, OLD.sells_extras, OLD.customer_uploads, OLD.account_id, OLD.photographer_id)
        IS DISTINCT FROM (NEW.title, NEW.status, NEW.included_images, NEW.all_images_included, NEW.sells_extras, NEW.customer_uploads, NEW.account_id, NEW.photographer_id))
    EXECUTE FUNCTION job_told();

-- Whose sessions should be looked at again. The argument is the column that names the account.
-- +goose StatementBegin
CREATE FUNCTION membership_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('pixgate_account', to_jsonb(NEW) ->> TG_ARGV[0]);
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER account_told AFTER UPDATE ON account FOR EACH ROW
    WHEN ((OLD.role, OLD.blocked_at, OLD.valid_until) IS DISTINCT FROM (NEW.role, NEW.blocked_at, NEW.valid_until))
    EXECUTE FUNCTION membership_told('id');
CREATE TRIGGER device_told AFTER UPDATE ON device FOR EACH ROW
    WHEN (OLD.removed_at IS DISTINCT FROM NEW.removed_at) EXECUTE FUNCTION membership_told('account_id');
CREATE TRIGGER session_told AFTER UPDATE ON session FOR EACH ROW
    WHEN ((OLD.revoked_at, OLD.expires_at) IS DISTINCT FROM (NEW.revoked_at, NEW.expires_at)) EXECUTE FUNCTION membership_told('account_id');

-- +goose Down
DROP TRIGGER session_told ON session;
DROP TRIGGER device_told ON device;
DROP TRIGGER account_told ON account;
DROP TRIGGER job_told ON job;
DROP TRIGGER upload_updated_told ON upload;
DROP TRIGGER upload_inserted_told ON upload;
DROP TRIGGER image_updated_told ON image;
DROP TRIGGER image_inserted_told ON image;
DROP FUNCTION membership_told, job_told, upload_told, image_told, tell_job;
