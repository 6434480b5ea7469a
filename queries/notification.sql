-- name: InsertNotification :exec
INSERT INTO notification (id, tenant_id, job_id, kind, message, images, created_at)
VALUES (@id, @tenant_id, @job_id, @kind, @message, @images, @now);

-- name: Notification :one
-- What there is to mail, and to whom: the customer, or the address that a job waits for.
SELECT n.*, j.title, j.status, a.locale, coalesce(a.email, j.customer_email)::text AS email, coalesce(a.email_key, j.customer_email_key)::text AS email_key,
       (a.blocked_at IS NOT NULL)::boolean AS blocked
FROM notification n
JOIN job j ON j.tenant_id = n.tenant_id AND j.id = n.job_id
LEFT JOIN account a ON a.tenant_id = j.tenant_id AND a.id = j.account_id
WHERE n.id = $1;

-- name: CustomerToNotify :one
-- Whose a job is, and whether notifications reach them.
SELECT coalesce(a.email_key, j.customer_email_key)::text AS email_key,
       EXISTS (SELECT FROM unsubscribed u WHERE u.tenant_id = j.tenant_id AND u.email_key = coalesce(a.email_key, j.customer_email_key)) AS unsubscribed,
       EXISTS (SELECT FROM mail_suppression s WHERE s.email_key = coalesce(a.email_key, j.customer_email_key)) AS suppressed
FROM job j LEFT JOIN account a ON a.tenant_id = j.tenant_id AND a.id = j.account_id
WHERE j.tenant_id = $1 AND j.id = $2;

-- name: MarkNotified :exec
UPDATE notification SET mailed_at = coalesce(mailed_at, @now::timestamptz) WHERE id = $1;

-- name: InsertUnsubscribeToken :execrows
-- The token of a mail that is about to go out; no row where the address wants or takes none.
INSERT INTO unsubscribe_token (token_hash, tenant_id, email_key, created_at)
SELECT @token_hash, w.tenant_id, w.email_key, @now
FROM (SELECT @tenant_id::uuid AS tenant_id, @email_key::text AS email_key) w
WHERE NOT EXISTS (SELECT FROM unsubscribed u WHERE u.tenant_id = w.tenant_id AND u.email_key = w.email_key)
  AND NOT EXISTS (SELECT FROM mail_suppression s WHERE s.email_key = w.email_key);

-- name: Unsubscribe :exec
-- Spends a token, for a studio or, with the nil id, for whichever it is of. Nothing tells whether there was one.
WITH spent AS (
    UPDATE unsubscribe_token t SET used_at = @now::timestamptz
    WHERE t.token_hash = @token_hash AND t.used_at IS NULL
      AND (t.tenant_id = @studio_id::uuid OR @studio_id::uuid = '00000000-0000-0000-0000-000000000000')
    RETURNING t.tenant_id, t.email_key
)
INSERT INTO unsubscribed (tenant_id, email_key, created_at)
SELECT s.tenant_id, s.email_key, @now::timestamptz FROM spent s
ON CONFLICT DO NOTHING;

-- name: Resubscribe :exec
DELETE FROM unsubscribed u USING account a
WHERE a.tenant_id = $1 AND a.id = @account_id AND u.tenant_id = a.tenant_id AND u.email_key = a.email_key;

-- name: UnsubscribeAccount :exec
INSERT INTO unsubscribed (tenant_id, email_key, created_at)
SELECT a.tenant_id, a.email_key, @now::timestamptz FROM account a WHERE a.tenant_id = $1 AND a.id = @account_id AND a.erased_at IS NULL
ON CONFLICT DO NOTHING;

-- name: MailStandings :many
-- Whether people get notifications, and whether their mailboxes refuse mail.
SELECT a.id, EXISTS (SELECT FROM unsubscribed u WHERE u.tenant_id = a.tenant_id AND u.email_key = a.email_key) AS unsubscribed,
       s.cause, s.created_at
FROM account a LEFT JOIN mail_suppression s ON s.email_key = a.email_key
WHERE a.tenant_id = $1 AND a.id = ANY(@ids::uuid[]);

-- name: KeepMailReport :execrows
-- No row for one that was heard already.
INSERT INTO mail_report (id, received_at) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: SuppressMail :exec
-- A bounce weighs more than a complaint.
INSERT INTO mail_suppression AS s (email_key, cause, created_at) VALUES (@email_key, @cause, @now)
ON CONFLICT (email_key) DO UPDATE SET cause = EXCLUDED.cause, created_at = EXCLUDED.created_at
WHERE s.cause <> 'BOUNCE' OR EXCLUDED.cause = 'BOUNCE';

-- name: AccountsOfAddress :many
-- The studios where an address has an account: those that are told of its mailbox.
SELECT id, tenant_id FROM account WHERE email_key = $1 AND tenant_id = ANY(@tenant_ids::uuid[]);

-- name: LiftSuppression :many
DELETE FROM mail_suppression s USING account a
WHERE a.tenant_id = $1 AND a.id = @account_id AND s.email_key = a.email_key
RETURNING s.cause;

-- name: EraseUnsubscribeTokens :exec
-- Before unsubscribed: who spends one locks them in this order, too.
DELETE FROM unsubscribe_token WHERE tenant_id = $1 AND email_key = $2;

-- name: EraseUnsubscribed :exec
DELETE FROM unsubscribed WHERE tenant_id = $1 AND email_key = $2;

-- name: EraseSuppression :exec
-- Of an address that no studio has an account of any more.
DELETE FROM mail_suppression s WHERE s.email_key = $1
  AND NOT EXISTS (SELECT FROM tenant t JOIN account a ON a.tenant_id = t.id AND a.email_key = s.email_key);

-- name: PurgeNotifications :execrows
DELETE FROM notification WHERE id IN (SELECT o.id FROM notification o WHERE o.created_at < $1 ORDER BY o.created_at LIMIT 1000);

-- name: PurgeUnsubscribeTokens :execrows
DELETE FROM unsubscribe_token WHERE token_hash IN (SELECT o.token_hash FROM unsubscribe_token o WHERE o.created_at < $1 ORDER BY o.created_at LIMIT 1000);

-- name: PurgeSuppressions :execrows
DELETE FROM mail_suppression WHERE email_key IN (SELECT o.email_key FROM mail_suppression o WHERE o.created_at < $1 ORDER BY o.created_at LIMIT 1000);

-- name: PurgeMailReports :execrows
DELETE FROM mail_report WHERE id IN (SELECT o.id FROM mail_report o WHERE o.received_at < $1 ORDER BY o.received_at LIMIT 1000);

-- name: HasBounced :one
SELECT EXISTS (SELECT FROM mail_suppression WHERE email_key = $1 AND cause = 'BOUNCE');
