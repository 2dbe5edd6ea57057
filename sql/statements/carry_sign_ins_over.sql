-- The same for failed sign-ins, which count under the account where there is one: see begin_sign_in.sql.
-- $1 the name as a username's key, $2 as an e-mail's key; digests of name and client address: $3 and $4 by the other
-- secret key, $5 and $6 by the one that signs now.
-- Run by: worker.

WITH named AS (
    SELECT id FROM storefront.customer
    WHERE username_key = $1::text OR email_key = $2::text
    ORDER BY email_key = $2::text DESC
    LIMIT 1
), other AS (
    DELETE FROM storefront.rate_limit
    WHERE key IN ($3::bytea || $4::bytea, (SELECT uuid_send(id) || $4::bytea FROM named))
    RETURNING events, forget_at
), gathered AS (
    SELECT array_agg(event ORDER BY event) AS events, max(forget_at) AS forget_at
    FROM other CROSS JOIN unnest(other.events) AS event
)
INSERT INTO storefront.rate_limit AS known (key, events, forget_at)
SELECT coalesce((SELECT uuid_send(id) FROM named), $5::bytea) || $6::bytea, events, forget_at
FROM gathered WHERE events IS NOT NULL
ON CONFLICT (key) DO UPDATE SET
    events = (SELECT array_agg(event ORDER BY event) FROM unnest(known.events || excluded.events) AS event),
    forget_at = greatest(known.forget_at, excluded.forget_at)
