-- Gives up what the transaction did.
-- Run by: worker, mailer.

ROLLBACK
