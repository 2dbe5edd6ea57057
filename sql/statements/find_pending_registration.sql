-- The registration that a session may prove, and its live code: nothing in the columns of what is no more, no row where the
-- session is gone. The code's columns are those of find_code.sql, in its order, but for the last: one reader is for both.
-- $1 SHA-256 of the cookie, $2 hours that an unverified customer lives.
-- Run by: worker.

SELECT pending.registration_id,
       pending.id AS customer_id,
       pending.username,
       pending.name,
       pending.email,
       code.id,
       code.email AS code_email,
       code.nonce,
       code.digits::bigint,
       code.key_number::bigint,
       code.attempts::bigint,
       code.attempts_allowed::bigint,
       code.handed_over_at IS NOT NULL AS is_handed_over,
       CASE WHEN code.handed_over_at IS NULL AND code.expires_at > storefront.now() THEN code.life_seconds::bigint
            ELSE greatest(0, ceil(extract(epoch FROM code.expires_at - storefront.now())))::bigint END AS expires_in
FROM storefront.session
LEFT JOIN storefront.customer AS pending
       ON pending.registration_id = session.pending_registration_id
      AND pending.registered_at > storefront.now() - make_interval(hours => $2::bigint::integer)
LEFT JOIN storefront.one_time_code AS code
       ON code.customer_id = pending.id
      AND code.registration_id = pending.registration_id
      AND code.used_at IS NULL AND code.replaced_at IS NULL
WHERE session.key = $1::bytea
