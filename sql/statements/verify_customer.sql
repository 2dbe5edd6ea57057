-- Uses a code up, makes its customer verified and signs the session in under a new cookie: all of it or nothing, and
-- once, however many right answers arrive together. The registration ends with it, and so do other sessions' rights to it.
-- $1 the code, $2 its nonce, $3 the registration, $4 the session, $5 SHA-256 of the new cookie,
-- $6 SHA-256 of the cookie that came.
-- Run by: worker.

WITH owner AS (
    SELECT id, email FROM storefront.customer WHERE registration_id = $3::uuid FOR UPDATE
), entitled AS (
    -- Asks for the customer first: everybody locks him before a session.
    SELECT id FROM storefront.session
    WHERE id = $4::uuid AND pending_registration_id = $3::uuid AND (SELECT count(*) FROM owner) = 1
    FOR UPDATE
), used AS (
    UPDATE storefront.one_time_code AS code SET used_at = storefront.now()
    FROM owner, entitled
    WHERE code.id = $1::uuid AND code.nonce = $2::bytea AND code.registration_id = $3::uuid
      AND code.customer_id = owner.id AND code.email = owner.email
      AND code.attempts < code.attempts_allowed
      AND code.used_at IS NULL AND code.replaced_at IS NULL AND code.expires_at > storefront.now()
    RETURNING code.customer_id
), verified AS (
    UPDATE storefront.customer SET
        is_verified = true, verified_at = storefront.now(), registration_id = NULL, registration_token = NULL
    FROM used
    WHERE customer.id = used.customer_id
    RETURNING customer.id
)
UPDATE storefront.session SET
    key = $5::bytea,
    proof_key = $6::bytea,
    customer_id = verified.id,
    pending_registration_id = NULL,
    begun_at = storefront.now(),
    used_at = storefront.now()
FROM verified
WHERE session.id = $4::uuid
RETURNING verified.id
