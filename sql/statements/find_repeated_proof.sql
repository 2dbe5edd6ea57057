-- The code that a browser has proved a moment ago, where it comes with the cookie of before: it has not got the answer, or
-- within the first seconds, when the proof is fresh, this is the second one of a double click.
-- $1 SHA-256 of the cookie that came, $2 the seconds.
-- Run by: worker.

SELECT session.id,
       customer.id AS customer_id,
       customer.username,
       code.used_at > storefront.now() - make_interval(secs => $2::bigint) AS is_fresh,
       code.id AS code_id,
       code.registration_id,
       code.email,
       code.nonce,
       code.digits::bigint,
       code.key_number::bigint
FROM storefront.session
JOIN storefront.customer ON customer.id = session.customer_id
JOIN storefront.one_time_code AS code ON code.customer_id = customer.id AND code.used_at = session.begun_at
WHERE session.proof_key = $1::bytea
  AND code.expires_at > storefront.now()
  AND code.attempts < code.attempts_allowed
