-- name: CountMail :exec
-- Adds to what a day has.
INSERT INTO mail_day AS d (day, sent, bounced, complained) VALUES (@day, @sent, @bounced, @complained)
ON CONFLICT (day) DO UPDATE SET sent = d.sent + EXCLUDED.sent, bounced = d.bounced + EXCLUDED.bounced, complained = d.complained + EXCLUDED.complained;

-- name: MailSince :one
-- What there was from a day on.
SELECT coalesce(sum(sent), 0)::bigint AS sent, coalesce(sum(bounced), 0)::bigint AS bounced, coalesce(sum(complained), 0)::bigint AS complained
FROM mail_day WHERE day >= @since;
