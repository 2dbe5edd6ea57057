// See secret.h.
#include "storefront/security/secret.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#define NONCES_SIZE ((size_t)4096) // drawn at once

bool secret_random(void *bytes, size_t size)
{
    if (RAND_priv_bytes(bytes, (int)size) == 1) {
        return true;
    }
    memset(bytes, 0, size);
    return false;
}

bool secret_nonce(void *bytes, size_t size)
{
    static struct {
        unsigned char bytes[NONCES_SIZE];
        size_t left;
    } nonces;
    if (size > sizeof nonces.bytes) {
        return false;
    }
    if (size > nonces.left) {
        nonces.left = RAND_bytes(nonces.bytes, sizeof nonces.bytes) == 1 ? sizeof nonces.bytes : 0;
    }
    if (size > nonces.left) {
        return false;
    }
    nonces.left -= size;
    memcpy(bytes, nonces.bytes + nonces.left, size);
    secret_wipe(nonces.bytes + nonces.left, size);
    return true;
}

bool secret_digest(struct text text, unsigned char digest[static DIGEST_SIZE])
{
    // Fetched once: a fetch for each digest costs more than the digest.
    static EVP_MD *sha256;
    if (sha256 == NULL) {
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    }
    return sha256 != NULL && EVP_Digest(text.bytes, text.length, digest, NULL, sha256, NULL) == 1;
}

bool secret_equals(struct text a, struct text b)
{
    return a.length == b.length && (a.length == 0 || CRYPTO_memcmp(a.bytes, b.bytes, a.length) == 0);
}

void secret_wipe(void *bytes, size_t size)
{
    OPENSSL_cleanse(bytes, size);
}
