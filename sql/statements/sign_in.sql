-- Signs a customer in, under a new cookie; makes the session where there is none, and a second one with what the first
-- holds where that got another cookie meanwhile (a double click: both answers stay good). What the limit took is given
-- back.
-- $1 the session, $2 SHA-256 of the new cookie, $3 the customer, $4 SHA-256 of the csrftoken of the request,
-- $5 the limit, $6 SHA-256 of the cookie that came, $7 a new session.
-- Run by: worker.

WITH given_back AS (
    UPDATE storefront.rate_limit SET events = trim_array(events, 1)
    WHERE key = $5::bytea AND cardinality(events) > 0
), old AS (
    SELECT id, data, key = $6::bytea AS is_as_it_was FROM storefront.session WHERE id = $1::uuid FOR UPDATE
)
INSERT INTO storefront.session AS known (id, key, customer_id, earlier_token, data, begun_at, used_at)
SELECT coalesce((SELECT id FROM old WHERE is_as_it_was), $7::uuid), $2::bytea, $3::uuid, $4::bytea,
       coalesce((SELECT data FROM old), '{}'), storefront.now(), storefront.now()
ON CONFLICT (id) DO UPDATE SET
    key = excluded.key,
    customer_id = excluded.customer_id,
    pending_registration_id = NULL,
    earlier_token = excluded.earlier_token,
    begun_at = excluded.begun_at,
    used_at = excluded.used_at
RETURNING id
