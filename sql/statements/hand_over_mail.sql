-- The mail server took a mail: it is settled, and with the first one its code's life begins.
-- $1 the mail.
-- Run by: mailer.

WITH sent AS (
    UPDATE storefront.outbox SET state = 'sent', settled_at = storefront.now(), reason = NULL
    WHERE id = $1::uuid
    RETURNING code_id
)
UPDATE storefront.one_time_code AS code SET
    handed_over_at = storefront.now(),
    expires_at = storefront.now() + make_interval(secs => code.life_seconds)
FROM sent
WHERE code.id = sent.code_id AND code.handed_over_at IS NULL
