-- The session of a cookie, who is signed in there, and the registration that it may prove: all that a page needs.
-- $1 SHA-256 of the cookie, $2 days from the last use and $3 from the beginning after which it has ended,
-- $4 minutes after which its use is to be written down again, $5 hours that an unverified customer lives.
-- Run by: worker.

SELECT session.id,
       session.earlier_token,
       session.used_at <= storefront.now() - make_interval(mins => $4::bigint::integer) AS is_to_be_touched,
       extract(epoch FROM session.begun_at + make_interval(days => $3::bigint::integer) - storefront.now())::bigint
           AS seconds_left,
       customer.id AS customer_id,
       customer.username,
       customer.name,
       customer.email,
       extract(epoch FROM customer.verified_at)::bigint AS member_since,
       pending.registration_id,
       pending.username AS pending_verification_username,
       pending.name AS pending_name,
       pending.email AS pending_email
FROM storefront.session
LEFT JOIN storefront.customer ON customer.id = session.customer_id
LEFT JOIN storefront.customer AS pending
       ON pending.registration_id = session.pending_registration_id
      AND pending.registered_at > storefront.now() - make_interval(hours => $5::bigint::integer)
WHERE session.key = $1::bytea
  AND session.used_at > storefront.now() - make_interval(days => $2::bigint::integer)
  AND session.begun_at > storefront.now() - make_interval(days => $3::bigint::integer)
