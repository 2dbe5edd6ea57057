-- Ends a session on the server.
-- $1 the session.
-- Run by: worker.

DELETE FROM storefront.session WHERE id = $1::uuid
