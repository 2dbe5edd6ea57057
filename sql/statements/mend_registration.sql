-- Puts a mended form in the place of an unverified customer's, as a new registration: sessions of the old one lose their
-- right to prove it. The hold on names that stay is not prolonged.
-- Returns a row when it was done; none: there is no such registration any more. A name that somebody has is a conflict.
-- $1 the new registration, $2 username and $3 its key, $4 e-mail and $5 its key, $6 name, $7 hash of the password,
-- $8 language, $9 the old registration, $10 SHA-256 of the csrftoken of the request, $11 minutes that the names are held,
-- $12 hours that an unverified customer lives.
-- Run by: worker.

WITH dead AS (
    SELECT id
    FROM storefront.customer
    WHERE NOT is_verified
      AND (username_key = $3::text OR email_key = $5::text)
      AND registration_id <> $9::uuid
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
UPDATE storefront.customer SET
    username = $2::text,
    username_key = $3::text,
    email = $4::text,
    email_key = $5::text,
    name = $6::text,
    password_hash = $7::text,
    language = $8::text,
    registration_id = $1::uuid,
    registration_token = $10::bytea,
    registered_at = storefront.now(),
    held_until = CASE
        WHEN held_until <= storefront.now() OR (username_key <> $3::text AND email_key <> $5::text)
            THEN storefront.now() + make_interval(mins => $11::bigint::integer)
        ELSE held_until
    END
FROM (SELECT count(*) FROM gone) AS room
WHERE registration_id = $9::uuid AND NOT is_verified
RETURNING customer.id
