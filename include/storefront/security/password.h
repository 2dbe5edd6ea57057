// The doors to libsodium (Argon2id) and libzxcvbn: hashing, checking and judging passwords. It promises the
// same cost for a password that is checked against a stored hash and against none. It refuses to know whose
// password it is.
#ifndef STOREFRONT_SECURITY_PASSWORD_H
#define STOREFRONT_SECURITY_PASSWORD_H

#include "storefront/base/text.h"

struct password_cost {
    int64_t memory_kib;
    int64_t passes;
};

#define PASSWORD_HASH_MAXIMUM ((size_t)128) // bytes of a PHC string, its final zero included

// Prepares the libraries, and password_nobody() at `cost`. False when they refuse.
bool password_start(struct password_cost cost);

// Argon2id of `password`, byte for byte (ASVS V6.2.8), as a PHC string in `arena`; empty when memory is
// short. Takes tens of milliseconds: never inside a transaction.
struct text password_hash(struct arena *arena, struct text password, struct password_cost cost);

// True when `password` is the one behind the PHC string `hash`. Without memory to tell, `arena` fails. A no
// takes as long as at the cost that password_start() was given, however cheap `hash` was: but for less than
// Argon2's least memory (8 KiB) in each pass.
bool password_check(struct arena *arena, struct text password, struct text hash);

// A hash of no password: to be checked where no account has the name, so that the answer costs the same (ASVS
// V6.3.8). The caller's answer is no, whatever the check says.
struct text password_nobody(void);

// True when `hash` took less memory or fewer passes than `cost`, or is not understood.
bool password_is_outdated(struct text hash, struct password_cost cost);

// True when zxcvbn holds that `password` (its first 100 characters) stands fewer than 10^6 guesses, `words`
// (the customer's own; `count` of them) being known to the attacker (NIST SP 800-63B-4 section 3.1.1.2).
bool password_is_weak(struct arena *arena, struct text password, const struct text *words, size_t count);

#endif
