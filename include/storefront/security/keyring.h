// The shop's secret keys and what is derived from them. One file holds the keys, each with a number; for each
// purpose a subkey is made by HKDF, and a process holds only the subkeys that it asked for. It promises that
// the keys themselves are wiped after that, and refuses to know what is signed.
#ifndef STOREFRONT_SECURITY_KEYRING_H
#define STOREFRONT_SECURITY_KEYRING_H

#include "storefront/base/text.h"
#include "storefront/security/secret.h"

enum key_purpose {
    KEY_CODES,  // one-time codes
    KEY_TOKENS, // csrftoken
    KEY_LIMITS, // names of limits
    KEY_PURPOSES
};

#define KEY_NUMBER_MAXIMUM 32767

struct keyring;

// Reads the keys in the file `path`, a line each: number (1 to 32767), space, 64 hexadecimal digits; the
// first signs. Derives the subkeys for `purposes`, a mask of 1 << enum key_purpose. NULL, with the reason
// logged, where the file is missing, readable by others, or holds anything else. The caller ends it with
// keyring_close().
struct keyring *keyring_open(const char *path, unsigned purposes);

// Wipes and frees the keyring and sets the pointer to NULL.
void keyring_close(struct keyring **keyring);

// The number of the key that signs now.
int64_t keyring_current(const struct keyring *keyring);

// How many keys there are, at least 1, and the number of each, counted from 0: the first is the one that
// signs.
size_t keyring_count(const struct keyring *keyring);
int64_t keyring_number(const struct keyring *keyring, size_t index);

// Whether there is a key `number`.
bool keyring_has(const struct keyring *keyring, int64_t number);

// HMAC-SHA-256 over `parts`, each preceded by its length so that no two lists of parts run together, with the
// subkey for `purpose` of the key `number`, into `mac`. False where there is no such key or the library
// fails.
bool keyring_mac(const struct keyring *keyring, enum key_purpose purpose, int64_t number,
                 const struct text *parts, size_t count, unsigned char mac[static DIGEST_SIZE]);

// True when `mac` is what any of the keys makes of `parts`; compared in constant time. Where the library
// fails, `arena` does.
bool keyring_verify(struct arena *arena, const struct keyring *keyring, enum key_purpose purpose,
                    const struct text *parts, size_t count, struct text mac);

#endif
