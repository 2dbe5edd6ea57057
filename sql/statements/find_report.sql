-- The figures of the last days, by domain, those with most registrations first.
-- $1 how many days, today included.
-- Run by: metrics.

SELECT domain,
       sum(begun)::bigint AS begun,
       sum(handed_over)::bigint AS handed_over,
       sum(proved)::bigint AS proved,
       sum(throttled)::bigint AS throttled
FROM storefront.daily_figure
WHERE day > (storefront.now() AT TIME ZONE 'UTC')::date - $1::bigint::integer
GROUP BY domain
ORDER BY begun DESC, handed_over DESC, domain
LIMIT 1000
