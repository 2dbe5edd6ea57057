// Sessions: what the server remembers of a browser. It promises ids that only this server made, found by a
// digest, new at every change of rights (ASVS V7.2.4). It refuses to know cookies' attributes.
#ifndef STOREFRONT_ACCOUNT_SESSION_H
#define STOREFRONT_ACCOUNT_SESSION_H

#include "storefront/account/account.h"
#include "storefront/security/code.h"

struct customer {
    struct text id; // 16 bytes
    struct text username;
    struct text name;
    struct text email;
    int64_t member_since; // seconds since 1970
};

struct registration {
    struct text id;          // 16 bytes
    struct text customer_id; // 16 bytes; stays when a mended form makes a new registration
    struct text username;    // pending_verification_username
    struct text name;
    struct text email;
};

// How the live code of a registration stands.
struct code_state {
    struct code_facts facts;
    bool is_there;       // a code was made and not yet used or replaced
    bool is_handed_over; // the mail server has its mail
    bool is_locked;      // ended by wrong tries
    bool is_new;         // made by the resend that told it; the one before no longer works
    int64_t attempts_left;
    int64_t expires_in; // seconds; 0: it has run out
    int64_t resend_in;  // seconds until the next mail may be asked for; known by code_find() alone
};

struct session {
    bool is_known;   // there is a row; all below but `key` is empty without
    struct text key; // SHA-256 of the cookie that came, also of one that is not known; empty without a cookie
    struct text id;  // 16 bytes; stays when the cookie changes
    struct text earlier_token; // digest of the csrftoken by which it came to be
    bool is_to_be_touched;
    int64_t seconds_left; // of its longest life
    bool is_signed_in;
    struct customer customer;
    bool is_pending;
    struct registration pending;
    struct code_state code; // of `pending`
};

// What a browser gets when its session begins or changes its rights.
struct ticket {
    struct text cookie;   // goes to the browser and nowhere else
    struct text key;      // SHA-256 of it
    struct text id;       // of the session, old or new
    struct text was_key;  // SHA-256 of the cookie that came
    struct text spare_id; // of a new session, where the old one got another cookie meanwhile
};

// Finds the session of `cookie` (its value, maybe empty); none without a well-formed cookie. One round trip,
// and a second one for a session that awaits a proof where `expects_pending` is false. OUTCOME_DONE
// whether or not there is one, OUTCOME_UNAVAILABLE when it cannot be known.
enum outcome session_find(struct account *account, struct text cookie, bool expects_pending,
                          struct session *session);

// True when the browser came with the cookie of a session that is there no more, or not under it.
bool session_is_gone(const struct session *session);

// Writes down that the session was used. False when that failed, which harms nobody.
bool session_touch(struct account *account, const struct session *session);

// Ends the session on the server (ASVS V7.4.1).
enum outcome session_end(struct account *account, const struct session *session);

// A new random cookie for `session`, known or not, in the arena of `account`.
struct ticket session_new_ticket(struct account *account, const struct session *session);

// Gives the session behind `ticket` the right to prove the registration `registration_id`; part of the
// caller's transaction. `is_twin`: what another session of the same registration holds is carried over.
// OUTCOME_NOTHING_PENDING: there is no such registration any more.
enum outcome session_open_pending(struct account *account, const struct ticket *ticket,
                                  struct text registration_id, struct text token_digest, bool is_twin);

// The same in two steps: asked with the next turn, and what came of it.
void session_ask_pending(struct account *account, const struct ticket *ticket, struct text registration_id,
                         struct text token_digest, bool is_twin, struct answer *answer);
enum outcome session_read_pending(const struct answer *answer);

#endif
