// The one-time code of a registration: making it, mailing it again, saying how it stands. It promises that at
// most one code of a registration is live, and that a mail is queued in the transaction of the deed. It
// refuses to know the code's digits: they are derived where they are compared or sent.
#ifndef STOREFRONT_ACCOUNT_CODE_H
#define STOREFRONT_ACCOUNT_CODE_H

#include "storefront/account/session.h"
#include "storefront/security/code.h"

struct code_state {
    struct code_facts facts;
    bool is_there;       // a code was made and not yet used or replaced
    bool is_handed_over; // the mail server has its mail
    bool is_locked;      // ended by wrong tries
    int64_t attempts_left;
    int64_t expires_in; // seconds; 0: it has run out
    int64_t resend_in;  // seconds until the next mail may be asked for
};

// How the code of `registration` stands, for the session with `session_id`.
enum outcome code_find(struct account *account, const struct registration *registration,
                       struct text session_id, struct code_state *state);

// Makes a new code for the registration and queues its mail, in the caller's transaction. `digits` becomes
// its length. OUTCOME_THROTTLED where the last mail is younger than `least_age` seconds or the registration
// is gone.
enum outcome code_issue(struct account *account, struct text registration_id, struct text mailbox_key,
                        int64_t least_age, int64_t *digits);

// Mails the code of `registration` again: the live one while it has life enough, else a new one; `state` is
// brought up to date. OUTCOME_THROTTLED inside the cool-down or beyond the limits, with `retry_after` in
// seconds.
enum outcome code_send_again(struct account *account, const struct registration *registration,
                             struct text session_id, struct code_state *state, int64_t *retry_after);

#endif
