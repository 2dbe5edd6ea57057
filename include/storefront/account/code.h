// The one-time code of a registration: making it, mailing it again, saying how it stands. It promises that at
// most one code of a registration is live, and that a mail is queued in the transaction of the deed. It
// refuses to know the code's digits: they are derived where they are compared or sent.
#ifndef STOREFRONT_ACCOUNT_CODE_H
#define STOREFRONT_ACCOUNT_CODE_H

#include "storefront/account/session.h"

// Reads a code's state from the first of `rows`, whose columns from `first` on are those of
// sql/statements/find_code.sql, with or without its last, `resend_in`; not there where they are nothing.
void code_read_state(const struct rows *rows, size_t first, struct text registration_id,
                     struct code_state *state);

// How the code of `registration` stands, for the session with `session_id`.
enum outcome code_find(struct account *account, const struct registration *registration,
                       struct text session_id, struct code_state *state);

// Asks, for the next turn of the caller's transaction, for a new code for the registration and its mail.
void code_ask(struct account *account, struct text registration_id, struct text mailbox_key,
              int64_t least_age, struct answer *answer);

// What came of it; `digits` becomes the code's length. OUTCOME_THROTTLED where the last mail is younger than
// `least_age` seconds or the registration is gone.
enum outcome code_read(const struct answer *answer, int64_t *digits);

// Queues a mail with the code of `registration`, in the caller's transaction: with the live one while it has
// life enough, else a new one; `state` is brought up to date. OUTCOME_THROTTLED beyond the limits, or where
// somebody else queued one meanwhile: the transaction is to be given up.
enum outcome code_queue(struct account *account, const struct registration *registration,
                        struct text session_id, struct code_state *state);

// The same in a transaction of its own. OUTCOME_THROTTLED inside the cool-down or beyond the limits, with
// `retry_after` in seconds; OUTCOME_NOTHING_PENDING where the code of `state` was used, or went with its
// registration, meanwhile.
enum outcome code_send_again(struct account *account, const struct registration *registration,
                             struct text session_id, struct code_state *state, int64_t *retry_after);

#endif
