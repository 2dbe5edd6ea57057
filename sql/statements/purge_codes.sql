-- Deletes codes that were used, replaced or ran out more than a day ago, with the mails that brought them. None ends before it
-- was issued, so the oldest are looked at first and the younger ones not at all.
-- $1 how many rows at most. Returns how many it were.
-- Run by: maintenance.

WITH gone AS (
    DELETE FROM storefront.one_time_code
    WHERE ctid = ANY (ARRAY(
        SELECT ctid
        FROM storefront.one_time_code
        WHERE issued_at <= storefront.now() - interval '1 day'
          AND coalesce(used_at, replaced_at, expires_at) <= storefront.now() - interval '1 day'
        ORDER BY issued_at
        LIMIT $1::bigint
        FOR UPDATE SKIP LOCKED))
    RETURNING true
)
SELECT count(*) FROM gone
