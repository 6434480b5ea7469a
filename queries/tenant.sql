-- name: Tenants :many
-- Every studio of the installation: a handful, read as a whole.
SELECT * FROM tenant ORDER BY created_at, id;

-- name: InsertTenant :execrows
INSERT INTO tenant (id, slug, name, hosts, origins, mail_from, locale, sign_up, created_at)
VALUES (@id, @slug, @name, @hosts, @origins, @mail_from, @locale, @sign_up, @created_at)
ON CONFLICT (slug) DO NOTHING;

-- name: TenantText :one
SELECT subject, body FROM tenant_text WHERE tenant_id = $1 AND kind = $2 AND locale = $3;

-- name: NameTenant :exec
UPDATE tenant SET name = $2 WHERE id = $1;

-- name: LockTenant :one
SELECT * FROM tenant WHERE id = $1 FOR NO KEY UPDATE;

-- name: SetTenantDevicePolicy :exec
UPDATE tenant SET device_policy = $2 WHERE id = $1;
