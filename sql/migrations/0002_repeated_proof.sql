-- Lets the form of a proof be sent again where its answer was lost on the way: a worker that died, a commit whose end was
-- not known, a telephone in a tunnel.

ALTER TABLE storefront.session ADD COLUMN proof_key bytea;

CREATE UNIQUE INDEX session_proof ON storefront.session (proof_key) WHERE proof_key IS NOT NULL;

COMMENT ON COLUMN storefront.session.proof_key IS
    'SHA-256 of the cookie with which the code was proved that signed in here; forgotten when the session is touched. With that cookie and that code, the same form is answered once more.';
