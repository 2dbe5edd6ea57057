-- Deletes limits of which no event counts any more.
-- $1 how many rows at most. Returns how many it were.
-- Run by: maintenance.

WITH gone AS (
    DELETE FROM storefront.rate_limit
    WHERE ctid = ANY (ARRAY(
        SELECT ctid
        FROM storefront.rate_limit
        WHERE forget_at <= storefront.now()
        ORDER BY forget_at
        LIMIT $1::bigint
        FOR UPDATE SKIP LOCKED))
    RETURNING true
)
SELECT count(*) FROM gone
