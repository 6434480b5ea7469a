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

-- name: LockBookingsOfCustomer :many
-- In the order in which all lock bookings: before their jobs.
SELECT id FROM booking WHERE tenant_id = $1 AND account_id = @account_id::uuid ORDER BY id FOR NO KEY UPDATE;

-- name: LockJobsOfCustomer :many
-- The jobs of a customer, those that wait for the address, and those that somebody's open
-- uploads are for, in the order in which all lock jobs. own: not only uploads make it theirs.
SELECT j.id, j.status, coalesce(j.account_id = @account_id::uuid, j.customer_email_key = @email_key)::boolean AS own FROM job j
WHERE j.tenant_id = $1 AND j.id IN (
    SELECT o.id FROM job o WHERE o.tenant_id = $1 AND o.account_id = @account_id::uuid
    UNION ALL SELECT u.id FROM job u WHERE u.tenant_id = $1 AND u.customer_email_key = @email_key AND u.account_id IS NULL
    UNION ALL SELECT f.job_id FROM upload f WHERE f.tenant_id = $1 AND f.account_id = @account_id::uuid AND f.ended_at IS NULL
)
ORDER BY j.id FOR NO KEY UPDATE OF j;

-- name: HasUnlocked :one
-- Whether somebody has a booking, or an open upload for a job, that is not among these.
SELECT (EXISTS (SELECT FROM booking b WHERE b.tenant_id = $1 AND b.account_id = @account_id::uuid AND b.id <> ALL(@bookings::uuid[]))
    OR EXISTS (SELECT FROM upload f WHERE f.tenant_id = $1 AND f.account_id = @account_id::uuid AND f.ended_at IS NULL AND f.job_id <> ALL(@jobs::uuid[])))::boolean;

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
-- What was asked for, or was to come, is off; what has become a job stays as it went.
UPDATE booking b SET address = 'erased', notes = '', contact_phone = '', preferred_dates = '{}', message = '', updated_at = @now::timestamptz,
    state = CASE WHEN b.state = 'REQUESTED' OR b.state = 'CONFIRMED' AND NOT made.job THEN 'CANCELLED' ELSE b.state END,
    confirmed_date = CASE WHEN made.job THEN b.confirmed_date END
FROM (SELECT o.id, EXISTS (SELECT FROM job j WHERE j.tenant_id = $1 AND j.booking_id = o.id) AS job
      FROM booking o WHERE o.tenant_id = $1 AND o.account_id = $2) made
WHERE b.tenant_id = $1 AND b.id = made.id;

-- name: EraseUploads :execrows
-- What nobody has completed is aborted; what was completed becomes the studio's picture.
UPDATE upload SET filename = 'erased.' || split_part(content_type, '/', 2), address_key = 'erased', explanation = CASE WHEN explanation IS NOT NULL THEN '' END,
    state = CASE WHEN state = 'PENDING' THEN 'ABORTED' ELSE state END, ended_at = CASE WHEN state = 'PENDING' THEN @now::timestamptz ELSE ended_at END
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
SELECT id, device_id, transport, mismatches, created_at, expires_at, revoked_at FROM session WHERE tenant_id = $1 AND account_id = $2 ORDER BY created_at, id;

-- name: BookedByPerson :many
SELECT * FROM booking
WHERE tenant_id = $1 AND account_id = $2 AND (created_at, id) < (@before_at, @before_id::uuid)
ORDER BY created_at DESC, id DESC LIMIT @max_rows;

-- name: EventsOfBookings :many
SELECT booking_id, state, account_id, at FROM booking_event WHERE tenant_id = $1 AND booking_id = ANY(@booking_ids::uuid[]) ORDER BY booking_id, number;

-- name: UploadedByPerson :many
SELECT id, job_id, state, filename, content_type, size, sha256, image_id, rejection, explanation, created_at, ended_at FROM upload
WHERE tenant_id = $1 AND account_id = $2 AND id > @after_id::uuid ORDER BY id LIMIT @max_rows;

-- name: SelectionsOfPerson :many
SELECT * FROM selection_event
WHERE tenant_id = $1 AND account_id = $2 AND (at, id) > (@after_at, @after_id::uuid)
ORDER BY at, id LIMIT @max_rows;

-- name: DeliveriesToPerson :many
SELECT id, job_id, way, image_ids, at FROM delivery
WHERE tenant_id = $1 AND account_id = $2 AND (at, id) > (@after_at, @after_id::uuid)
ORDER BY at, id LIMIT @max_rows;

-- name: NotificationsOfPerson :many
SELECT n.id, n.job_id, n.kind, n.message, n.images, n.created_at, n.mailed_at
FROM job j JOIN notification n ON n.tenant_id = j.tenant_id AND n.job_id = j.id
WHERE j.tenant_id = $1 AND j.account_id = $2 AND n.id > @after_id::uuid ORDER BY n.id LIMIT @max_rows;
