-- Writes down that a session was used. Its cookie has reached the browser, so no proof needs to be repeated any more.
-- $1 the session.
-- Run by: worker.

UPDATE storefront.session SET used_at = storefront.now(), proof_key = NULL WHERE id = $1::uuid
