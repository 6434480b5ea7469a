-- name: Packages :many
-- What a studio offers, and offered: a hundred at most.
SELECT * FROM package WHERE tenant_id = $1 ORDER BY key;

-- name: LockOffer :exec
-- One change of a studio's offer at a time.
SELECT FROM tenant WHERE id = $1 FOR NO KEY UPDATE;

-- name: SetPackage :one
INSERT INTO package (tenant_id, key, name, description, included_images, all_images_included, extra_price, currency, active, created_at)
VALUES (@tenant_id, @key, @name, @description, @included_images, @all_images_included, @extra_price, @currency, @active, @now)
ON CONFLICT (tenant_id, key) DO UPDATE SET name = EXCLUDED.name, description = EXCLUDED.description, included_images = EXCLUDED.included_images,
    all_images_included = EXCLUDED.all_images_included, extra_price = EXCLUDED.extra_price, currency = EXCLUDED.currency, active = EXCLUDED.active
RETURNING *;
