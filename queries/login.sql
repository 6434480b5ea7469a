-- name: LockAddress :exec
-- One sign-in step at a time for each address of a studio.
SELECT pg_advisory_xact_lock(@address_lock::bigint);

-- name: Addressee :one
-- What is known of an address: its account, which of the asker's device secrets
-- belongs to a device of that account, and whether a job waits for the address.
-- Always one row.
SELECT a.id AS account_id, a.email, a.locale, (
    SELECT d.secret_hash FROM device d
    WHERE d.tenant_id = a.tenant_id AND d.account_id = a.id AND d.secret_hash = ANY(@device_hashes::bytea[]) AND d.removed_at IS NULL
    LIMIT 1
) AS device_hash, EXISTS (
    SELECT FROM job j WHERE j.tenant_id = w.tenant_id AND j.customer_email_key = w.email_key AND j.account_id IS NULL
) AS invited
FROM (SELECT @tenant_id::uuid AS tenant_id, @email_key::text AS email_key) w
LEFT JOIN account a ON a.tenant_id = w.tenant_id AND a.email_key = w.email_key;

-- name: LatestCode :one
-- The newest code that was mailed to an address, and when this asker last got a
-- challenge of it; 1970: never.
SELECT c.id, c.decoy, c.created_at, c.expires_at, c.consumed_at, coalesce((
    SELECT max(h.created_at) FROM login_challenge h
    WHERE h.tenant_id = c.tenant_id AND h.code_id = c.id AND h.asker = @asker
), 'epoch')::timestamptz AS asked_at
FROM login_code c
WHERE c.tenant_id = $1 AND c.email_key = $2
ORDER BY c.created_at DESC LIMIT 1;

-- name: InsertCode :exec
INSERT INTO login_code (id, tenant_id, email_key, email, locale, key_id, decoy, created_at, expires_at)
VALUES (@id, @tenant_id, @email_key, @email, @locale, @key_id, @decoy, @now, @expires_at);

-- name: InsertChallenge :exec
INSERT INTO login_challenge (id, tenant_id, code_id, secret_hash, asker, known_device, created_at)
VALUES (@id, @tenant_id, @code_id, @secret_hash, @asker, @known_device, @now);

-- name: ChallengeSubject :one
-- Whom a challenge of this studio is about, before anything is judged.
SELECT c.email_key, h.asker, h.known_device
FROM login_challenge h JOIN login_code c ON c.tenant_id = h.tenant_id AND c.id = h.code_id
WHERE h.secret_hash = @secret_hash AND h.tenant_id = @tenant_id;

-- name: TakeTry :one
-- Takes one of the tries of a challenge, and of its code where a stranger asks;
-- no row: nothing is left to try, or the code is spent or too old. The count
-- comes before the judgement, in one statement, so that parallel guesses can't
-- be judged more often than there are tries.
WITH tried AS (
    UPDATE login_challenge h SET attempts = attempts + 1
    WHERE h.secret_hash = @secret_hash AND h.attempts < 5
    RETURNING h.tenant_id, h.code_id, h.known_device
)
UPDATE login_code c SET stranger_tries = c.stranger_tries + CASE WHEN t.known_device THEN 0 ELSE 1 END
FROM tried t
WHERE c.tenant_id = t.tenant_id AND c.id = t.code_id
  AND c.consumed_at IS NULL AND c.expires_at > @now AND (t.known_device OR c.stranger_tries < 20)
RETURNING c.id, c.tenant_id, c.key_id, c.email_key, c.email, c.locale, c.decoy;

-- name: SpendCodes :many
-- Spends every live code of an address and tells which. Of parallel right
-- answers only one gets the code back that it answered: the rows are locked
-- first, in one order, and each that waited finds them spent.
UPDATE login_code c SET consumed_at = @now::timestamptz
FROM (
    SELECT l.id FROM login_code l
    WHERE l.tenant_id = $1 AND l.email_key = $2 AND l.consumed_at IS NULL AND l.expires_at > @now::timestamptz
    ORDER BY l.id FOR NO KEY UPDATE
) live
WHERE c.tenant_id = $1 AND c.id = live.id AND c.consumed_at IS NULL
RETURNING c.id;

-- name: CodeToMail :one
SELECT * FROM login_code WHERE id = $1;

-- name: MarkMailed :exec
UPDATE login_code SET mailed_at = coalesce(mailed_at, @now::timestamptz) WHERE id = $1;

-- name: Spend :many
-- Counts one use of each budget, in the order of the keys so that two requests
-- can't wait for each other. A budget whose window is over starts anew.
INSERT INTO budget AS b (key, used, resets_at)
SELECT s.key, 1, s.resets_at
FROM (SELECT unnest(@keys::bytea[]) AS key, unnest(@resets::timestamptz[]) AS resets_at) s
ORDER BY s.key
ON CONFLICT (key) DO UPDATE SET
    used = CASE WHEN b.resets_at <= @now::timestamptz THEN 1 ELSE b.used + 1 END,
    resets_at = CASE WHEN b.resets_at <= @now::timestamptz THEN EXCLUDED.resets_at ELSE b.resets_at END
RETURNING b.key, b.used, b.resets_at;

-- name: Refund :exec
UPDATE budget SET used = used - 1
WHERE key = ANY(SELECT b.key FROM budget b WHERE b.key = ANY(@keys::bytea[]) ORDER BY b.key FOR UPDATE) AND used > 0;

-- name: ForgetBudgets :execrows
-- Locked in the order of the keys, as Spend does.
DELETE FROM budget WHERE key IN (SELECT b.key FROM budget b WHERE b.key = ANY(@keys::bytea[]) ORDER BY b.key FOR UPDATE);

-- name: PurgeLogin :exec
DELETE FROM login_code WHERE expires_at < @before;

-- name: PurgeBudgets :exec
-- Passes over what somebody is spending, or the two could wait for each other.
DELETE FROM budget WHERE key IN (SELECT b.key FROM budget b WHERE b.resets_at < @before FOR UPDATE SKIP LOCKED);
