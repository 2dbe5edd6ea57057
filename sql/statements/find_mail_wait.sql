-- In how many seconds the limits of mails for a mailbox and a session allow one more; 0: now.
-- $1 the mailbox, $2 the session, $3 mails in an hour, $4 mails in a day.
-- Run by: worker.

SELECT coalesce(max(greatest(storefront.limit_wait(events, $3::bigint, 3600),
                             storefront.limit_wait(events, $4::bigint, 86400))), 0)::bigint AS seconds
FROM storefront.rate_limit
WHERE key IN ($1::bytea, $2::bytea)
