-- Deletes customers who never proved their e-mail, with all that belongs to them.
-- $1 how many rows at most, $2 hours that one lives. Returns how many it were.
-- Run by: maintenance.

WITH gone AS (
    DELETE FROM storefront.customer
    WHERE ctid = ANY (ARRAY(
        SELECT ctid
        FROM storefront.customer
        WHERE NOT is_verified
          AND registered_at <= storefront.now() - make_interval(hours => $2::bigint::integer)
        ORDER BY registered_at
        LIMIT $1::bigint
        FOR UPDATE SKIP LOCKED))
    RETURNING true
)
SELECT count(*) FROM gone
