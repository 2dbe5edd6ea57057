// See password.h.
#include "storefront/security/password.h"
#include "storefront/base/unicode.h"
#include "storefront/security/secret.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <zxcvbn.h>

#define WORDS_MAXIMUM     ((size_t)16)
#define JUDGED_CHARACTERS ((size_t)100)
#define LEAST_BITS        19.931568569324174 // log2 of 10^6 guesses
#define KIBIBYTE          1024

// What password_nobody() gives.
static char nobody[PASSWORD_HASH_MAXIMUM];

static bool hash_into(char hash[static PASSWORD_HASH_MAXIMUM], struct text password,
                      struct password_cost cost)
{
    _Static_assert(crypto_pwhash_STRBYTES <= PASSWORD_HASH_MAXIMUM, "libsodium's strings must fit");
    return crypto_pwhash_str_alg(hash, password.bytes, password.length, (unsigned long long)cost.passes,
                                 (size_t)cost.memory_kib * KIBIBYTE, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

// A PHC string of the right cost whose digest is random: checking against it does all the work and never
// succeeds.
static bool make_nobody(struct password_cost cost)
{
    unsigned char salt[crypto_pwhash_SALTBYTES];
    unsigned char digest[DIGEST_SIZE];
    char salt_text[sodium_base64_ENCODED_LEN(sizeof salt, sodium_base64_VARIANT_ORIGINAL_NO_PADDING)];
    char digest_text[sodium_base64_ENCODED_LEN(sizeof digest, sodium_base64_VARIANT_ORIGINAL_NO_PADDING)];
    if (!secret_random(salt, sizeof salt) || !secret_random(digest, sizeof digest)) {
        return false;
    }
    (void)sodium_bin2base64(salt_text, sizeof salt_text, salt, sizeof salt,
                            sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    (void)sodium_bin2base64(digest_text, sizeof digest_text, digest, sizeof digest,
                            sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    int length = snprintf(nobody, sizeof nobody, "$argon2id$v=19$m=%" PRId64 ",t=%" PRId64 ",p=1$%s$%s",
                          cost.memory_kib, cost.passes, salt_text, digest_text);
    return length > 0 && (size_t)length < sizeof nobody;
}

bool password_start(struct password_cost cost)
{
    return sodium_init() >= 0 && make_nobody(cost);
}

struct text password_hash(struct arena *arena, struct text password, struct password_cost cost)
{
    char hash[PASSWORD_HASH_MAXIMUM];
    return hash_into(hash, password, cost) ? text_copy(arena, text_from(hash)) : (struct text){NULL, 0};
}

bool password_check(struct text password, struct text hash)
{
    char string[PASSWORD_HASH_MAXIMUM] = {0};
    if (hash.length == 0 || hash.length >= sizeof string) {
        return false;
    }
    memcpy(string, hash.bytes, hash.length);
    return crypto_pwhash_str_verify(string, password.bytes, password.length) == 0;
}

struct text password_nobody(void)
{
    return text_from(nobody);
}

// Reads the number behind `name` in a PHC string; 0 where there is none.
static int64_t phc_number(struct text hash, struct text name)
{
    int64_t number = 0;
    struct text rest = text_after(hash, text_find_text(hash, name) + name.length);
    size_t end = 0;
    while (end < rest.length && rest.bytes[end] >= '0' && rest.bytes[end] <= '9') {
        end++;
    }
    (void)text_to_number(text_cut(rest, 0, end), 0, INT64_MAX, &number);
    return number;
}

bool password_is_outdated(struct text hash, struct password_cost cost)
{
    return !text_starts_with(hash, TEXT("$argon2id$v=19$m=")) ||
           phc_number(hash, TEXT("$m=")) < cost.memory_kib || phc_number(hash, TEXT(",t=")) < cost.passes;
}

static struct text first_characters(struct text text, size_t count)
{
    struct text rest = text;
    while (rest.length > 0 && count > 0) {
        (void)unicode_next(&rest);
        count--;
    }
    return text_cut(text, 0, text.length - rest.length);
}

bool password_is_weak(struct arena *arena, struct text password, const struct text *words, size_t count)
{
    const char *known[WORDS_MAXIMUM + 1] = {NULL};
    size_t used = 0;
    for (size_t i = 0; i < count && used < WORDS_MAXIMUM; i++) {
        if (words[i].length > 0) {
            known[used++] = text_string(arena, words[i]);
        }
    }
    const char *judged = text_string(arena, first_characters(password, JUDGED_CHARACTERS));
    // With no memory for the words nobody can say that the password is good; arena_failed() tells the caller.
    return arena_failed(arena) || ZxcvbnMatch(judged, known, NULL) < LEAST_BITS;
}
