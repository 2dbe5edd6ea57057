-- Begins the transaction of one migration. It gives up rather than make a running shop wait for a lock: whoever comes after it
-- waits behind it, and has a second and a half.
-- Run by: migration.

BEGIN;
SET LOCAL lock_timeout = '1s';
SET LOCAL client_min_messages = 'warning'
