-- Deletes sessions that have ended.
-- $1 how many rows at most, $2 days from the last use and $3 from the beginning after which one has ended. Returns how many it were.
-- Run by: maintenance.

WITH gone AS (
    DELETE FROM storefront.session
    WHERE ctid = ANY (ARRAY(
        SELECT ctid
        FROM storefront.session
        WHERE used_at <= storefront.now() - make_interval(days => $2::bigint::integer)
           OR begun_at <= storefront.now() - make_interval(days => $3::bigint::integer)
        LIMIT $1::bigint
        FOR UPDATE SKIP LOCKED))
    RETURNING true
)
SELECT count(*) FROM gone
