-- The sessions from before 0006. By itself, for it takes as long as there are sessions, and locks rows, not the table: workers
-- of the version before go on meanwhile, and what they sign in is filled already.

UPDATE storefront.session
SET username = customer.username, name = customer.name, email = customer.email, verified_at = customer.verified_at
FROM storefront.customer
WHERE customer.id = session.customer_id AND session.username IS NULL;
