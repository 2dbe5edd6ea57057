-- Changes the name of an unverified customer, and nothing that a code depends on.
-- $1 the registration, $2 the name.
-- Run by: worker.

UPDATE storefront.customer SET name = $2::text WHERE registration_id = $1::uuid
