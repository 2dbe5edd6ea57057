-- Waits until no other migration runs on this database, and keeps others out until the connection ends.
-- Run by: migration.

SELECT pg_advisory_lock(7165843562001)
