-- Writes down that a migration was run, in its own transaction.
-- $1 its name.
-- Run by: migration.

INSERT INTO storefront.migration (name) VALUES ($1::text)
