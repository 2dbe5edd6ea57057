-- Counts one more mail for a mailbox and for a session, where the limits of the hour and of the day allow it.
-- $1 the mailbox, $2 the session, $3 mails in an hour, $4 mails in a day.
-- Returns a row for each limit that counted it, with the seconds until it allows another one; fewer than two: the transaction is
-- to be given up.
-- Run by: worker.

INSERT INTO storefront.rate_limit AS known (key, events, forget_at)
SELECT key, ARRAY[storefront.now()], storefront.now() + interval '1 day'
FROM (VALUES ($1::bytea), ($2::bytea)) AS limited (key)
ORDER BY key
ON CONFLICT (key) DO UPDATE SET
    events = (known.events || storefront.now())[(cardinality(known.events) + 2 - $4::bigint)::integer:],
    forget_at = excluded.forget_at
WHERE storefront.limit_wait(known.events, $3::bigint, 3600) = 0
  AND storefront.limit_wait(known.events, $4::bigint, 86400) = 0
RETURNING greatest(storefront.limit_wait(known.events, $3::bigint, 3600),
                   storefront.limit_wait(known.events, $4::bigint, 86400)) AS seconds
