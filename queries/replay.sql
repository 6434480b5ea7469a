-- name: StatesOfStudio :many
-- The states of a studio's pictures, behind one of them.
SELECT job_id, id, selection_state FROM image
WHERE tenant_id = $1 AND (job_id, id) > (@after_job::uuid, @after_id::uuid)
ORDER BY job_id, id LIMIT @max_rows;

-- name: SelectionsOf :many
-- What customers chose about these pictures, in order.
SELECT image_id, old_state, new_state, at FROM selection_event
WHERE tenant_id = $1 AND image_id = ANY(@ids::uuid[]) ORDER BY image_id, at, id;

-- name: StateEntriesOf :many
-- How the studio moved these pictures, in order.
SELECT image_id::uuid AS image_id, old_value::text AS old_value, new_value::text AS new_value, at FROM audit_entry
WHERE tenant_id = $1 AND image_id = ANY(@ids::uuid[]) AND action = ANY(@actions::text[])
ORDER BY image_id, sequence;
