-- Deletes what is remembered of mailboxes that were left alone for a day.
-- $1 how many rows at most. Returns how many it were.
-- Run by: maintenance.

WITH gone AS (
    DELETE FROM storefront.mailbox_caution
    WHERE ctid = ANY (ARRAY(
        SELECT ctid
        FROM storefront.mailbox_caution
        WHERE forget_at <= storefront.now()
        ORDER BY forget_at
        LIMIT $1::bigint
        FOR UPDATE SKIP LOCKED))
    RETURNING true
)
SELECT count(*) FROM gone
