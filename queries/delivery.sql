-- name: RecordDelivery :exec
-- One row a request, whatever the number of pictures.
INSERT INTO delivery (id, tenant_id, job_id, account_id, staff, way, image_ids, request_id, at)
VALUES (@id, @tenant_id, @job_id, @account_id, @staff, @way, @image_ids, @request_id, @now);

-- name: MarkDelivered :exec
-- Call it with the job locked.
UPDATE image SET delivered_at = @now WHERE tenant_id = $1 AND job_id = $2 AND id = ANY(@ids::uuid[]) AND delivered_at IS NULL;

-- name: TookArchive :one
-- Whether a customer got pictures of a job by an archive since then.
SELECT EXISTS (SELECT FROM delivery WHERE tenant_id = $1 AND account_id = $2 AND job_id = $3 AND way = 'ZIP' AND NOT staff AND at > @since);
