-- Deletes codes that were used, replaced or ran out more than a day ago, with the mails that brought them.
-- $1 how many rows at most. Returns how many it were.
-- Run by: maintenance.

WITH gone AS (
    DELETE FROM storefront.one_time_code
    WHERE ctid = ANY (ARRAY(
        SELECT ctid
        FROM storefront.one_time_code
        WHERE coalesce(used_at, replaced_at, expires_at) <= storefront.now() - interval '1 day'
        LIMIT $1::bigint
        FOR UPDATE SKIP LOCKED))
    RETURNING true
)
SELECT count(*) FROM gone
