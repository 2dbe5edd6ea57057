-- Says that the database answers and can be written to.
-- Run by: worker.

SELECT NOT pg_is_in_recovery() AS is_ready
