-- The live code of a registration and when the next mail may be asked for.
-- $1 the registration, $2 the mailbox, $3 the session, $4 seconds between mails, $5 mails in an hour, $6 in a day.
-- Run by: worker.

SELECT code.id,
       code.email,
       code.nonce,
       code.digits::bigint,
       code.key_number::bigint,
       code.attempts::bigint,
       code.attempts_allowed::bigint,
       code.handed_over_at IS NOT NULL AS is_handed_over,
       CASE WHEN code.handed_over_at IS NULL AND code.expires_at > storefront.now() THEN code.life_seconds::bigint
            ELSE greatest(0, ceil(extract(epoch FROM code.expires_at - storefront.now())))::bigint END AS expires_in,
       greatest(
           ceil(extract(epoch FROM code.mailed_at + make_interval(secs => $4::bigint) - storefront.now()))::bigint,
           (SELECT max(greatest(storefront.limit_wait(events, $5::bigint, 3600),
                                storefront.limit_wait(events, $6::bigint, 86400)))
            FROM storefront.rate_limit WHERE key IN ($2::bytea, $3::bytea)),
           0) AS resend_in
FROM storefront.one_time_code AS code
JOIN storefront.customer ON customer.id = code.customer_id AND customer.registration_id = code.registration_id
WHERE customer.registration_id = $1::uuid AND code.used_at IS NULL AND code.replaced_at IS NULL
