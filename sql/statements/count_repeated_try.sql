-- Counts a wrong code where only a used one is repeated: no more of them than its code allows.
-- $1 the code.
-- Run by: worker.

UPDATE storefront.one_time_code SET attempts = attempts + 1
WHERE id = $1::uuid AND used_at IS NOT NULL AND attempts < attempts_allowed
