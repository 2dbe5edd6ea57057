-- What an operator asks of the last weeks, long after the rows that it is counted from were deleted.

CREATE TABLE storefront.daily_figure (
    day         date NOT NULL,
    domain      text NOT NULL,
    begun       bigint NOT NULL DEFAULT 0,
    handed_over bigint NOT NULL DEFAULT 0,
    proved      bigint NOT NULL DEFAULT 0,
    throttled   bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (day, domain)
);

COMMENT ON TABLE storefront.daily_figure IS 'What happened on a day, by the domain that mails go to; kept for 400 days. Names nobody.';
COMMENT ON COLUMN storefront.daily_figure.day IS 'The day in UTC.';
COMMENT ON COLUMN storefront.daily_figure.domain IS 'Domain of the mail addresses in lower case; empty for what has none.';
COMMENT ON COLUMN storefront.daily_figure.begun IS 'Registrations that were made or mended.';
COMMENT ON COLUMN storefront.daily_figure.handed_over IS 'Mails that the mail server took.';
COMMENT ON COLUMN storefront.daily_figure.proved IS 'Mail addresses that were proved by their code.';
COMMENT ON COLUMN storefront.daily_figure.throttled IS 'Requests that a limit refused; under the empty domain.';

CREATE TABLE storefront.figures_until (
    moment timestamptz NOT NULL
);

INSERT INTO storefront.figures_until (moment) VALUES (date_trunc('minute', storefront.now() - interval '1 day'));

COMMENT ON TABLE storefront.figures_until IS 'One row: up to when the daily figures were counted.';
COMMENT ON COLUMN storefront.figures_until.moment IS 'What happened before is in them.';

GRANT SELECT, INSERT, UPDATE, DELETE ON storefront.daily_figure TO storefront_worker;
GRANT SELECT, UPDATE ON storefront.figures_until TO storefront_worker;
GRANT SELECT ON storefront.daily_figure TO storefront_metrics;
