-- The session of a cookie and who is signed in there: all that most pages need, in one turn and from one row. The row as it is:
-- it runs for every request, and a sum costs less in the worker, which knows whether the session has ended.
-- $1 SHA-256 of the cookie.
-- Run by: worker.

SELECT id,
       earlier_token,
       begun_at,
       used_at,
       storefront.now(),
       pending_registration_id,
       customer_id,
       username,
       name,
       email,
       verified_at
FROM storefront.session
WHERE key = $1::bytea
