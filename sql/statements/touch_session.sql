-- Writes down that a session was used.
-- $1 the session.
-- Run by: worker.

UPDATE storefront.session SET used_at = storefront.now() WHERE id = $1::uuid
