-- name: WebhooksFor :many
-- The live webhooks of a studio that want an event, and how much waits for each, of so much
-- at most. They are not removed until the transaction ends: who removes one waits.
SELECT w.id, (SELECT count(*) FROM (
    SELECT FROM webhook_delivery d WHERE d.tenant_id = w.tenant_id AND d.webhook_id = w.id AND d.state = 'PENDING' LIMIT @max_rows
) AS waiting)::integer AS waiting
FROM webhook w
WHERE w.tenant_id = $1 AND w.disabled_at IS NULL AND @type::text = ANY(w.events)
ORDER BY w.id FOR KEY SHARE OF w;

-- name: DropForWebhooks :exec
-- Noted once a minute: whoever queues at the same time should not wait.
UPDATE webhook SET dropped_at = @now::timestamptz WHERE tenant_id = $1 AND id = ANY(@ids::uuid[]) AND (dropped_at IS NULL OR dropped_at < @before);

-- name: TakeReleasesToTell :many
-- Those of a job's pictures of which nothing was told lately. Call it with the job locked.
UPDATE image SET release_told_at = @now::timestamptz
WHERE tenant_id = $1 AND job_id = $2 AND id = ANY(@ids::uuid[]) AND (release_told_at IS NULL OR release_told_at <= @before::timestamptz)
RETURNING id;

-- name: InsertWebhookEvents :exec
INSERT INTO webhook_event (id, tenant_id, type, body, sameness, created_at)
SELECT e.id, @tenant_id, @type, e.body, @sameness, @now
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@bodies::text[]) AS body) e;

-- name: InsertWebhookDeliveries :exec
INSERT INTO webhook_delivery (id, tenant_id, webhook_id, event_id, state, attempts, created_at)
SELECT d.id, @tenant_id, d.webhook_id, d.event_id, 'PENDING', 0, @now
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@webhook_ids::uuid[]) AS webhook_id, unnest(@event_ids::uuid[]) AS event_id) d;

-- name: LockSameness :exec
-- One at a time tells what is told once in a while.
SELECT pg_advisory_xact_lock(hashtextextended('pixgate webhook ' || @studio::text || @sameness::text, 0));

-- name: WasToldAlike :one
SELECT EXISTS (SELECT FROM webhook_event WHERE tenant_id = $1 AND sameness = @sameness AND sameness <> '' AND created_at > @since);

-- name: Webhooks :many
-- Those of a studio: ten at most.
SELECT * FROM webhook WHERE tenant_id = $1 ORDER BY created_at, id;

-- name: WebhookByID :one
SELECT * FROM webhook WHERE tenant_id = $1 AND id = $2;

-- name: LockWebhook :one
SELECT * FROM webhook WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE;

-- name: InsertWebhook :one
INSERT INTO webhook (id, tenant_id, url, events, secret, created_at)
VALUES (@id, @tenant_id, @url, @events, @secret, @now) RETURNING *;

-- name: SetWebhook :one
-- One that is switched on again begins anew.
UPDATE webhook SET url = @url, events = @events, disabled_at = @disabled_at, disabled_why = @disabled_why, failing_since = @failing_since
WHERE tenant_id = $1 AND id = $2 RETURNING *;

-- name: RotateWebhookSecret :one
UPDATE webhook SET old_secret = secret, old_until = @old_until::timestamptz, secret = @secret WHERE tenant_id = $1 AND id = $2 RETURNING *;

-- name: SetWebhookFailing :exec
UPDATE webhook SET failing_since = @failing_since WHERE tenant_id = $1 AND id = $2;

-- name: RemoveWebhook :exec
-- With its deliveries: what waits goes nowhere.
DELETE FROM webhook WHERE tenant_id = $1 AND id = $2;

-- name: EndWebhookDeliveries :exec
-- What waits for a webhook that is switched off goes nowhere. See LockWebhooksOf.
UPDATE webhook_delivery d SET state = 'DEAD', last_trouble = 'disabled', next_at = NULL
WHERE d.tenant_id = $1 AND d.webhook_id = (SELECT w.id FROM webhook w WHERE w.tenant_id = $1 AND w.id = @webhook_id FOR NO KEY UPDATE) AND d.state = 'PENDING';

-- name: DeliveryToPost :one
SELECT sqlc.embed(d), sqlc.embed(w), e.type, e.body
FROM webhook_delivery d
JOIN webhook w ON w.tenant_id = d.tenant_id AND w.id = d.webhook_id
JOIN webhook_event e ON e.tenant_id = d.tenant_id AND e.id = d.event_id
WHERE d.id = $1;

-- name: ClaimDelivery :execrows
-- Nobody else posts it until then.
UPDATE webhook_delivery SET next_at = @until::timestamptz WHERE tenant_id = $1 AND id = $2 AND state = 'PENDING' AND (next_at IS NULL OR next_at <= @now::timestamptz);

-- name: DueDelivery :one
-- One that waits for a webhook and is due.
SELECT id FROM webhook_delivery
WHERE tenant_id = $1 AND webhook_id = @webhook_id AND state = 'PENDING' AND (next_at IS NULL OR next_at <= @now::timestamptz)
ORDER BY created_at, id LIMIT 1;

-- name: NoteDelivery :execrows
-- How an attempt went; no row where another run has noted its own.
UPDATE webhook_delivery SET state = @state, attempts = attempts + 1, last_status = @last_status, last_trouble = @last_trouble,
    last_at = @last_at::timestamptz, next_at = @next_at
WHERE tenant_id = $1 AND id = $2 AND state = 'PENDING' AND attempts = @attempts;

-- name: WebhookDeliveries :many
-- The newest first.
SELECT sqlc.embed(d), e.type, e.body FROM webhook_delivery d JOIN webhook_event e ON e.tenant_id = d.tenant_id AND e.id = d.event_id
WHERE d.tenant_id = $1 AND d.webhook_id = @webhook_id AND (d.created_at, d.id) < (@before_at, @before_id::uuid)
ORDER BY d.created_at DESC, d.id DESC LIMIT @max_rows;

-- name: WebhookDeliveryByID :one
SELECT sqlc.embed(d), e.type, e.body FROM webhook_delivery d JOIN webhook_event e ON e.tenant_id = d.tenant_id AND e.id = d.event_id
WHERE d.tenant_id = $1 AND d.id = $2;

-- name: RestartDelivery :execrows
UPDATE webhook_delivery SET state = 'PENDING', attempts = 0, next_at = NULL WHERE tenant_id = $1 AND id = $2 AND state <> 'PENDING';

-- name: OldWebhookEvents :many
-- Some of those made before an id.
SELECT id FROM webhook_event WHERE id < @before::uuid ORDER BY id LIMIT 1000;

-- name: LockWebhooksOf :exec
-- The webhooks that events went to: whoever takes several of a webhook's deliveries holds the
-- webhook first, or would meet a purge that comes from the other side.
SELECT FROM webhook WHERE id IN (SELECT d.webhook_id FROM webhook_event e JOIN webhook_delivery d ON d.tenant_id = e.tenant_id AND d.event_id = e.id
    WHERE e.id = ANY(@events::uuid[])) ORDER BY id FOR NO KEY UPDATE;

-- name: PurgeWebhookEvents :exec
-- With their deliveries.
DELETE FROM webhook_event WHERE id = ANY(@events::uuid[]);
