-- How far the ZIP archives got that went out.

-- +goose Up
ALTER TABLE delivery
    ADD COLUMN session_id uuid,                   -- only of archives, like all of these; sessions are purged, so it refers to none
    ADD COLUMN state      text,
    ADD COLUMN resumed    boolean,                -- went on where an earlier request was cut
    ADD COLUMN bytes_sent bigint CHECK (bytes_sent >= 0),
    ADD COLUMN ended_at   timestamptz,            -- null while it runs, and where the server went down with it
    ADD CONSTRAINT delivery_archive_state CHECK (state IN ('STARTED', 'FINISHED', 'CUT')),
    ADD CONSTRAINT delivery_of_archive CHECK ((way = 'ZIP') = (session_id IS NOT NULL)
        AND (way = 'ZIP') = (state IS NOT NULL) AND (way = 'ZIP') = (resumed IS NOT NULL) AND (way = 'ZIP') = (bytes_sent IS NOT NULL)),
    ADD CONSTRAINT delivery_ended CHECK ((coalesce(state, 'STARTED') <> 'STARTED') = (ended_at IS NOT NULL));

-- +goose Down
ALTER TABLE delivery DROP CONSTRAINT delivery_ended, DROP CONSTRAINT delivery_of_archive,
    DROP COLUMN session_id, DROP COLUMN state, DROP COLUMN resumed, DROP COLUMN bytes_sent, DROP COLUMN ended_at;
