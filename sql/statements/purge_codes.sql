-- Deletes codes that were used, replaced or ran out more than a day ago, with the mails that brought them; but not the last one of
-- a registration that can still be proved, by which the next one is asked for. None ends before it was issued, so the oldest are
-- looked at first and the younger ones not at all.
-- $1 how many rows at most. Returns how many it were.
-- Run by: maintenance.

WITH gone AS (
    DELETE FROM storefront.one_time_code
    WHERE ctid = ANY (ARRAY(
        SELECT ctid
        FROM storefront.one_time_code
        WHERE issued_at <= storefront.now() - interval '1 day'
          AND (used_at IS NOT NULL OR replaced_at IS NOT NULL
               OR NOT EXISTS (SELECT FROM storefront.customer
                              WHERE customer.registration_id = one_time_code.registration_id))
          AND coalesce(used_at, replaced_at, expires_at) <= storefront.now() - interval '1 day'
        ORDER BY issued_at
        LIMIT $1::bigint
        FOR UPDATE SKIP LOCKED))
    RETURNING true
)
SELECT count(*) FROM gone
