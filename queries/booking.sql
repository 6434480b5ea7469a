-- name: LockBooker :one
-- Who books, locked: whoever blocks the account waits, and one who books twice at once
-- books one after the other.
SELECT * FROM account WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE;

-- name: BookingsSince :many
-- What somebody has booked lately.
SELECT * FROM booking WHERE tenant_id = $1 AND account_id = $2 AND created_at > @since ORDER BY created_at DESC, id DESC LIMIT 100;

-- name: InsertBooking :one
-- No row where the mailbox was never proven.
INSERT INTO booking (id, tenant_id, account_id, verified_at, state, address, package, preferred_dates, notes, contact_phone, created_at,
                     package_name, included_images, all_images_included, extra_price, currency, events)
SELECT @id, a.tenant_id, a.id, a.verified_at, 'REQUESTED', @address, p.key, @preferred_dates::date[], @notes, @contact_phone, @now::timestamptz,
       p.name, p.included_images, p.all_images_included, p.extra_price, p.currency, 1
FROM account a JOIN package p ON p.tenant_id = a.tenant_id AND p.key = @package AND p.active
WHERE a.tenant_id = $1 AND a.id = @account_id AND a.verified_at IS NOT NULL
RETURNING *;

-- name: InsertBookingEvent :exec
INSERT INTO booking_event (id, tenant_id, booking_id, number, state, account_id, at, request_id)
VALUES (@id, @tenant_id, @booking_id, @number, @state, @account_id, @now, @request_id);

-- name: LockBooking :one
-- The lock under which a booking goes from one state to another, or becomes a job.
SELECT * FROM booking WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE;

-- name: MoveBooking :one
UPDATE booking SET state = @state, confirmed_date = @confirmed_date, message = @message, events = events + 1, updated_at = @now::timestamptz
WHERE tenant_id = $1 AND id = $2
RETURNING *;

-- name: JobsOfBookings :many
SELECT * FROM job WHERE tenant_id = $1 AND booking_id = ANY(@booking_ids::uuid[]);

-- name: AssignBooking :exec
UPDATE booking SET photographer_id = sqlc.narg(photographer_id), updated_at = @now::timestamptz WHERE tenant_id = $1 AND id = $2;

-- name: AssignJob :exec
UPDATE job SET photographer_id = sqlc.narg(photographer_id) WHERE tenant_id = $1 AND id = $2;

-- name: InsertJobOfBooking :one
-- A job with the numbers of the package as it was booked, for whoever booked it.
INSERT INTO job (id, tenant_id, account_id, customer_email_key, customer_email, photographer_id, booking_id, title,
                 included_images, all_images_included, sells_extras, created_at)
SELECT @id, b.tenant_id, a.id, a.email_key, a.email, b.photographer_id, b.id, @title,
       b.included_images, b.all_images_included, b.extra_price IS NOT NULL, @now::timestamptz
FROM booking b JOIN account a ON a.tenant_id = b.tenant_id AND a.id = b.account_id
WHERE b.tenant_id = $1 AND b.id = @booking_id
RETURNING *;

-- name: BookingsByID :many
SELECT * FROM booking WHERE tenant_id = $1 AND id = ANY(@ids::uuid[]);

-- name: BookingsOfTenant :many
SELECT * FROM booking
WHERE tenant_id = $1 AND (created_at, id) < (@before_at, @before_id::uuid)
ORDER BY created_at DESC, id DESC LIMIT @max_rows;

-- name: BookingsOfTenantInState :many
SELECT * FROM booking
WHERE tenant_id = $1 AND state = @state AND (created_at, id) < (@before_at, @before_id::uuid)
ORDER BY created_at DESC, id DESC LIMIT @max_rows;

-- name: BookingsOfPerson :many
-- What somebody booked, and what is assigned to the same person as photographer.
SELECT b.* FROM (
    (SELECT p.* FROM booking p WHERE p.tenant_id = $1 AND p.photographer_id = sqlc.narg(photographer_id)::uuid
        AND (p.created_at, p.id) < (@before_at, @before_id::uuid) AND (sqlc.narg(state)::text IS NULL OR p.state = sqlc.narg(state))
     ORDER BY p.created_at DESC, p.id DESC LIMIT @max_rows)
    UNION
    (SELECT c.* FROM booking c WHERE c.tenant_id = $1 AND c.account_id = @account_id::uuid
        AND (c.created_at, c.id) < (@before_at, @before_id::uuid) AND (sqlc.narg(state)::text IS NULL OR c.state = sqlc.narg(state))
     ORDER BY c.created_at DESC, c.id DESC LIMIT @max_rows)
) b ORDER BY b.created_at DESC, b.id DESC LIMIT @max_rows;

-- name: CountBookingsOfTenant :one
-- At most 10,000, so that the cost has an end; each state is to be named once.
SELECT count(*) FROM (
    SELECT FROM unnest(@states::text[]) AS named (state) CROSS JOIN LATERAL (
        SELECT FROM booking o WHERE o.tenant_id = $1 AND o.state = named.state LIMIT 10000
    ) one LIMIT 10000
) b;

-- name: CountBookingsOfPerson :one
SELECT count(*) FROM (
    SELECT p.id FROM booking p WHERE p.tenant_id = $1 AND p.photographer_id = sqlc.narg(photographer_id)::uuid AND (sqlc.narg(state)::text IS NULL OR p.state = sqlc.narg(state))
    UNION
    SELECT c.id FROM booking c WHERE c.tenant_id = $1 AND c.account_id = @account_id::uuid AND (sqlc.narg(state)::text IS NULL OR c.state = sqlc.narg(state))
    LIMIT 10000
) b;

-- name: BookingNews :one
-- What there is to mail about an event; how many events there are tells whether it is
-- still the last word.
SELECT e.tenant_id, e.booking_id, e.number, e.state, e.account_id AS actor_id, e.mailed, b.account_id, b.events, b.address, b.package_name,
       b.preferred_dates, b.confirmed_date, b.message, a.email, a.locale, a.erased_at
FROM booking_event e
JOIN booking b ON b.tenant_id = e.tenant_id AND b.id = e.booking_id
JOIN account a ON a.tenant_id = b.tenant_id AND a.id = b.account_id
WHERE e.id = $1;

-- name: MarkBookingMailed :exec
UPDATE booking_event SET mailed = mailed || @account_id::uuid WHERE id = $1;
