-- Begins a transaction.
-- Run by: worker, mailer.

BEGIN
