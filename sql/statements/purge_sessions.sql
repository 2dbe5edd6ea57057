-- Deletes sessions that have ended. Each kind is walked through in the order of its index, oldest first, whatever the planner
-- thinks of the number of those that have ended: it must never read all sessions.
-- $1 how many rows at most, $2 days from the last use and $3 from the beginning after which one has ended. Returns how many it were.
-- Run by: maintenance.

WITH unused AS (
    SELECT ctid
    FROM storefront.session
    WHERE used_at <= storefront.now() - make_interval(days => $2::bigint::integer)
    ORDER BY used_at
    LIMIT $1::bigint
    FOR UPDATE SKIP LOCKED
), outlived AS (
    SELECT ctid
    FROM storefront.session
    WHERE begun_at <= storefront.now() - make_interval(days => $3::bigint::integer)
    ORDER BY begun_at
    LIMIT $1::bigint
    FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM storefront.session
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM unused UNION SELECT ctid FROM outlived LIMIT $1::bigint))
    RETURNING true
)
SELECT count(*) FROM gone
