-- Gives a session the right to prove a registration, under a new cookie; makes the session where there is none, and a
-- second one with what the first holds where that got another cookie meanwhile (a double click: both answers stay good).
-- What another session of the same browser holds ($5: it made the same registration a moment ago) is carried over.
-- Returns a row when it was done; none: there is no such registration any more.
-- $1 the session, $2 SHA-256 of the new cookie, $3 the registration, $4 SHA-256 of the csrftoken of the request,
-- $5 whether to carry over, $6 SHA-256 of the cookie that came, $7 a new session.
-- Run by: worker.

WITH owner AS (
    SELECT registration_id FROM storefront.customer WHERE registration_id = $3::uuid FOR KEY SHARE
), old AS (
    SELECT id, data, key = $6::bytea AS is_as_it_was FROM storefront.session WHERE id = $1::uuid FOR UPDATE
)
INSERT INTO storefront.session AS known
    (id, key, pending_registration_id, earlier_token, data, begun_at, used_at)
SELECT coalesce((SELECT id FROM old WHERE is_as_it_was), $7::uuid), $2::bytea, owner.registration_id, $4::bytea,
       coalesce((SELECT data FROM old),
                (SELECT twin.data
                 FROM storefront.session AS twin
                 WHERE $5::boolean AND twin.pending_registration_id = $3::uuid
                 ORDER BY twin.used_at DESC LIMIT 1), '{}'),
       storefront.now(), storefront.now()
FROM owner
ON CONFLICT (id) DO UPDATE SET
    key = excluded.key,
    customer_id = NULL,
    pending_registration_id = excluded.pending_registration_id,
    earlier_token = excluded.earlier_token,
    begun_at = excluded.begun_at,
    used_at = excluded.used_at
RETURNING id
