// Random bytes, digests, comparisons and wiping, for whatever must not be guessed, told apart by time, or
// left behind. It promises constant time where it says so. It refuses to know what the secrets open.
#ifndef STOREFRONT_SECURITY_SECRET_H
#define STOREFRONT_SECURITY_SECRET_H

#include "storefront/base/text.h"

#define DIGEST_SIZE ((size_t)32)

// Fills `size` bytes from OpenSSL's random generator for secrets; false, and nothing usable, when it fails.
bool secret_random(void *bytes, size_t size);

// Fills `size` bytes, at most 4,096, that are used once and need not stay unknown: from OpenSSL's public
// generator, drawn in larger pieces. False, and nothing usable, when it fails. Not for a process that forks.
bool secret_nonce(void *bytes, size_t size);

// SHA-256 of `text` (FIPS 180-4) into `digest`; false when the library fails.
bool secret_digest(struct text text, unsigned char digest[static DIGEST_SIZE]);

// Equality in a time that depends on the lengths alone (ASVS V11.2.4). Texts of different length are not
// equal.
bool secret_equals(struct text a, struct text b);

// Overwrites `size` bytes so that no compiler leaves it out.
void secret_wipe(void *bytes, size_t size);

#endif
