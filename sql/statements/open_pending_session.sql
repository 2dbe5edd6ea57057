-- Gives a session the right to prove a registration, under a new cookie; makes the session where there is none.
-- What another session of the same browser holds ($5: it made the same registration a moment ago) is carried over.
-- $1 the session, old or new, $2 SHA-256 of the new cookie, $3 the registration, $4 SHA-256 of the csrftoken of the
-- request, $5 whether to carry over.
-- Run by: worker.

INSERT INTO storefront.session AS known
    (id, key, pending_registration_id, earlier_token, data, begun_at, used_at)
SELECT $1::uuid, $2::bytea, $3::uuid, $4::bytea,
       coalesce((SELECT twin.data
                 FROM storefront.session AS twin
                 WHERE $5::boolean AND twin.pending_registration_id = $3::uuid
                 ORDER BY twin.used_at DESC LIMIT 1), '{}'),
       storefront.now(), storefront.now()
ON CONFLICT (id) DO UPDATE SET
    key = excluded.key,
    customer_id = NULL,
    pending_registration_id = excluded.pending_registration_id,
    earlier_token = excluded.earlier_token,
    begun_at = excluded.begun_at,
    used_at = excluded.used_at
RETURNING id
