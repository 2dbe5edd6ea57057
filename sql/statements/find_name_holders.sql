-- Who has a username or an e-mail that is asked for, and what this session registered before.
-- $1 the username's key, $2 the e-mail's key, $3 the session's registration (or NULL), $4 SHA-256 of the csrftoken of
-- the request, $5 seconds within which an equal form is a double click, $6 hours that an unverified customer lives.
-- The session's registration is asked for by a subquery, which the planner cannot see to be NULL: it would find a plan
-- without it cheaper than the one that it keeps, and plan anew at every call, which costs more than the look-up.
-- Run by: worker.

SELECT username_key = $1::text AS has_username,
       email_key = $2::text AS has_email,
       coalesce(registration_id = $3::uuid, false) AS is_own,
       coalesce(registration_token = $4::bytea OR registration_id = $3::uuid, false)
           AND registered_at > storefront.now() - make_interval(secs => $5::bigint) AS is_double_click,
       is_verified
           OR (held_until > storefront.now()
               AND registered_at > storefront.now() - make_interval(hours => $6::bigint::integer)
               AND NOT EXISTS (SELECT FROM storefront.one_time_code AS code
                               WHERE code.customer_id = customer.id
                                 AND code.used_at IS NULL AND code.replaced_at IS NULL
                                 AND code.attempts >= code.attempts_allowed)) AS is_held,
       registration_id,
       id,
       username,
       email,
       name,
       password_hash
FROM storefront.customer
WHERE username_key = $1::text OR email_key = $2::text OR registration_id = (SELECT $3::uuid)
