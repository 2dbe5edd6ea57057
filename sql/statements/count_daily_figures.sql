-- Adds what has happened since the last count to the figures of its days: of an hour at most, however long nobody has counted,
-- and up to a minute ago, so that every transaction that is to be counted has ended. Two at once count once. Returns whether
-- there is more to be counted.
-- Run by: maintenance.

WITH span AS (
    SELECT moment AS begins, least(moment + interval '1 hour', date_trunc('minute', storefront.now() - interval '1 minute')) AS ends
    FROM storefront.figures_until FOR UPDATE
), moved AS (
    UPDATE storefront.figures_until SET moment = span.ends FROM span WHERE span.ends > span.begins
), event AS (
    -- The first code of each registration; asked row by row, so that no plan reads all codes for it.
    SELECT code.issued_at AS at, code.email, 1 AS begun, 0 AS handed_over, 0 AS proved
    FROM storefront.one_time_code AS code
    WHERE code.issued_at >= (SELECT begins FROM span) AND code.issued_at < (SELECT ends FROM span)
      AND code.issued_at = (SELECT min(earlier.issued_at) FROM storefront.one_time_code AS earlier
                            WHERE earlier.customer_id = code.customer_id
                              AND earlier.registration_id = code.registration_id)
    UNION ALL
    SELECT outbox.settled_at, code.email, 0, 1, 0
    FROM storefront.outbox JOIN storefront.one_time_code AS code ON code.id = outbox.code_id
    WHERE outbox.settled_at >= (SELECT begins FROM span) AND outbox.settled_at < (SELECT ends FROM span)
      AND outbox.state = 'sent'
    UNION ALL
    SELECT code.used_at, code.email, 0, 0, 1
    FROM storefront.one_time_code AS code
    WHERE code.used_at >= (SELECT begins FROM span) AND code.used_at < (SELECT ends FROM span)
), added AS (
    INSERT INTO storefront.daily_figure AS known (day, domain, begun, handed_over, proved)
    SELECT (at AT TIME ZONE 'UTC')::date, lower(substring(email FROM '[^@]*$')), sum(begun), sum(handed_over), sum(proved)
    FROM event
    GROUP BY 1, 2
    ON CONFLICT (day, domain) DO UPDATE SET
        begun = known.begun + excluded.begun,
        handed_over = known.handed_over + excluded.handed_over,
        proved = known.proved + excluded.proved
)
SELECT ends > begins AND ends < date_trunc('minute', storefront.now() - interval '1 minute') AS is_more
FROM span
