-- Mails a live code once more. Where its last mail still waits, that one becomes due at once instead.
-- Returns a row when it was done; none: the code is not live any more, or its last mail is too young.
-- $1 the code, $2 the new mail, $3 seconds that the last mail must be old.
-- Run by: worker.

WITH repeated AS (
    UPDATE storefront.one_time_code SET mailed_at = storefront.now()
    WHERE id = $1::uuid AND used_at IS NULL AND replaced_at IS NULL AND expires_at > storefront.now()
      AND mailed_at <= storefront.now() - make_interval(secs => $3::bigint)
    RETURNING id, customer_id
), waiting AS (
    SELECT outbox.id, outbox.state FROM storefront.outbox JOIN repeated ON outbox.code_id = repeated.id
    WHERE outbox.state IN ('queued', 'sending')
), hastened AS (
    UPDATE storefront.outbox SET due_at = storefront.now()
    FROM waiting
    WHERE outbox.id = waiting.id AND outbox.state = 'queued'
), posted AS (
    INSERT INTO storefront.outbox (id, code_id, language, queued_at, due_at)
    SELECT $2::uuid, repeated.id, customer.language, storefront.now(), storefront.now()
    FROM repeated JOIN storefront.customer ON customer.id = repeated.customer_id
    WHERE NOT EXISTS (SELECT FROM waiting)
)
SELECT true FROM repeated
