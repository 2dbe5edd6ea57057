-- The codes that a registration had before its live one, newest first: a code from an older mail is told apart from a
-- wrong one.
-- $1 the registration.
-- Run by: worker.

SELECT code.id, code.registration_id, code.email, code.nonce, code.digits::bigint, code.key_number::bigint
FROM storefront.one_time_code AS code
JOIN storefront.customer ON customer.id = code.customer_id
WHERE customer.registration_id = $1::uuid AND code.replaced_at > storefront.now() - interval '1 day'
ORDER BY code.issued_at DESC
LIMIT 10
