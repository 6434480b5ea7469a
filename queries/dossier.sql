-- name: EraseChallenges :exec
-- Before the codes: whoever tries one locks them in this order, too.
DELETE FROM login_challenge WHERE id IN (
    SELECT h.id FROM login_challenge h JOIN login_code c ON c.tenant_id = h.tenant_id AND c.id = h.code_id
    WHERE c.tenant_id = $1 AND c.email_key = $2 ORDER BY h.id FOR UPDATE OF h
);

-- name: EraseCodes :exec
DELETE FROM login_code WHERE id IN (
    SELECT c.id FROM login_code c WHERE c.tenant_id = $1 AND c.email_key = $2 ORDER BY c.id FOR UPDATE
);

-- name: LockJobsOfCustomer :many
-- The jobs of a customer and those that wait for the address, in the order in which all
-- lock jobs.
SELECT j.id, j.status FROM job j
WHERE j.tenant_id = $1 AND j.id IN (
    SELECT o.id FROM job o WHERE o.tenant_id = $1 AND o.account_id = @account_id::uuid
    UNION ALL SELECT u.id FROM job u WHERE u.tenant_id = $1 AND u.customer_email_key = @email_key AND u.account_id IS NULL
)
ORDER BY j.id FOR NO KEY UPDATE OF j;

-- name: LockPerson :one
SELECT * FROM account WHERE tenant_id = $1 AND id = $2 FOR UPDATE;

-- name: EraseAccount :exec
UPDATE account SET email_key = @tombstone, email = @tombstone, role = 'CUSTOMER', locale = NULL, verified_at = NULL, valid_until = NULL,
    blocked_at = coalesce(blocked_at, @now::timestamptz), last_seen_at = NULL, erased_at = @now::timestamptz
WHERE tenant_id = $1 AND id = $2;

-- name: EraseSessions :execrows
DELETE FROM session WHERE id IN (SELECT s.id FROM session s WHERE s.tenant_id = $1 AND s.account_id = $2 ORDER BY s.id FOR UPDATE);

-- name: EraseDevices :execrows
-- A secret whose hash this is nobody can find.
UPDATE device SET secret_hash = sha256(('erased ' || id::text)::bytea), name = '', kind = 'OTHER', removed_at = coalesce(removed_at, @now::timestamptz)
WHERE tenant_id = $1 AND account_id = $2;

-- name: EraseBookings :execrows
-- What was asked for and not answered yet is off.
UPDATE booking SET address = 'erased', notes = '', contact_phone = '', preferred_dates = '{}',
    state = CASE WHEN state = 'REQUESTED' THEN 'CANCELLED' ELSE state END
WHERE tenant_id = $1 AND account_id = $2;

-- name: EraseJobs :execrows
UPDATE job SET customer_email_key = @tombstone, customer_email = @tombstone WHERE tenant_id = $1 AND id = ANY(@ids::uuid[]);

-- name: InactiveCustomers :many
-- Customers not seen since a time for whom nothing is under way, behind one of them.
SELECT a.id FROM account a
WHERE a.tenant_id = $1 AND a.id > @after_id::uuid AND a.role = 'CUSTOMER' AND a.erased_at IS NULL
  AND coalesce(a.last_seen_at, a.created_at) < @seen_before::timestamptz
  AND NOT EXISTS (SELECT FROM job j WHERE j.tenant_id = a.tenant_id AND j.account_id = a.id AND j.status = 'OPEN')
  AND NOT EXISTS (SELECT FROM job j WHERE j.tenant_id = a.tenant_id AND j.customer_email_key = a.email_key AND j.account_id IS NULL AND j.status = 'OPEN')
  AND NOT EXISTS (SELECT FROM booking b WHERE b.tenant_id = a.tenant_id AND b.account_id = a.id AND b.state IN ('REQUESTED', 'CONFIRMED'))
ORDER BY a.id LIMIT @max_rows;

-- name: HasOpenBooking :one
SELECT EXISTS (SELECT FROM booking WHERE tenant_id = $1 AND account_id = $2 AND state IN ('REQUESTED', 'CONFIRMED'));

-- name: DevicesOfPerson :many
SELECT id, name, kind, created_at, last_seen_at, removed_at FROM device
WHERE tenant_id = $1 AND account_id = $2 AND id > @after_id::uuid ORDER BY id LIMIT @max_rows;

-- name: SessionsOfPerson :many
-- As a whole: each is a mail with a code, and ended ones are purged.
SELECT id, device_id, transport, created_at, expires_at, revoked_at FROM session WHERE tenant_id = $1 AND account_id = $2 ORDER BY created_at, id;

-- name: BookedByPerson :many
SELECT * FROM booking
WHERE tenant_id = $1 AND account_id = $2 AND (created_at, id) < (@before_at, @before_id::uuid)
ORDER BY created_at DESC, id DESC LIMIT @max_rows;

-- name: SelectionsOfPerson :many
SELECT * FROM selection_event
WHERE tenant_id = $1 AND account_id = $2 AND (at, id) > (@after_at, @after_id::uuid)
ORDER BY at, id LIMIT @max_rows;

-- name: DeliveriesToPerson :many
SELECT id, job_id, way, image_ids, at FROM delivery
WHERE tenant_id = $1 AND account_id = $2 AND (at, id) > (@after_at, @after_id::uuid)
ORDER BY at, id LIMIT @max_rows;
