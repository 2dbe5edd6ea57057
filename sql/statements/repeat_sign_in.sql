-- Signs a browser in beside the session that its proof has signed in a moment ago: it has sent the form twice, and sees the last
-- answer alone. Both cookies are good; what the first session holds, the second holds too.
-- Returns a row when it was done.
-- $1 the session, $2 SHA-256 of the cookie that came, $3 the new session, $4 SHA-256 of its cookie, $5 the code.
-- Run by: worker.

INSERT INTO storefront.session (id, key, customer_id, data, begun_at, used_at)
SELECT $3::uuid, $4::bytea, session.customer_id, session.data, storefront.now(), storefront.now()
FROM storefront.session
JOIN storefront.one_time_code AS code ON code.id = $5::uuid AND code.attempts < code.attempts_allowed
WHERE session.id = $1::uuid AND session.proof_key = $2::bytea
RETURNING id
