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

-- name: PackagesOfStudio :many
-- The packages of a studio's jobs, behind one of them, and what the newest entries about
-- each say; empty where there is none.
SELECT j.id, j.included_images, j.all_images_included, coalesce((
    SELECT e.new_value FROM audit_entry e
    WHERE e.tenant_id = j.tenant_id AND e.job_id = j.id AND e.action = ANY(@included_actions::text[]) ORDER BY e.sequence DESC LIMIT 1
), '')::text AS included_value, coalesce((
    SELECT e.new_value FROM audit_entry e
    WHERE e.tenant_id = j.tenant_id AND e.job_id = j.id AND e.action = ANY(@all_actions::text[]) ORDER BY e.sequence DESC LIMIT 1
), '')::text AS all_value
FROM job j WHERE j.tenant_id = $1 AND j.id > @after_id::uuid ORDER BY j.id LIMIT @max_rows;
