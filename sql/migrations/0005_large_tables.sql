-- What tables of millions of rows need: an index for each purge and each count, so that neither ever reads a whole table, and
-- an autovacuum that comes after a number of rows, not after a fifth of them.

CREATE INDEX session_begun ON storefront.session (begun_at);
CREATE INDEX one_time_code_issued ON storefront.one_time_code (issued_at);
CREATE INDEX one_time_code_used ON storefront.one_time_code (used_at) WHERE used_at IS NOT NULL;

COMMENT ON INDEX storefront.session_begun IS 'For the purge of sessions that have reached their longest life.';
COMMENT ON INDEX storefront.one_time_code_issued IS
    'For the purge, which begins with the oldest, and for counting what was begun; never changes, so that a hand-over stays a heap-only update.';
COMMENT ON INDEX storefront.one_time_code_used IS 'For counting what was proved.';

-- A session's use moves its row and its entries in all indexes; with a fifth of 20 million the dead ones would be 4 million
-- before anybody cleans up.
ALTER TABLE storefront.session SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.02);

-- Verified customers hardly change; those who never prove their e-mail come and go at one end of a large table.
ALTER TABLE storefront.customer SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.02);

-- Each mail changes its row twice, and a mailer that waits looks ten times a second for those that are due: what is dead in
-- that index must not pile up.
ALTER TABLE storefront.outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- Short-lived: as many rows are deleted in a day as live in it. The room on the pages keeps more of the hand-overs, repeats and
-- counted tries heap-only updates: of a backlog handed over in hundreds a third instead of a tenth.
ALTER TABLE storefront.one_time_code SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);

-- As short-lived. Its pages stay full: an event that is given back just after it was counted is a heap-only update anyway.
ALTER TABLE storefront.rate_limit SET (autovacuum_vacuum_scale_factor = 0.02);
