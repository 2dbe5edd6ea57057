// The rule of the sign-in. It promises the same words, limits and cost whether or not an account exists (ASVS
// V6.3.8). It refuses to know where the customer goes next.
#ifndef STOREFRONT_ACCOUNT_LOGIN_H
#define STOREFRONT_ACCOUNT_LOGIN_H

#include "storefront/account/session.h"

struct login_form {
    struct text username; // a username or an e-mail, as typed
    struct text password;
};

struct login_result {
    struct field_errors errors; // OUTCOME_INVALID
    int64_t retry_after;        // OUTCOME_THROTTLED: seconds
    struct ticket ticket;       // OUTCOME_DONE and OUTCOME_UNVERIFIED
};

// Signs in. OUTCOME_UNVERIFIED: the password is right and the session may now prove the registration; its
// code was mailed again where the cool-down and the limits allow.
enum outcome account_login(struct account *account, const struct visitor *visitor,
                           const struct login_form *form, struct login_result *result);

#endif
