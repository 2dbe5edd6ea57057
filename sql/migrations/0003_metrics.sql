-- Lets the figures for operators be read by a role of their own. sql/roles.sql makes it: run that first, as at every update.

GRANT USAGE ON SCHEMA storefront TO storefront_metrics;
GRANT SELECT (state, queued_at) ON storefront.outbox TO storefront_metrics;
