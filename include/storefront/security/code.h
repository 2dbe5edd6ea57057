// One-time codes are derived, never stored: whoever has the row's facts and the key can say the code again,
// whoever has only the table cannot. It promises uniform digits. It refuses to know how often a code may be
// tried.
#ifndef STOREFRONT_SECURITY_CODE_H
#define STOREFRONT_SECURITY_CODE_H

#include "storefront/security/keyring.h"

#define CODE_DIGITS_MINIMUM 4
#define CODE_DIGITS_MAXIMUM 8
#define CODE_NONCE_SIZE     ((size_t)16)

// What fixes a code: all of it stands in the code's row.
struct code_facts {
    struct text code_id;         // 16 bytes
    struct text registration_id; // 16 bytes: the registration that it proves
    struct text email;           // the mail address that it proves
    struct text nonce;           // CODE_NONCE_SIZE random bytes
    int64_t key_number;
    int64_t digits; // CODE_DIGITS_MINIMUM to CODE_DIGITS_MAXIMUM
};

// The code for `facts` as `facts->digits` decimal digits at `digits`, without a final zero. HMAC-SHA-256 over
// the facts is reduced by rejection, so each code is equally likely (ASVS V6.5.3). False where the key is
// unknown.
bool code_derive(const struct keyring *keyring, const struct code_facts *facts,
                 char digits[static CODE_DIGITS_MAXIMUM]);

#endif
