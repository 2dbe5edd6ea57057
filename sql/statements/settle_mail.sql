-- A mail that will not be sent any more.
-- $1 the mail, $2 its state: dropped or refused, $3 why.
-- Run by: mailer.

UPDATE storefront.outbox SET state = $2::text, settled_at = storefront.now(), reason = $3::text
WHERE id = $1::uuid AND state = 'sending'
