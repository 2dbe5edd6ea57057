-- The mail server could not take a mail now: it is tried again later.
-- $1 the mail, $2 seconds until then, $3 why.
-- Run by: mailer.

UPDATE storefront.outbox SET
    state = 'queued',
    due_at = storefront.now() + make_interval(secs => $2::bigint),
    reason = $3::text
WHERE id = $1::uuid AND state = 'sending'
