-- Begins the transaction of one migration. It gives up rather than make a running shop wait for a lock.
-- Run by: migration.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = 'warning'
