-- What a studio sets its own way; and that no two studios answer to one name.

-- +goose Up
ALTER TABLE tenant
    ADD COLUMN forget_after_days integer CHECK (forget_after_days BETWEEN 90 AND 36500),  -- customers not seen for so long; null: never
    ADD COLUMN watermark         text NOT NULL DEFAULT '' CHECK (length(watermark) <= 40); -- over previews; empty: none

-- A host or an origin leads to one studio. Whoever writes some waits for whoever does so
-- at the same moment: each then sees what the other one wrote.
-- +goose StatementBegin
CREATE FUNCTION tenant_apart() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    other record;
BEGIN
    PERFORM pg_advisory_xact_lock(0, 14);
    SELECT t.slug, h.name, h.what INTO other
    FROM tenant t, LATERAL (
        SELECT unnest(t.hosts) AS name, 'host' AS what UNION ALL SELECT unnest(t.origins), 'origin'
    ) h
    WHERE t.id <> NEW.id AND (h.what = 'host' AND h.name = ANY(NEW.hosts) OR h.what = 'origin' AND h.name = ANY(NEW.origins))
    ORDER BY h.what, h.name LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'two studios share a name' USING ERRCODE = 'unique_violation', CONSTRAINT = 'tenant_apart',
            DETAIL = format('the %s %s is the studio %s''s already', other.what, other.name, other.slug);
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER tenant_apart BEFORE INSERT OR UPDATE OF hosts, origins ON tenant
    FOR EACH ROW EXECUTE FUNCTION tenant_apart();

-- +goose Down
DROP TRIGGER tenant_apart ON tenant;
DROP FUNCTION tenant_apart;
ALTER TABLE tenant DROP COLUMN forget_after_days, DROP COLUMN watermark;
