-- How many of a studio's uploads wait to be taken in is asked for each: see UploadsToTake.

-- +goose Up
CREATE INDEX upload_verifying ON upload (tenant_id, id) WHERE state = 'VERIFYING';

-- +goose Down
DROP INDEX upload_verifying;
