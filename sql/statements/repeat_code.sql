-- Mails a live code once more. Where its last mail still waits, that one becomes due at once instead.
-- The customer is locked first, as wherever both are written: who mends the registration does it in that order too.
-- Returns a row when it was done; none: the code is not live any more, or its last mail is too young.
-- $1 the code, $2 the new mail, $3 seconds that the last mail must be old.
-- Run by: worker.

WITH owner AS (
    SELECT id, language
    FROM storefront.customer
    WHERE id = (SELECT customer_id FROM storefront.one_time_code WHERE id = $1::uuid)
    FOR KEY SHARE
), repeated AS (
    UPDATE storefront.one_time_code AS code SET mailed_at = storefront.now()
    FROM owner
    WHERE code.id = $1::uuid AND code.customer_id = owner.id
      AND code.used_at IS NULL AND code.replaced_at IS NULL AND code.expires_at > storefront.now()
      AND code.mailed_at <= storefront.now() - make_interval(secs => $3::bigint)
    RETURNING code.id
), waiting AS (
    SELECT outbox.id, outbox.state FROM storefront.outbox JOIN repeated ON outbox.code_id = repeated.id
    WHERE outbox.state IN ('queued', 'sending')
), hastened AS (
    UPDATE storefront.outbox SET due_at = storefront.now()
    FROM waiting
    WHERE outbox.id = waiting.id AND outbox.state = 'queued'
), posted AS (
    INSERT INTO storefront.outbox (id, code_id, language, queued_at, due_at)
    SELECT $2::uuid, repeated.id, owner.language, storefront.now(), storefront.now()
    FROM repeated, owner
    WHERE NOT EXISTS (SELECT FROM waiting)
)
SELECT true FROM repeated
