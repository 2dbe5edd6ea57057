-- Ends the transaction; what it did is then durable.
-- Run by: worker, mailer, migration.

COMMIT
