-- Writes down what became of mails that a mailer had in hand, of many in one commit. One that the mail server took is settled,
-- and with the first one its code's life begins; one that it could not take now is tried again later. Run twice, it changes
-- nothing more; and of a mail that another mailer has taken over since it writes only that it was sent. The codes are locked
-- first, as wherever both are written.
-- $1 a JSON array with an object for each mail: its id; its state (sent, queued, dropped or refused); attempts, by which claim
-- it was in hand; seconds, until a queued one is tried again; its reason, for the operator.
-- Run by: mailer.

WITH verdict AS (
    SELECT id, state, attempts, seconds, reason
    FROM jsonb_to_recordset($1::text::jsonb) AS verdict (id uuid, state text, attempts bigint, seconds bigint, reason text)
), held AS (
    SELECT FROM storefront.one_time_code AS code
    WHERE code.id = ANY (ARRAY(SELECT code_id FROM storefront.outbox
                               WHERE id = ANY (ARRAY(SELECT id FROM verdict WHERE state = 'sent'))))
    ORDER BY code.id
    FOR NO KEY UPDATE
), settled AS (
    UPDATE storefront.outbox SET
        state = verdict.state,
        due_at = CASE WHEN verdict.state = 'queued' THEN storefront.now() + make_interval(secs => verdict.seconds)
                      ELSE outbox.due_at END,
        settled_at = CASE WHEN verdict.state <> 'queued' THEN storefront.now() END,
        reason = verdict.reason
    FROM verdict, (SELECT count(*) FROM held) AS room
    WHERE outbox.id = ANY (ARRAY(SELECT id FROM verdict)) AND outbox.id = verdict.id
      AND ((outbox.state = 'sending' AND outbox.attempts = verdict.attempts)
           OR (verdict.state = 'sent' AND outbox.state <> 'sent'))
    RETURNING outbox.code_id, outbox.state
)
UPDATE storefront.one_time_code AS code SET
    handed_over_at = storefront.now(),
    expires_at = storefront.now() + make_interval(secs => code.life_seconds)
FROM settled
WHERE code.id = settled.code_id AND settled.state = 'sent' AND code.handed_over_at IS NULL
