-- Counts a wrong code: for the code, while it lives and has tries left, and for its mailbox.
-- Returns the tries so far and those allowed; no row: it was not counted, for the code had ended.
-- $1 the code, $2 its nonce, $3 the mailbox, $4 wrong tries in a day that make a mailbox one under attack.
-- Run by: worker.

WITH counted AS (
    UPDATE storefront.one_time_code SET attempts = attempts + 1
    WHERE id = $1::uuid AND nonce = $2::bytea AND attempts < attempts_allowed
      AND used_at IS NULL AND replaced_at IS NULL AND expires_at > storefront.now()
    RETURNING attempts, attempts_allowed
), remembered AS (
    INSERT INTO storefront.mailbox_caution AS known (mailbox, wrong_tries, is_raised, forget_at)
    SELECT $3::bytea, ARRAY[storefront.now()], $4::bigint <= 1, storefront.now() + interval '1 day' FROM counted
    ON CONFLICT (mailbox) DO UPDATE SET
        wrong_tries = CASE
            WHEN known.forget_at <= storefront.now() THEN excluded.wrong_tries
            ELSE (known.wrong_tries || storefront.now())[(cardinality(known.wrong_tries) + 2 - $4::bigint)::integer:]
        END,
        is_raised = CASE
            WHEN known.forget_at <= storefront.now() THEN excluded.is_raised
            ELSE known.is_raised
                 OR storefront.limit_wait(known.wrong_tries || storefront.now(), $4::bigint, 86400) > 0
        END,
        forget_at = excluded.forget_at
)
SELECT attempts::bigint, attempts_allowed::bigint FROM counted
