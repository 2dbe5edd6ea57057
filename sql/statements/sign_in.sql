-- Signs a customer in, under a new cookie; makes the session where there is none. What the limit took is given back.
-- $1 the session, old or new, $2 SHA-256 of the new cookie, $3 the customer, $4 SHA-256 of the csrftoken of the request,
-- $5 the limit.
-- Run by: worker.

WITH given_back AS (
    UPDATE storefront.rate_limit SET events = trim_array(events, 1)
    WHERE key = $5::bytea AND cardinality(events) > 0
)
INSERT INTO storefront.session AS known (id, key, customer_id, earlier_token, begun_at, used_at)
VALUES ($1::uuid, $2::bytea, $3::uuid, $4::bytea, storefront.now(), storefront.now())
ON CONFLICT (id) DO UPDATE SET
    key = excluded.key,
    customer_id = excluded.customer_id,
    pending_registration_id = NULL,
    earlier_token = excluded.earlier_token,
    begun_at = excluded.begun_at,
    used_at = excluded.used_at
RETURNING id
