-- Puts a costlier hash of the same password in the place of one that is below the settings.
-- $1 the customer, $2 the hash that was checked, $3 the new hash.
-- Run by: worker.

UPDATE storefront.customer SET password_hash = $3::text WHERE id = $1::uuid AND password_hash = $2::text
