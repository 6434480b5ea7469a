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

-- name: LockTenantBySlug :one
-- A studio that is about to be set, one command at a time.
SELECT * FROM tenant WHERE slug = $1 FOR NO KEY UPDATE;

-- name: SetTenant :exec
UPDATE tenant SET name = @name, hosts = @hosts, origins = @origins, mail_from = @mail_from, locale = @locale, sign_up = @sign_up,
    time_zone = @time_zone, forget_after_days = @forget_after_days, watermark = @watermark, device_policy = @device_policy,
    upload_job_images = @upload_job_images, upload_job_bytes = @upload_job_bytes, upload_tenant_bytes = sqlc.narg(upload_tenant_bytes)
WHERE id = @id;

-- name: TenantTexts :many
SELECT * FROM tenant_text WHERE tenant_id = $1 ORDER BY kind, locale;

-- name: SetTenantText :exec
INSERT INTO tenant_text (tenant_id, kind, locale, subject, body) VALUES (@tenant_id, @kind, @locale, @subject, @body)
ON CONFLICT (tenant_id, kind, locale) DO UPDATE SET subject = EXCLUDED.subject, body = EXCLUDED.body;

-- name: ResetTenantText :execrows
DELETE FROM tenant_text WHERE tenant_id = $1 AND kind = $2 AND locale = $3;
