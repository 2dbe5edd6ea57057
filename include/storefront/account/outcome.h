// How a request can end, as answers. The rules return them, the guard adds its own, and one table in
// page/answer.c says what each means as status, code and words. It promises that each end has
// one name; it refuses to know how any is told.
#ifndef STOREFRONT_ACCOUNT_OUTCOME_H
#define STOREFRONT_ACCOUNT_OUTCOME_H

enum outcome {
    OUTCOME_DONE,
    OUTCOME_INVALID, // one or more fields
    OUTCOME_CODE_WRONG,
    OUTCOME_CODE_EXPIRED,  // ran out
    OUTCOME_CODE_REPLACED, // from an older mail
    OUTCOME_CODE_LOCKED,   // ended by wrong tries
    OUTCOME_NOTHING_PENDING,
    OUTCOME_DENIED,     // wrong name or password
    OUTCOME_UNVERIFIED, // right password, e-mail not proved yet
    OUTCOME_THROTTLED,
    OUTCOME_UNAVAILABLE,
    // The guard's own:
    OUTCOME_ALREADY_SIGNED_IN,
    OUTCOME_SIGNED_OUT, // and the page is for customers
    OUTCOME_FORGED,     // no valid token, or a foreign origin
    OUTCOME_NOT_FOUND,
    OUTCOME_METHOD,
    OUTCOME_TOO_LARGE,
    OUTCOME_UNSUPPORTED,
    OUTCOME_UNREADABLE,
    OUTCOME_UNKNOWN_HOST,
    OUTCOMES
};

#endif
