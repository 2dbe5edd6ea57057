-- The sessions from before 0006. By itself, for it takes as long as there are sessions. Workers of the version before go on
-- meanwhile, and what they sign in is filled already; but each row stays locked until the end, and who would write it waits.

UPDATE storefront.session
SET username = customer.username, name = customer.name, email = customer.email, verified_at = customer.verified_at
FROM storefront.customer
WHERE customer.id = session.customer_id AND session.username IS NULL;
