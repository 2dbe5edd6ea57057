// Digests against the standard's own vectors, equality that a prefix does not pass, random bytes that do not
// repeat, and wiping. Whether a comparison takes constant time is left to OpenSSL.
#include "support.h"

#include "storefront/base/encode.h"
#include "storefront/security/secret.h"

struct digest_row {
    const char *text;
    const char *digest;
};

// FIPS 180-4's examples.
static const struct digest_row digests[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void digests_are_sha256(void **state)
{
    for (size_t i = 0; i < ROWS(digests); i++) {
        unsigned char digest[DIGEST_SIZE] = {0};
        assert_true(secret_digest(text_from(digests[i].text), digest));
        assert_text(encode_hexadecimal(*state, text_of(digest, DIGEST_SIZE)), digests[i].digest);
    }
    unsigned char digest[DIGEST_SIZE] = {0};
    assert_true(secret_digest((struct text){NULL, 0}, digest));
    assert_text(encode_hexadecimal(*state, text_of(digest, DIGEST_SIZE)), digests[0].digest);
}

static void equality_is_of_the_whole(void **state)
{
    (void)state;
    assert_true(secret_equals(TEXT("abcd"), TEXT("abcd")));
    assert_true(secret_equals(TEXT(""), (struct text){NULL, 0}));
    assert_false(secret_equals(TEXT("abcd"), TEXT("abce")));
    assert_false(secret_equals(TEXT("abcd"), TEXT("xbcd")));
    assert_false(secret_equals(TEXT("abcd"), TEXT("abc")));
    assert_false(secret_equals(TEXT("abcd"), TEXT("")));
    assert_false(secret_equals(text_of("a\0b", 3), text_of("a\0c", 3)));
}

static void random_bytes_do_not_repeat(void **state)
{
    (void)state;
    unsigned char seen[64][16];
    for (size_t i = 0; i < ROWS(seen); i++) {
        assert_true(secret_random(seen[i], sizeof seen[i]));
        for (size_t earlier = 0; earlier < i; earlier++) {
            assert_memory_not_equal(seen[i], seen[earlier], sizeof seen[i]);
        }
    }
}

// More of them than are drawn at once, of sizes that do not divide it.
static void nonces_do_not_repeat(void **state)
{
    (void)state;
    unsigned char seen[300][48];
    unsigned char too_many[4097];
    for (size_t i = 0; i < ROWS(seen); i++) {
        assert_true(secret_nonce(seen[i], sizeof seen[i]));
        for (size_t earlier = 0; earlier < i; earlier++) {
            assert_memory_not_equal(seen[i], seen[earlier], sizeof seen[i]);
        }
    }
    assert_true(secret_nonce(too_many, sizeof too_many - 1));
    assert_false(secret_nonce(too_many, sizeof too_many));
}

static void random_bytes_fill_all_that_was_asked_and_no_more(void **state)
{
    (void)state;
    bool was_set[32] = {false};
    for (int round = 0; round < 40; round++) {
        unsigned char bytes[33] = {0};
        assert_true(secret_random(bytes, 32));
        assert_int_equal(bytes[32], 0);
        for (size_t i = 0; i < 32; i++) {
            was_set[i] = was_set[i] || bytes[i] != 0;
        }
    }
    for (size_t i = 0; i < 32; i++) {
        assert_true(was_set[i]);
    }
}

static void wiping_leaves_zeros(void **state)
{
    (void)state;
    char secret[] = "hunter2";
    secret_wipe(secret, 6);
    assert_memory_equal(secret,
                        "\0\0\0\0\0\0"
                        "2",
                        8);
    secret_wipe(secret, 0);
    assert_int_equal(secret[6], '2');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(digests_are_sha256),
        cmocka_unit_test(equality_is_of_the_whole),
        cmocka_unit_test(random_bytes_do_not_repeat),
        cmocka_unit_test(nonces_do_not_repeat),
        cmocka_unit_test(random_bytes_fill_all_that_was_asked_and_no_more),
        cmocka_unit_test(wiping_leaves_zeros),
    };
    return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
