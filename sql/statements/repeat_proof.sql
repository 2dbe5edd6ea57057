-- Gives the session that a proof signed in another cookie: its first one never reached the browser.
-- Returns a row when it was done.
-- $1 the session, $2 SHA-256 of the cookie that came, $3 SHA-256 of the new one, $4 the code.
-- Run by: worker.

UPDATE storefront.session SET key = $3::bytea
FROM storefront.one_time_code AS code
WHERE session.id = $1::uuid AND session.proof_key = $2::bytea
  AND code.id = $4::uuid AND code.attempts < code.attempts_allowed
RETURNING session.id
