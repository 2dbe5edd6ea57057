// The rule of the sign-up: an unverified customer, a code on its way, and a session that may prove it; all of
// it or nothing. It promises that two equal submissions are one. It refuses to know pages and mails.
#ifndef STOREFRONT_ACCOUNT_REGISTER_H
#define STOREFRONT_ACCOUNT_REGISTER_H

#include "storefront/account/identity.h"
#include "storefront/account/session.h"

struct register_form {
    struct text name;
    struct text username;
    struct text email;
    struct text password;
};

struct register_result {
    struct field_errors errors; // OUTCOME_INVALID
    int64_t retry_after;        // OUTCOME_THROTTLED: seconds
    struct ticket ticket; // OUTCOME_DONE: the session's new cookie; empty where the session stays as it is
    int64_t expires_in;   // seconds that the code will live
    int64_t resend_in;    // seconds until the next mail may be asked for
    int64_t code_length;  // digits
};

// Registers. OUTCOME_DONE, OUTCOME_INVALID, OUTCOME_THROTTLED or OUTCOME_UNAVAILABLE; after the last it may
// have been done, and the same form sent again within a minute succeeds; later its names are taken until the
// registration no longer holds them.
enum outcome account_register(struct account *account, const struct visitor *visitor,
                              const struct register_form *form, struct register_result *result);

#endif
