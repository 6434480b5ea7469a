-- name: InsertSecurityEvents :exec
-- One statement for as many rows as there are. The nil id and an empty key stand for
-- null. Writing a row again does nothing.
INSERT INTO security_event (id, tenant_id, event, account_id, address_key, route, detail, request_id, count, first_at, last_at)
SELECT unnest(@ids::uuid[]), nullif(unnest(@tenant_ids::uuid[]), '00000000-0000-0000-0000-000000000000'), unnest(@events::text[]),
       nullif(unnest(@account_ids::uuid[]), '00000000-0000-0000-0000-000000000000'), nullif(unnest(@address_keys::bytea[]), ''),
       unnest(@routes::text[]), unnest(@details::text[]), unnest(@request_ids::text[]), unnest(@counts::bigint[]),
       unnest(@first_at::timestamptz[]), unnest(@last_at::timestamptz[])
ON CONFLICT DO NOTHING;

-- name: RaiseSecurityAlert :one
-- Claims the alert for an event of a studio (or, with the nil id, of the installation):
-- returns a row to exactly one caller where at least threshold of them happened since
-- a time, and the last alert is over. Nothing is counted while that is not.
INSERT INTO security_alert AS a (id, tenant_id, event, seen, since, raised_at)
SELECT @id, nullif(@scope::uuid, '00000000-0000-0000-0000-000000000000'), @event, counted.seen, @since, @now
FROM (
    SELECT coalesce(sum(e.count), 0)::bigint AS seen FROM (
        SELECT count FROM security_event
        WHERE coalesce(tenant_id, '00000000-0000-0000-0000-000000000000') = @scope::uuid AND event = @event AND last_at > @since
          AND NOT EXISTS (
              SELECT FROM security_alert quiet
              WHERE coalesce(quiet.tenant_id, '00000000-0000-0000-0000-000000000000') = @scope::uuid AND quiet.event = @event AND quiet.raised_at > @quiet_since)
        LIMIT @max_rows
    ) e
) counted
WHERE counted.seen >= @threshold::bigint
ON CONFLICT (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'), event) DO UPDATE SET id = EXCLUDED.id, seen = EXCLUDED.seen, since = EXCLUDED.since, raised_at = EXCLUDED.raised_at, mailed = '{}'
WHERE a.raised_at <= @quiet_since
RETURNING a.seen;

-- name: SecurityAlert :one
-- With the name of its studio; null: the installation.
SELECT sqlc.embed(a), t.slug FROM security_alert a LEFT JOIN tenant t ON t.id = a.tenant_id WHERE a.id = $1;

-- name: MarkAlertMailed :exec
UPDATE security_alert SET mailed = mailed || @account_id::uuid WHERE id = $1;

-- name: StaffToAlert :many
-- Whom a studio's alert goes to.
SELECT id, tenant_id, email FROM account
WHERE tenant_id = $1 AND role IN ('ADMIN', 'OPERATOR') AND blocked_at IS NULL ORDER BY id;

-- name: OperatorsToAlert :many
-- Whom the installation's alert goes to.
SELECT id, tenant_id, email FROM account
WHERE role = 'OPERATOR' AND blocked_at IS NULL ORDER BY id;

-- name: SecurityEvents :many
-- The newest first, of studios and, as the nil id, of the installation.
SELECT e.* FROM unnest(@scopes::uuid[]) AS scope (id) CROSS JOIN LATERAL (
    SELECT * FROM security_event
    WHERE coalesce(tenant_id, '00000000-0000-0000-0000-000000000000') = scope.id
      AND last_at >= @from_at AND (last_at, security_event.id) < (@before_at, @before_id::uuid)
    ORDER BY last_at DESC, security_event.id DESC LIMIT @max_rows
) e ORDER BY e.last_at DESC, e.id DESC LIMIT @max_rows;

-- name: SecurityEventsOfKind :many
SELECT e.* FROM unnest(@scopes::uuid[]) AS scope (id) CROSS JOIN LATERAL (
    SELECT * FROM security_event
    WHERE coalesce(tenant_id, '00000000-0000-0000-0000-000000000000') = scope.id AND event = @event
      AND last_at >= @from_at AND (last_at, security_event.id) < (@before_at, @before_id::uuid)
    ORDER BY last_at DESC, security_event.id DESC LIMIT @max_rows
) e ORDER BY e.last_at DESC, e.id DESC LIMIT @max_rows;

-- name: SecurityEventByID :one
SELECT * FROM security_event WHERE id = $1 AND coalesce(tenant_id, '00000000-0000-0000-0000-000000000000') = ANY(@scopes::uuid[]);

-- name: InstallationEventSince :one
-- Whether the installation had such an event about this since a time.
SELECT EXISTS (
    SELECT FROM security_event
    WHERE coalesce(tenant_id, '00000000-0000-0000-0000-000000000000') = '00000000-0000-0000-0000-000000000000'
      AND event = @event AND detail = @detail AND last_at > @since
);

-- name: PurgeSecurityEvents :execrows
-- Rows made before an id, so many at a time that none of the statements takes long.
DELETE FROM security_event WHERE id IN (SELECT old.id FROM security_event old WHERE old.id < @before::uuid ORDER BY old.id LIMIT 10000);
