-- Makes an unverified customer. Unverified ones that no longer hold its names make room and leave nothing behind.
-- Returns a row when it was made; none: somebody has one of the names.
-- $1 the customer, $2 username and $3 its key, $4 e-mail and $5 its key, $6 name, $7 hash of the password, $8 language,
-- $9 the registration, $10 SHA-256 of the csrftoken of the request, $11 minutes that the names are held, $12 hours that
-- an unverified customer lives.
-- Run by: worker.

WITH dead AS (
    SELECT id
    FROM storefront.customer
    WHERE NOT is_verified
      AND (username_key = $3::text OR email_key = $5::text)
      AND (held_until <= storefront.now()
           OR registered_at <= storefront.now() - make_interval(hours => $12::bigint::integer)
           OR EXISTS (SELECT FROM storefront.one_time_code AS code
                      WHERE code.customer_id = customer.id
                        AND code.used_at IS NULL AND code.replaced_at IS NULL
                        AND code.attempts >= code.attempts_allowed))
    ORDER BY id
    FOR UPDATE
), gone AS (
    DELETE FROM storefront.customer USING dead WHERE customer.id = dead.id RETURNING true
)
INSERT INTO storefront.customer
    (id, username, username_key, email, email_key, name, password_hash, language, registration_id, registration_token,
     registered_at, held_until)
SELECT $1::uuid, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::uuid, $10::bytea,
       storefront.now(), storefront.now() + make_interval(mins => $11::bigint::integer)
FROM (SELECT count(*) FROM gone) AS room
ON CONFLICT DO NOTHING
RETURNING id
