// One-time codes: a vector that was worked out by another program, the same derivation done here by hand, a
// change of every fact, and uniformity over many derivations with a fixed key. How often a code may be tried
// is not known here.
#include "support.h"

#include "storefront/base/encode.h"
#include "storefront/security/code.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define DERIVATIONS 200000

static const char first_id[] = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f";
static const char second_id[] = "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f";
static const char nonce[] = "\x20\x21\x22\x23\x24\x25\x26\x27\x28\x29\x2a\x2b\x2c\x2d\x2e\x2f";

static struct code_facts some_facts(int64_t digits)
{
    return (struct code_facts){.code_id = text_of(first_id, 16),
                               .registration_id = text_of(second_id, 16),
                               .email = TEXT("john@example.com"),
                               .nonce = text_of(nonce, 16),
                               .key_number = 7,
                               .digits = digits};
}

static struct text derived(struct fixture *fixture, const struct code_facts *facts)
{
    char digits[CODE_DIGITS_MAXIMUM];
    assert_true(code_derive(fixture->keyring, facts, digits));
    return text_copy(fixture->arena, text_of(digits, (size_t)facts->digits));
}

static void known_codes_come_out(void **state)
{
    static const char *const codes[] = {
        [4] = "3308", [5] = "03308", [6] = "303308", [7] = "8303308", [8] = "28303308"};
    for (int64_t digits = 4; digits <= CODE_DIGITS_MAXIMUM; digits++) {
        const struct code_facts facts = some_facts(digits);
        assert_text(derived(*state, &facts), codes[digits]);
        assert_text(derived(*state, &facts), codes[digits]);
    }
}

// A message as the derivation puts it together: each part behind its length in four bytes.
struct message {
    unsigned char bytes[256];
    size_t length;
};

static void add_part(struct message *message, struct text part)
{
    const unsigned char length[] = {0, 0, (unsigned char)(part.length >> 8), (unsigned char)part.length};
    memcpy(message->bytes + message->length, length, sizeof length);
    memcpy(message->bytes + message->length + sizeof length, part.bytes, part.length);
    message->length += sizeof length + part.length;
}

static void derive_subkey(unsigned char subkey[DIGEST_SIZE])
{
    static const unsigned char salt[DIGEST_SIZE] = {0};
    static const unsigned char info[] = "storefront one-time codes 1\1";
    unsigned char key[DIGEST_SIZE];
    unsigned char middle[DIGEST_SIZE];
    assert_true(decode_hexadecimal(TEXT(FIXTURE_KEY), key, sizeof key));
    assert_non_null(HMAC(EVP_sha256(), salt, sizeof salt, key, sizeof key, middle, NULL));
    assert_non_null(HMAC(EVP_sha256(), middle, sizeof middle, info, sizeof info - 1, subkey, NULL));
}

static void the_derivation_is_the_one_that_was_designed(void **state)
{
    unsigned char subkey[DIGEST_SIZE];
    unsigned char mac[DIGEST_SIZE];
    derive_subkey(subkey);
    for (unsigned char round = 0; round < 200; round++) {
        char id[16] = {0};
        id[3] = (char)round;
        struct code_facts facts = some_facts(8);
        facts.code_id = text_of(id, sizeof id);
        struct message message = {.length = 0};
        const struct text parts[] = {TEXT("prove an address"), text_of("\0", 1), facts.code_id,
                                     facts.registration_id,    facts.email,      facts.nonce};
        for (size_t i = 0; i < ROWS(parts); i++) {
            add_part(&message, parts[i]);
        }
        assert_non_null(HMAC(EVP_sha256(), subkey, sizeof subkey, message.bytes, message.length, mac, NULL));
        uint64_t word = 0;
        for (size_t i = 0; i < 8; i++) {
            word = word << 8 | mac[i];
        }
        char expected[32];
        (void)snprintf(expected, sizeof expected, "%08u", (unsigned)(word % 100000000));
        assert_text(derived(*state, &facts), expected);
    }
}

static void every_fact_changes_the_code(void **state)
{
    const struct code_facts facts = some_facts(8);
    struct code_facts changed[5] = {facts, facts, facts, facts, facts};
    changed[0].code_id = text_of(second_id, 16);
    changed[1].registration_id = text_of(first_id, 16);
    changed[2].email = TEXT("john@example.con");
    changed[3].nonce = text_of(first_id, 16);
    changed[4].email = TEXT("John@example.com");
    struct text code = derived(*state, &facts);
    for (size_t i = 0; i < ROWS(changed); i++) {
        assert_false(text_equals(derived(*state, &changed[i]), code));
    }
}

static void every_bit_of_the_ids_changes_the_code(void **state)
{
    struct fixture *fixture = *state;
    const struct code_facts facts = some_facts(8);
    struct text code = derived(fixture, &facts);
    for (size_t bit = 0; bit < 3 * 128; bit++) {
        char ids[3][16];
        memcpy(ids[0], first_id, 16);
        memcpy(ids[1], second_id, 16);
        memcpy(ids[2], nonce, 16);
        ids[bit / 128][bit % 128 / 8] ^= (char)(1 << bit % 8);
        struct code_facts changed = facts;
        changed.code_id = text_of(ids[0], 16);
        changed.registration_id = text_of(ids[1], 16);
        changed.nonce = text_of(ids[2], 16);
        assert_false(text_equals(derived(fixture, &changed), code));
    }
}

static void another_key_gives_another_code(void **state)
{
    struct fixture *fixture = *state;
    const char *path =
        folder_write(fixture->arena, &fixture->folder, "two",
                     TEXT("8 ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n"
                          "7 " FIXTURE_KEY "\n"));
    struct keyring *keyring = keyring_open(path, 1U << KEY_CODES);
    struct code_facts facts = some_facts(8);
    char old[CODE_DIGITS_MAXIMUM];
    char new[CODE_DIGITS_MAXIMUM];
    assert_true(code_derive(keyring, &facts, old));
    facts.key_number = 8;
    assert_true(code_derive(keyring, &facts, new));
    keyring_close(&keyring);
    assert_memory_equal(old, "28303308", 8);
    assert_memory_not_equal(new, old, 8);
}

static void what_cannot_be_derived_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char digits[CODE_DIGITS_MAXIMUM];
    static const int64_t lengths[] = {-1, 0, 9, 1000};
    for (size_t i = 0; i < ROWS(lengths); i++) {
        const struct code_facts facts = some_facts(lengths[i]);
        assert_false(code_derive(fixture->keyring, &facts, digits));
    }
    struct code_facts facts = some_facts(4);
    facts.key_number = 8;
    assert_false(code_derive(fixture->keyring, &facts, digits));
}

// Counts how often each value of `width` digits from `offset` on comes up, over many ids under one key.
static double chi_square(struct fixture *fixture, size_t offset, size_t width, size_t values)
{
    size_t *counts = calloc(values, sizeof *counts);
    double sum = 0;
    const double expected = (double)DERIVATIONS / (double)values;
    for (uint32_t i = 0; i < DERIVATIONS; i++) {
        char digits[CODE_DIGITS_MAXIMUM];
        char id[16] = {(char)(i >> 24), (char)(i >> 16), (char)(i >> 8), (char)i};
        struct code_facts facts = some_facts(4);
        facts.code_id = text_of(id, sizeof id);
        if (!code_derive(fixture->keyring, &facts, digits)) {
            free(counts);
            return -1;
        }
        size_t value = 0;
        for (size_t at = offset; at < offset + width; at++) {
            value = value * 10 + (size_t)(digits[at] - '0');
        }
        counts[value]++;
    }
    for (size_t i = 0; i < values; i++) {
        double distance = (double)counts[i] - expected;
        sum += distance * distance / expected;
    }
    free(counts);
    return sum;
}

// Bounds: chi-square's quantiles at one in a million from below and above. The key and ids are fixed, so is
// the result.
static void codes_are_uniform(void **state)
{
    double whole = chi_square(*state, 0, 4, 10000);
    assert_true(whole > 9338 && whole < 10687);
}

static void each_digit_is_uniform(void **state)
{
    for (size_t at = 0; at < 4; at++) {
        double digit = chi_square(*state, at, 1, 10);
        assert_true(digit > 0.1 && digit < 44.8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(known_codes_come_out),
        WITH_FIXTURE(the_derivation_is_the_one_that_was_designed),
        WITH_FIXTURE(every_fact_changes_the_code),
        WITH_FIXTURE(every_bit_of_the_ids_changes_the_code),
        WITH_FIXTURE(another_key_gives_another_code),
        WITH_FIXTURE(what_cannot_be_derived_is_refused),
        WITH_FIXTURE(codes_are_uniform),
        WITH_FIXTURE(each_digit_is_uniform),
    };
    return cmocka_run_group_tests_name("code", tests, NULL, NULL);
}
