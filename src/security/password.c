// See password.h.
#include "storefront/security/password.h"
#include "storefront/base/unicode.h"
#include "storefront/security/secret.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <zxcvbn.h>

#define WORDS_MAXIMUM     ((size_t)16)
#define JUDGED_CHARACTERS ((size_t)100)
#define LEAST_BITS        19.931568569324174 // log2 of 10^6 guesses
#define KIBIBYTE          1024
#define MEMORY_MAXIMUM    ((int64_t)4 * KIBIBYTE * KIBIBYTE) // KiB, as of the setting
#define MEMORY_MINIMUM    ((int64_t)crypto_pwhash_MEMLIMIT_MIN / KIBIBYTE)
#define PASSES_MAXIMUM    ((int64_t)UINT32_MAX) // Argon2's own

// What password_nobody() gives.
static char nobody[PASSWORD_HASH_MAXIMUM];

// libsodium wants a pointer for an empty password too.
static const char *bytes_of(struct text password)
{
    return password.length == 0 ? "" : password.bytes;
}

static bool hash_into(char hash[static PASSWORD_HASH_MAXIMUM], struct text password,
                      struct password_cost cost)
{
    _Static_assert(crypto_pwhash_STRBYTES <= PASSWORD_HASH_MAXIMUM, "libsodium's strings must fit");
    return crypto_pwhash_str_alg(hash, bytes_of(password), password.length, (unsigned long long)cost.passes,
                                 (size_t)cost.memory_kib * KIBIBYTE, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

// How a PHC string of that cost begins.
static size_t write_head(char head[static PASSWORD_HASH_MAXIMUM], struct password_cost cost)
{
    int length = snprintf(head, PASSWORD_HASH_MAXIMUM, "$argon2id$v=19$m=%" PRId64 ",t=%" PRId64 ",p=1$",
                          cost.memory_kib, cost.passes);
    return length < 0 ? 0 : (size_t)length;
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
    size_t head = write_head(nobody, cost);
    int length = snprintf(nobody + head, sizeof nobody - head, "%s$%s", salt_text, digest_text);
    return length > 0 && head + (size_t)length < sizeof nobody;
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

static struct password_cost phc_cost(struct text hash)
{
    return (struct password_cost){phc_number(hash, TEXT("$m=")), phc_number(hash, TEXT(",t="))};
}

static bool decode(struct text text, unsigned char *bytes, size_t size)
{
    size_t length = 0;
    return sodium_base642bin(bytes, size, text.bytes, text.length, NULL, &length, NULL,
                             sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
           length == size;
}

struct phc {
    struct password_cost cost;
    unsigned char salt[crypto_pwhash_SALTBYTES];
    unsigned char digest[DIGEST_SIZE];
};

// Takes a PHC string apart; false for any that is not as password_hash() writes it.
static bool read_phc(struct text hash, struct phc *phc)
{
    char head[PASSWORD_HASH_MAXIMUM];
    phc->cost = phc_cost(hash);
    struct text rest = text_after(hash, write_head(head, phc->cost));
    struct text salt = text_next(&rest, '$');
    return text_starts_with(hash, text_from(head)) && phc->cost.memory_kib <= MEMORY_MAXIMUM &&
           phc->cost.passes <= PASSES_MAXIMUM && decode(salt, phc->salt, sizeof phc->salt) &&
           decode(rest, phc->digest, sizeof phc->digest);
}

static bool derive(unsigned char digest[static DIGEST_SIZE], struct text password,
                   const unsigned char salt[static crypto_pwhash_SALTBYTES], struct password_cost cost)
{
    return crypto_pwhash(digest, DIGEST_SIZE, bytes_of(password), password.length, salt,
                         (unsigned long long)cost.passes, (size_t)cost.memory_kib * KIBIBYTE,
                         crypto_pwhash_ALG_ARGON2ID13) == 0;
}

// Does the work that a hash of a lower cost has spared: an account that was hashed years ago shall not be
// told apart from nobody by the time of a no. Argon2's time is proportional to memory and passes. Without
// memory `arena` fails, as it would for nobody.
static void make_up_for(struct arena *arena, struct password_cost spent, struct text password)
{
    static const unsigned char salt[crypto_pwhash_SALTBYTES];
    unsigned char digest[DIGEST_SIZE];
    const struct password_cost usual = phc_cost(password_nobody());
    int64_t spared = usual.memory_kib * usual.passes - spent.memory_kib * spent.passes;
    struct password_cost rest = {.passes = usual.passes};
    rest.memory_kib = spared > 0 ? spared / usual.passes : 0;
    errno = 0;
    if (rest.memory_kib >= MEMORY_MINIMUM && !derive(digest, password, salt, rest) && errno == ENOMEM) {
        arena_fail(arena);
    }
    secret_wipe(digest, sizeof digest);
}

// Not by crypto_pwhash_str_verify(), which calls a right password wrong when there was no memory to tell.
bool password_check(struct arena *arena, struct text password, struct text hash)
{
    struct phc phc;
    unsigned char digest[DIGEST_SIZE];
    errno = 0;
    bool is_made = read_phc(hash, &phc) && derive(digest, password, phc.salt, phc.cost);
    if (!is_made && errno == ENOMEM) {
        arena_fail(arena);
        return false;
    }
    bool is_right =
        is_made && secret_equals(text_of(digest, sizeof digest), text_of(phc.digest, sizeof phc.digest));
    secret_wipe(digest, sizeof digest);
    if (!is_right) {
        make_up_for(arena, is_made ? phc.cost : (struct password_cost){0, 0}, password);
    }
    return is_right;
}

struct text password_nobody(void)
{
    return text_from(nobody);
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
