-- Counts a try to sign in and finds whom it names, in one step: the limit is taken whether or not there is such an
-- account, and is the same for its username and its e-mail.
-- Returns whether it was counted, in how many seconds it would be, what was limited, and the customer, if any.
-- $1 the name as a username's key, $2 as an e-mail's key, $3 keyed digest of the name, $4 of the client address,
-- $5 how many failures within $6 seconds are allowed, $7 hours that an unverified customer lives.
-- Run by: worker.

WITH named AS (
    SELECT id, username, name, email, password_hash, is_verified, registration_id
    FROM storefront.customer
    WHERE (username_key = $1::text OR email_key = $2::text)
      AND (is_verified OR registered_at > storefront.now() - make_interval(hours => $7::bigint::integer))
    ORDER BY email_key = $2::text DESC
    LIMIT 1
), limited AS (
    SELECT coalesce((SELECT uuid_send(id) FROM named), $3::bytea) || $4::bytea AS key
), taken AS (
    INSERT INTO storefront.rate_limit AS known (key, events, forget_at)
    SELECT key, ARRAY[storefront.now()], storefront.now() + make_interval(secs => $6::bigint) FROM limited
    ON CONFLICT (key) DO UPDATE SET
        events = (known.events || storefront.now())[(cardinality(known.events) + 2 - $5::bigint)::integer:],
        forget_at = excluded.forget_at
    WHERE storefront.limit_wait(known.events, $5::bigint, $6::bigint) = 0
    RETURNING true
)
SELECT EXISTS (SELECT FROM taken) AS is_taken,
       (SELECT storefront.limit_wait(known.events, $5::bigint, $6::bigint)
        FROM storefront.rate_limit AS known WHERE known.key = limited.key) AS seconds,
       limited.key,
       named.id,
       named.username,
       named.name,
       named.email,
       named.password_hash,
       named.is_verified,
       named.registration_id
FROM limited LEFT JOIN named ON true
