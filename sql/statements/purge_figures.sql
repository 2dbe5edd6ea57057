-- Deletes daily figures that are older than 400 days.
-- $1 how many rows at most. Returns how many it were.
-- Run by: maintenance.

WITH gone AS (
    DELETE FROM storefront.daily_figure
    WHERE ctid = ANY (ARRAY(
        SELECT ctid
        FROM storefront.daily_figure
        WHERE day < (storefront.now() AT TIME ZONE 'UTC')::date - 400
        ORDER BY day
        LIMIT $1::bigint
        FOR UPDATE SKIP LOCKED))
    RETURNING true
)
SELECT count(*) FROM gone
