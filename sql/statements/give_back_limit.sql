-- Takes the newest event of two limits back: what was counted turned out not to count. One of them may be empty.
-- $1 and $2 what is limited.
-- Run by: worker.

UPDATE storefront.rate_limit SET events = trim_array(events, 1)
WHERE key IN ($1::bytea, $2::bytea) AND cardinality(events) > 0
