-- What is not sent yet: how many mails wait, how many a mailer has in hand, and the seconds since the oldest was asked for.
-- Run by: metrics.

SELECT count(*) FILTER (WHERE state = 'queued') AS waiting,
       count(*) FILTER (WHERE state = 'sending') AS in_hand,
       coalesce(max(extract(epoch FROM storefront.now() - queued_at))::bigint, 0) AS oldest_seconds
FROM storefront.outbox
WHERE state IN ('queued', 'sending')
