-- Adds requests that a limit has refused to the figures of today.
-- $1 how many.
-- Run by: maintenance.

INSERT INTO storefront.daily_figure AS known (day, domain, throttled)
VALUES ((storefront.now() AT TIME ZONE 'UTC')::date, '', $1::bigint)
ON CONFLICT (day, domain) DO UPDATE SET throttled = known.throttled + excluded.throttled
