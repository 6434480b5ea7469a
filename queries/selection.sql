-- name: InsertSelectionEvents :exec
-- What a customer chose, a row for each picture.
INSERT INTO selection_event (id, tenant_id, job_id, image_id, account_id, old_state, new_state, request_id, at)
SELECT m.id, @tenant_id, @job_id, m.image_id, @account_id, m.old_state, m.new_state, @request_id, @now
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@image_ids::uuid[]) AS image_id,
             unnest(@old_states::text[]) AS old_state, unnest(@new_states::text[]) AS new_state) m;

-- name: SettlementByReference :one
SELECT * FROM settlement WHERE tenant_id = $1 AND payment_reference = $2;

-- name: InsertSettlement :execrows
-- No row where the studio has a payment of this reference already.
INSERT INTO settlement (id, tenant_id, job_id, account_id, payment_reference, image_ids, request_id, at)
VALUES (@id, @tenant_id, @job_id, @account_id, @payment_reference, @image_ids, @request_id, @now)
ON CONFLICT (tenant_id, payment_reference) DO NOTHING;
