-- Makes a new code for a registration and the mail that brings it; the code before it, if any, is replaced.
-- Returns its number of digits; no row: there is no such registration, or its last mail is too young.
-- $1 the code, $2 the registration, $3 a random nonce, $4 digits, $5 digits for a mailbox under attack, $6 the mailbox,
-- $7 the secret key's number, $8 wrong tries allowed, $9 seconds that it lives from its hand-over, $10 the mail,
-- $11 seconds that the last mail must be old.
-- Run by: worker.

WITH owner AS (
    SELECT id, email, language
    FROM storefront.customer
    WHERE registration_id = $2::uuid
      AND NOT EXISTS (SELECT FROM storefront.one_time_code AS young
                      WHERE young.customer_id = customer.id
                        AND young.used_at IS NULL AND young.replaced_at IS NULL
                        AND young.mailed_at > storefront.now() - make_interval(secs => $11::bigint))
    FOR UPDATE
), replaced AS (
    UPDATE storefront.one_time_code AS code SET replaced_at = storefront.now()
    FROM owner
    WHERE code.customer_id = owner.id AND code.used_at IS NULL AND code.replaced_at IS NULL
    RETURNING true
), issued AS (
    INSERT INTO storefront.one_time_code
        (id, customer_id, registration_id, email, nonce, digits, key_number, attempts_allowed, life_seconds,
         issued_at, mailed_at, expires_at)
    SELECT $1::uuid, owner.id, $2::uuid, owner.email, $3::bytea,
           CASE WHEN EXISTS (SELECT FROM storefront.mailbox_caution
                             WHERE mailbox = $6::bytea AND is_raised AND forget_at > storefront.now())
                THEN greatest($4::bigint, $5::bigint) ELSE $4::bigint END,
           $7::bigint, $8::bigint, $9::bigint,
           storefront.now(), storefront.now(), storefront.now() + interval '1 day'
    FROM owner, (SELECT count(*) FROM replaced) AS room
    RETURNING id, digits
), posted AS (
    INSERT INTO storefront.outbox (id, code_id, language, queued_at, due_at)
    SELECT $10::uuid, issued.id, owner.language, storefront.now(), storefront.now()
    FROM issued, owner
)
SELECT digits::bigint FROM issued
