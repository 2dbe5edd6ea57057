-- Whether a migration was run.
-- $1 its name.
-- Run by: migration.

SELECT true FROM storefront.migration WHERE name = $1::text
