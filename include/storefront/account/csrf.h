// Tokens against forged requests, without a row: a nonce and its HMAC over the session (signed double
// submit). It promises that a token of another browser or session does not pass. It refuses to know headers
// and fields.
#ifndef STOREFRONT_ACCOUNT_CSRF_H
#define STOREFRONT_ACCOUNT_CSRF_H

#include "storefront/account/session.h"

// A new token for the session with `session_key` (SHA-256 of its cookie), or for none where that is empty; in
// the arena.
struct text csrf_make(struct account *account, struct text session_key);

// True when `token` is one that this server made for `session`, or for none where there is none.
bool csrf_is_valid(const struct account *account, const struct session *session, struct text token);

// The token in a form that differs each time, for pages: so that compression cannot tell it (BREACH).
struct text csrf_mask(struct account *account, struct text token);

// Judges the token `given` with a request, as it is or masked: it must be the one in the cookie, and valid
// for the session. Where `allows_earlier`, the token of the moments before the session began passes as well.
// `digest` becomes the digest of the token, by which a second click of the same form is known.
bool csrf_check(struct account *account, const struct session *session, struct text cookie, struct text given,
                bool allows_earlier, struct text *digest);

#endif
