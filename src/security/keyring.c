// See keyring.h. Each subkey is kept as an HMAC context that is keyed once and started anew for each message.
#include "storefront/security/keyring.h"
#include "storefront/base/encode.h"
#include "storefront/base/file.h"
#include "storefront/base/log.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KEYS_MAXIMUM      ((size_t)8)
#define FILE_MAXIMUM      ((size_t)4096)
#define LENGTH_SIZE       ((size_t)4)
#define OTHERS_MAY_ACCESS 07

struct key {
    int64_t number;
    EVP_MAC_CTX *macs[KEY_PURPOSES]; // NULL for a purpose that was not asked for
};

struct keyring {
    struct key keys[KEYS_MAXIMUM];
    size_t count;
};

// The labels are part of what is stored and sent: a change of one ends every code or token of its purpose.
static const char *const labels[KEY_PURPOSES] = {
    [KEY_CODES] = "storefront one-time codes 1",
    [KEY_TOKENS] = "storefront csrf tokens 1",
    [KEY_LIMITS] = "storefront limits 1",
};

static bool derive_subkey(const unsigned char key[static DIGEST_SIZE], const char *label,
                          unsigned char subkey[static DIGEST_SIZE])
{
    EVP_KDF *hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = hkdf == NULL ? NULL : EVP_KDF_CTX_new(hkdf);
    // OSSL_PARAM wants pointers that are not const, and only reads through these.
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key, DIGEST_SIZE),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)label, strlen(label)),
        OSSL_PARAM_construct_end(),
    };
    bool done = context != NULL && EVP_KDF_derive(context, subkey, DIGEST_SIZE, parameters) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(hkdf);
    return done;
}

static EVP_MAC_CTX *make_mac(const unsigned char subkey[static DIGEST_SIZE])
{
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = hmac == NULL ? NULL : EVP_MAC_CTX_new(hmac);
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_end(),
    };
    if (context != NULL && EVP_MAC_init(context, subkey, DIGEST_SIZE, parameters) != 1) {
        EVP_MAC_CTX_free(context);
        context = NULL;
    }
    EVP_MAC_free(hmac);
    return context;
}

static bool derive_macs(struct key *key, const unsigned char secret[static DIGEST_SIZE], unsigned purposes)
{
    unsigned char subkey[DIGEST_SIZE];
    bool done = true;
    for (size_t purpose = 0; purpose < KEY_PURPOSES && done; purpose++) {
        if ((purposes >> purpose & 1) != 0) {
            done = derive_subkey(secret, labels[purpose], subkey);
            key->macs[purpose] = done ? make_mac(subkey) : NULL;
            done = key->macs[purpose] != NULL;
        }
    }
    secret_wipe(subkey, sizeof subkey);
    return done;
}

static bool has_number(const struct keyring *keyring, int64_t number)
{
    for (size_t i = 0; i < keyring->count; i++) {
        if (keyring->keys[i].number == number) {
            return true;
        }
    }
    return false;
}

static const char *add_key(struct keyring *keyring, struct text line, unsigned purposes)
{
    unsigned char secret[DIGEST_SIZE];
    struct text digits = line;
    struct text number = text_next(&digits, ' ');
    struct key *key = &keyring->keys[keyring->count];
    if (keyring->count == KEYS_MAXIMUM) {
        return "more than eight keys";
    }
    if (!text_to_number(number, 1, KEY_NUMBER_MAXIMUM, &key->number) || has_number(keyring, key->number)) {
        return "a line does not begin with a number of its own from 1 to 32767";
    }
    bool is_key = decode_hexadecimal(text_trim(digits), secret, sizeof secret);
    bool done = is_key && derive_macs(key, secret, purposes);
    secret_wipe(secret, sizeof secret);
    if (!is_key) {
        return "a key is not 64 hexadecimal digits";
    }
    keyring->count++;
    return done ? NULL : "the subkeys could not be derived";
}

static const char *add_keys(struct keyring *keyring, struct text content, unsigned purposes)
{
    const char *fault = NULL;
    while (content.length > 0 && fault == NULL) {
        struct text line = text_trim(text_next(&content, '\n'));
        if (line.length > 0 && line.bytes[0] != '#') {
            fault = add_key(keyring, line, purposes);
        }
    }
    return fault == NULL && keyring->count == 0 ? "it holds no key" : fault;
}

static const char *read_keys(struct keyring *keyring, struct arena *arena, const char *path,
                             unsigned purposes)
{
    struct stat status = {0};
    struct text content = {NULL, 0};
    if (stat(path, &status) != 0) {
        return strerrordesc_np(errno);
    }
    if ((status.st_mode & OTHERS_MAY_ACCESS) != 0) {
        return "others than its owner and group may open it";
    }
    if (!file_read(arena, path, FILE_MAXIMUM, &content)) {
        return strerrordesc_np(errno);
    }
    return add_keys(keyring, content, purposes);
}

struct keyring *keyring_open(const char *path, unsigned purposes)
{
    struct keyring *keyring = calloc(1, sizeof *keyring);
    struct arena *arena = arena_open(2 * FILE_MAXIMUM);
    const char *fault =
        keyring == NULL || arena == NULL ? "no memory" : read_keys(keyring, arena, path, purposes);
    arena_close(&arena);
    if (fault != NULL) {
        log_event(LOG_ERROR, "secret key file refused", LOG_STRING("file", path),
                  LOG_STRING("reason", fault));
        keyring_close(&keyring);
    }
    return keyring;
}

void keyring_close(struct keyring **keyring)
{
    if (*keyring == NULL) {
        return;
    }
    for (size_t i = 0; i < KEYS_MAXIMUM; i++) {
        for (size_t purpose = 0; purpose < KEY_PURPOSES; purpose++) {
            EVP_MAC_CTX_free((*keyring)->keys[i].macs[purpose]);
        }
    }
    free(*keyring);
    *keyring = NULL;
}

int64_t keyring_current(const struct keyring *keyring)
{
    return keyring->keys[0].number;
}

size_t keyring_count(const struct keyring *keyring)
{
    return keyring->count;
}

bool keyring_has(const struct keyring *keyring, int64_t number)
{
    return has_number(keyring, number);
}

int64_t keyring_number(const struct keyring *keyring, size_t index)
{
    return keyring->keys[index].number;
}

static bool add_part(EVP_MAC_CTX *context, struct text part)
{
    const unsigned char length[LENGTH_SIZE] = {(unsigned char)(part.length >> 24),
                                               (unsigned char)(part.length >> 16),
                                               (unsigned char)(part.length >> 8), (unsigned char)part.length};
    return EVP_MAC_update(context, length, sizeof length) == 1 &&
           (part.length == 0 || EVP_MAC_update(context, (const unsigned char *)part.bytes, part.length) == 1);
}

static bool compute(EVP_MAC_CTX *context, const struct text *parts, size_t count,
                    unsigned char mac[static DIGEST_SIZE])
{
    bool done = context != NULL && EVP_MAC_init(context, NULL, 0, NULL) == 1;
    for (size_t i = 0; i < count && done; i++) {
        done = add_part(context, parts[i]);
    }
    size_t length = 0;
    return done && EVP_MAC_final(context, mac, &length, DIGEST_SIZE) == 1 && length == DIGEST_SIZE;
}

bool keyring_mac(const struct keyring *keyring, enum key_purpose purpose, int64_t number,
                 const struct text *parts, size_t count, unsigned char mac[static DIGEST_SIZE])
{
    for (size_t i = 0; i < keyring->count; i++) {
        if (keyring->keys[i].number == number) {
            return compute(keyring->keys[i].macs[purpose], parts, count, mac);
        }
    }
    return false;
}

bool keyring_verify(struct arena *arena, const struct keyring *keyring, enum key_purpose purpose,
                    const struct text *parts, size_t count, struct text mac)
{
    unsigned char expected[DIGEST_SIZE];
    bool matches = false;
    for (size_t i = 0; i < keyring->count && !matches; i++) {
        EVP_MAC_CTX *context = keyring->keys[i].macs[purpose];
        bool done = compute(context, parts, count, expected);
        matches = done && secret_equals(text_of(expected, sizeof expected), mac);
        if (!done && context != NULL) {
            arena_fail(arena);
        }
    }
    secret_wipe(expected, sizeof expected);
    return matches;
}
