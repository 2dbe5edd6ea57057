-- Counts one more event for a limit, where it still allows one; atomic over all workers.
-- $1 what is limited, $2 how many events within $3 seconds are allowed.
-- Returns whether it was counted, and if not, in how many seconds it would be.
-- Run by: worker.

WITH taken AS (
    INSERT INTO storefront.rate_limit AS known (key, events, forget_at)
    VALUES ($1::bytea, ARRAY[storefront.now()], storefront.now() + make_interval(secs => $3::bigint))
    ON CONFLICT (key) DO UPDATE SET
        events = (known.events || storefront.now())[(cardinality(known.events) + 2 - $2::bigint)::integer:],
        forget_at = greatest(known.forget_at, excluded.forget_at)
    WHERE storefront.limit_wait(known.events, $2::bigint, $3::bigint) = 0
    RETURNING true
)
SELECT EXISTS (SELECT FROM taken) AS is_taken,
       (SELECT storefront.limit_wait(events, $2::bigint, $3::bigint)
        FROM storefront.rate_limit
        WHERE key = $1::bytea) AS seconds
