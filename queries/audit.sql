-- name: LockHead :one
-- The end of a studio's chain, locked until the transaction ends. Call it last.
SELECT sequence, hash, at FROM audit_head WHERE tenant_id = $1 FOR UPDATE;

-- name: StartChain :exec
INSERT INTO audit_head (tenant_id, sequence, hash) VALUES (@tenant_id, 0, @hash) ON CONFLICT DO NOTHING;

-- name: MoveHead :exec
UPDATE audit_head SET sequence = @sequence, hash = @hash, at = @at WHERE tenant_id = @tenant_id;

-- name: InsertAuditEntries :batchexec
INSERT INTO audit_entry (id, tenant_id, sequence, at, actor_id, action, job_id, image_id, account_id,
                         old_value, new_value, reason, request_id, canonical, prev, hash, key_id)
VALUES (@id, @tenant_id, @sequence, @at, @actor_id, @action, @job_id, @image_id, @account_id,
        @old_value, @new_value, @reason, @request_id, @canonical, @prev, @hash, @key_id);
