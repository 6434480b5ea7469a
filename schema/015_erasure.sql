-- People who were erased: their account stays as a number that records name, and nothing
-- of them stands in it. docs/privacy.md tells what becomes of every column.

-- +goose Up
ALTER TABLE account
    ADD COLUMN erased_at timestamptz,             -- null: not erased
    -- No address has a space in it: nobody signs in as, and no mail goes to, who was erased.
    ADD CONSTRAINT account_erased CHECK (erased_at IS NULL
        OR role = 'CUSTOMER' AND email_key LIKE 'erased %' AND email = email_key AND locale IS NULL AND verified_at IS NULL AND blocked_at IS NOT NULL);

-- A request that was under way when its account was erased writes nothing of it any more.
-- It waits for the erasure, or the erasure for it.
-- +goose StatementBegin
CREATE FUNCTION not_of_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM account a WHERE a.tenant_id = NEW.tenant_id AND a.id = NEW.account_id AND a.erased_at IS NULL FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the account was erased' USING ERRCODE = 'check_violation', CONSTRAINT = 'not_of_erased';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER not_of_erased BEFORE INSERT OR UPDATE OF tenant_id, account_id ON device FOR EACH ROW EXECUTE FUNCTION not_of_erased();
CREATE TRIGGER not_of_erased BEFORE INSERT OR UPDATE OF tenant_id, account_id ON session FOR EACH ROW EXECUTE FUNCTION not_of_erased();
CREATE TRIGGER not_of_erased BEFORE INSERT OR UPDATE OF tenant_id, account_id ON booking FOR EACH ROW EXECUTE FUNCTION not_of_erased();
CREATE TRIGGER not_of_erased BEFORE INSERT OR UPDATE OF tenant_id, account_id ON booking_event FOR EACH ROW EXECUTE FUNCTION not_of_erased();
CREATE TRIGGER not_of_erased BEFORE INSERT OR UPDATE OF tenant_id, account_id ON upload FOR EACH ROW EXECUTE FUNCTION not_of_erased();
CREATE TRIGGER not_of_erased BEFORE INSERT OR UPDATE OF tenant_id, account_id ON job
    FOR EACH ROW WHEN (NEW.account_id IS NOT NULL) EXECUTE FUNCTION not_of_erased();

-- For a person's export, which tells what they chose and uploaded, and what went out to them.
CREATE INDEX selection_event_of_account ON selection_event (tenant_id, account_id, at, id);
CREATE INDEX delivery_of_account ON delivery (tenant_id, account_id, at, id);
CREATE INDEX upload_of_account ON upload (tenant_id, account_id, id);
-- Past sessions as well as live ones: an erasure leaves none.
CREATE INDEX session_of_person ON session (tenant_id, account_id, device_id);

-- +goose Down
DROP INDEX selection_event_of_account, delivery_of_account, upload_of_account, session_of_person;
DROP TRIGGER not_of_erased ON job;
DROP TRIGGER not_of_erased ON upload;
DROP TRIGGER not_of_erased ON booking_event;
DROP TRIGGER not_of_erased ON booking;
DROP TRIGGER not_of_erased ON session;
DROP TRIGGER not_of_erased ON device;
DROP FUNCTION not_of_erased;
ALTER TABLE account DROP CONSTRAINT account_erased, DROP COLUMN erased_at;
