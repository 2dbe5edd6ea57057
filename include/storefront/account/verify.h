// The rule of the proof: the right code, typed in the session that may prove the registration, makes the
// customer verified and signs the session in. It promises that each guess is counted once and each code is
// used once, however many arrive together. It refuses to know where the code was read.
#ifndef STOREFRONT_ACCOUNT_VERIFY_H
#define STOREFRONT_ACCOUNT_VERIFY_H

#include "storefront/account/session.h"

struct verify_form {
    struct text username; // empty where it was not given
    struct text code;     // as typed
    bool code_is_number;  // came as a JSON number: leading zeros are lost
    bool is_page;         // of two answers the browser sees the last alone
};

struct verify_result {
    struct field_errors errors; // OUTCOME_INVALID
    int64_t attempts_left;      // OUTCOME_CODE_WRONG
    int64_t retry_after;        // OUTCOME_CODE_LOCKED: seconds until a resend
    struct ticket ticket;       // OUTCOME_DONE
};

// Judges the code that was typed. The same form sent again some seconds after it was right, with the cookie
// of before and while the code would still live, signs in once more: the first answer did not arrive. That of
// a page does so at once: the browser has dropped the first answer for the second click.
enum outcome account_verify(struct account *account, const struct visitor *visitor,
                            const struct verify_form *form, struct verify_result *result);

// `typed` as digits: spaces and dashes of any script fall away, digits of full width become plain ones; in
// the arena.
struct text verify_digits(struct account *account, struct text typed);

#endif
