-- Where it is written down which migrations were run. The one migration that is run every time.

CREATE SCHEMA IF NOT EXISTS storefront;

COMMENT ON SCHEMA storefront IS 'Everything that the account service keeps.';

CREATE TABLE IF NOT EXISTS storefront.migration (
    name       text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE storefront.migration IS 'Migrations that were run on this database.';
COMMENT ON COLUMN storefront.migration.name IS 'The file in sql/migrations, without its ending.';
COMMENT ON COLUMN storefront.migration.applied_at IS 'When it was committed.';
