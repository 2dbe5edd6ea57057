-- Takes mails that are due in hand, so that no other mailer does for a while: those that wait longest, in that order, also
-- when a mail server was away for long and each was put off until another moment. They are looked for among the first 2,000
-- that became due: of a million, all would have to be sorted for each claim.
-- Returns each mail with the facts of its code, how often it was tried, the seconds that its code has left, and whether
-- the code is dead: then it is not to be sent; and the milliseconds since it was asked for.
-- $1 how many at most, $2 seconds after which another mailer may take them over.
-- Run by: mailer.

WITH due AS (
    SELECT id
    FROM storefront.outbox
    WHERE state IN ('queued', 'sending')
      AND due_at <= coalesce((SELECT due_at FROM storefront.outbox
                              WHERE state IN ('queued', 'sending') AND due_at <= storefront.now()
                              ORDER BY due_at OFFSET 2000 LIMIT 1), storefront.now())
    ORDER BY queued_at
    LIMIT $1::bigint
    FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE storefront.outbox SET
        state = 'sending',
        attempts = outbox.attempts + 1,
        due_at = storefront.now() + make_interval(secs => $2::bigint)
    FROM due
    WHERE outbox.id = due.id
    RETURNING outbox.*
)
SELECT claimed.id,
       claimed.language,
       claimed.attempts::bigint,
       extract(epoch FROM claimed.queued_at)::bigint AS queued_at,
       code.id AS code_id,
       code.registration_id,
       code.email,
       code.nonce,
       code.digits::bigint,
       code.key_number::bigint,
       CASE WHEN code.handed_over_at IS NULL THEN code.life_seconds::bigint
            ELSE extract(epoch FROM code.expires_at - storefront.now())::bigint END AS seconds_left,
       code.used_at IS NOT NULL OR code.replaced_at IS NOT NULL OR code.expires_at <= storefront.now()
           OR code.attempts >= code.attempts_allowed AS is_dead,
       (extract(epoch FROM storefront.now() - claimed.queued_at) * 1000)::bigint AS waited_ms
FROM claimed JOIN storefront.one_time_code AS code ON code.id = claimed.code_id
ORDER BY claimed.queued_at
