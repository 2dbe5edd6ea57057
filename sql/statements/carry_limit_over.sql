-- What was counted under another secret key goes on counting under the one that signs now, so that a change of keys
-- forgets nothing: events of a limit, and wrong tries of a mailbox.
-- $1 what is limited, as the other key names it, $2 as the one that signs now does.
-- Run by: worker.

WITH other_limit AS (
    DELETE FROM storefront.rate_limit WHERE key = $1::bytea RETURNING events, forget_at
), carried AS (
    INSERT INTO storefront.rate_limit AS known (key, events, forget_at)
    SELECT $2::bytea, events, forget_at FROM other_limit
    ON CONFLICT (key) DO UPDATE SET
        events = coalesce((SELECT array_agg(event ORDER BY event) FROM unnest(known.events || excluded.events) AS event), '{}'),
        forget_at = greatest(known.forget_at, excluded.forget_at)
), other_caution AS (
    DELETE FROM storefront.mailbox_caution WHERE mailbox = $1::bytea RETURNING wrong_tries, is_raised, forget_at
)
INSERT INTO storefront.mailbox_caution AS known (mailbox, wrong_tries, is_raised, forget_at)
SELECT $2::bytea, wrong_tries, is_raised, forget_at FROM other_caution
ON CONFLICT (mailbox) DO UPDATE SET
    wrong_tries = coalesce((SELECT array_agg(wrong_try ORDER BY wrong_try)
                            FROM unnest(known.wrong_tries || excluded.wrong_tries) AS wrong_try), '{}'),
    is_raised = known.is_raised OR excluded.is_raised,
    forget_at = greatest(known.forget_at, excluded.forget_at)
