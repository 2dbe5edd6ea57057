// The file of secret keys: what stands in it and what must not, who may read it, and what is derived. Subkeys
// are compared with an HKDF and an HMAC that the test puts together by itself. It knows nothing of what is
// signed.
#include "support.h"

#include "storefront/base/encode.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define KEY_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_B "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
#define ALL   (1U << KEY_CODES | 1U << KEY_TOKENS | 1U << KEY_LIMITS)

struct file_row {
    const char *what;
    const char *content;
    int64_t current; // 0: refused
};

static const struct file_row files[] = {
    {"one key", "1 " KEY_A "\n", 1},
    {"one key without a line end", "1 " KEY_A, 1},
    {"the greatest number", "32767 " KEY_A "\n", 32767},
    {"the first of two signs", "2 " KEY_B "\n1 " KEY_A "\n", 2},
    {"remarks and empty lines", "# keys\n\n  3 " KEY_A "  \r\n\n", 3},
    {"capital digits", "1 FFEEDDCCBBAA99887766554433221100FFEEDDCCBBAA99887766554433221100\n", 1},
    {"nothing", "", 0},
    {"blanks", " \n\n\t\n", 0},
    {"a remark alone", "# 1 " KEY_A "\n", 0},
    {"no number", KEY_A "\n", 0},
    {"number zero", "0 " KEY_A "\n", 0},
    {"a number too great", "32768 " KEY_A "\n", 0},
    {"a negative number", "-1 " KEY_A "\n", 0},
    {"a number with a sign", "+1 " KEY_A "\n", 0},
    {"a doubled number", "1 " KEY_A "\n1 " KEY_B "\n", 0},
    {"the same number in two forms", "1 " KEY_A "\n01 " KEY_B "\n", 0},
    {"a short key", "1 0001020304\n", 0},
    {"a key that is one digit short", "1 00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
     0},
    {"a key that is too long", "1 " KEY_A "00\n", 0},
    {"no key", "1\n", 0},
    {"a key that is no hexadecimal", "1 g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
     0},
    {"a good key before a bad one", "1 " KEY_A "\n2 short\n", 0},
    {"a tab", "1\t" KEY_A "\n", 0},
    {"two keys in a line", "1 " KEY_A " " KEY_B "\n", 0},
};

static struct keyring *opened(const char *path, unsigned purposes, struct arena *arena, struct text *logged)
{
    struct capture capture = capture_begin();
    struct keyring *keyring = keyring_open(path, purposes);
    *logged = capture_end(arena, &capture);
    return keyring;
}

static struct keyring *keyring_of(struct arena *arena, const char *content, unsigned purposes)
{
    struct folder folder = folder_make();
    struct text logged;
    struct keyring *keyring =
        opened(folder_write(arena, &folder, "keys", text_from(content)), purposes, arena, &logged);
    folder_remove(&folder);
    return keyring;
}

static void each_file_is_taken_or_refused(void **state)
{
    for (size_t i = 0; i < ROWS(files); i++) {
        struct keyring *keyring = keyring_of(*state, files[i].content, ALL);
        int64_t current = keyring == NULL ? 0 : keyring_current(keyring);
        keyring_close(&keyring);
        assert_row(current == files[i].current, files[i].what);
        assert_null(keyring);
    }
}

static void eight_keys_are_the_most(void **state)
{
    struct arena *arena = *state;
    struct buffer content = buffer_open(arena, 4096);
    for (int64_t number = 1; number <= 9; number++) {
        struct keyring *keyring = NULL;
        buffer_add_number(&content, number);
        buffer_add(&content, TEXT(" " KEY_A "\n"));
        keyring = keyring_of(arena, text_string(arena, buffer_text(&content)), ALL);
        assert_int_equal(keyring != NULL, number <= 8);
        keyring_close(&keyring);
    }
}

static void a_refusal_says_why_and_shows_no_key(void **state)
{
    struct folder folder = folder_make();
    struct text logged;
    const char *path = folder_write(*state, &folder, "keys", TEXT("1 " KEY_A "\n2 hunter2\n"));
    assert_null(opened(path, ALL, *state, &logged));
    folder_remove(&folder);
    assert_true(holds(logged, "64 hexadecimal digits"));
    assert_false(holds(logged, "hunter2"));
    assert_false(holds(logged, "0001020304"));
}

static void a_missing_file_is_refused(void **state)
{
    struct text logged;
    assert_null(opened("/nowhere/keys", ALL, *state, &logged));
    assert_true(holds(logged, "No such file"));
    assert_null(opened("", ALL, *state, &logged));
    assert_null(opened("/", ALL, *state, &logged));
}

static void a_folder_is_no_key_file(void **state)
{
    struct folder folder = folder_make();
    struct text logged;
    assert_null(opened(folder.path, ALL, *state, &logged));
    assert_true(holds(logged, "Invalid argument"));
    folder_remove(&folder);
}

static void a_file_that_others_may_open_is_refused(void **state)
{
    static const mode_t refused[] = {0604, 0602, 0601, 0644, 0777};
    static const mode_t accepted[] = {0600, 0400, 0640, 0440};
    struct folder folder = folder_make();
    const char *path = folder_write(*state, &folder, "keys", TEXT("1 " KEY_A "\n"));
    struct text logged;
    for (size_t i = 0; i < ROWS(refused); i++) {
        assert_int_equal(chmod(path, refused[i]), 0);
        assert_null(opened(path, ALL, *state, &logged));
        assert_true(holds(logged, "others than its owner and group may open it"));
    }
    for (size_t i = 0; i < ROWS(accepted); i++) {
        assert_int_equal(chmod(path, accepted[i]), 0);
        struct keyring *keyring = opened(path, ALL, *state, &logged);
        assert_non_null(keyring);
        keyring_close(&keyring);
    }
    folder_remove(&folder);
}

// HKDF-SHA-256 (RFC 5869) without salt, for one block.
static void expand(const unsigned char *key, const char *label, unsigned char subkey[DIGEST_SIZE])
{
    static const unsigned char salt[DIGEST_SIZE] = {0};
    unsigned char middle[DIGEST_SIZE];
    unsigned char info[64];
    size_t length = strlen(label);
    memcpy(info, label, length);
    info[length] = 1;
    assert_non_null(HMAC(EVP_sha256(), salt, sizeof salt, key, DIGEST_SIZE, middle, NULL));
    assert_non_null(HMAC(EVP_sha256(), middle, sizeof middle, info, length + 1, subkey, NULL));
}

static void macs_are_what_the_standards_say(void **state)
{
    static const char *const labels[] = {[KEY_CODES] = "storefront one-time codes 1",
                                         [KEY_TOKENS] = "storefront csrf tokens 1",
                                         [KEY_LIMITS] = "storefront limits 1"};
    static const unsigned char message[] = "\0\0\0\3abc\0\0\0\0\0\0\0\1d";
    const struct text parts[] = {TEXT("abc"), TEXT(""), TEXT("d")};
    struct keyring *keyring = keyring_of(*state, "5 " KEY_A "\n", ALL);
    unsigned char key[DIGEST_SIZE];
    assert_true(decode_hexadecimal(TEXT(KEY_A), key, sizeof key));
    for (enum key_purpose purpose = KEY_CODES; purpose < KEY_PURPOSES; purpose++) {
        unsigned char subkey[DIGEST_SIZE];
        unsigned char expected[DIGEST_SIZE];
        unsigned char mac[DIGEST_SIZE];
        expand(key, labels[purpose], subkey);
        assert_non_null(
            HMAC(EVP_sha256(), subkey, sizeof subkey, message, sizeof message - 1, expected, NULL));
        assert_true(keyring_mac(keyring, purpose, 5, parts, 3, mac));
        assert_memory_equal(mac, expected, sizeof mac);
    }
    keyring_close(&keyring);
}

static void lists_of_parts_do_not_run_together(void **state)
{
    const struct text lists[][2] = {
        {TEXT("ab"), TEXT("c")}, {TEXT("a"), TEXT("bc")}, {TEXT("abc"), TEXT("")}, {TEXT(""), TEXT("abc")}};
    struct keyring *keyring = keyring_of(*state, "1 " KEY_A "\n", ALL);
    unsigned char macs[ROWS(lists) + 1][DIGEST_SIZE];
    const struct text single = TEXT("abc");
    assert_true(keyring_mac(keyring, KEY_TOKENS, 1, &single, 1, macs[ROWS(lists)]));
    for (size_t i = 0; i < ROWS(lists); i++) {
        assert_true(keyring_mac(keyring, KEY_TOKENS, 1, lists[i], 2, macs[i]));
    }
    for (size_t i = 0; i < ROWS(macs); i++) {
        for (size_t other = 0; other < i; other++) {
            assert_memory_not_equal(macs[i], macs[other], DIGEST_SIZE);
        }
    }
    keyring_close(&keyring);
}

static void an_old_key_still_verifies(void **state)
{
    const struct text part = TEXT("message");
    unsigned char mac[DIGEST_SIZE];
    struct keyring *old = keyring_of(*state, "1 " KEY_A "\n", ALL);
    assert_true(keyring_mac(old, KEY_TOKENS, 1, &part, 1, mac));
    struct keyring *both = keyring_of(*state, "2 " KEY_B "\n1 " KEY_A "\n", ALL);
    struct keyring *new = keyring_of(*state, "2 " KEY_B "\n", ALL);
    assert_int_equal(keyring_current(both), 2);
    assert_true(keyring_verify(*state, old, KEY_TOKENS, &part, 1, text_of(mac, sizeof mac)));
    assert_true(keyring_verify(*state, both, KEY_TOKENS, &part, 1, text_of(mac, sizeof mac)));
    assert_false(keyring_verify(*state, new, KEY_TOKENS, &part, 1, text_of(mac, sizeof mac)));
    keyring_close(&old);
    keyring_close(&both);
    keyring_close(&new);
}

static void nothing_else_verifies(void **state)
{
    const struct text part = TEXT("message");
    const struct text other = TEXT("massage");
    unsigned char mac[DIGEST_SIZE];
    struct keyring *keyring = keyring_of(*state, "1 " KEY_A "\n", ALL);
    assert_true(keyring_mac(keyring, KEY_TOKENS, 1, &part, 1, mac));
    assert_false(keyring_verify(*state, keyring, KEY_CODES, &part, 1, text_of(mac, sizeof mac)));
    assert_false(keyring_verify(*state, keyring, KEY_TOKENS, &other, 1, text_of(mac, sizeof mac)));
    assert_false(keyring_verify(*state, keyring, KEY_TOKENS, &part, 1, text_of(mac, sizeof mac - 1)));
    assert_false(keyring_verify(*state, keyring, KEY_TOKENS, &part, 1, TEXT("")));
    for (size_t bit = 0; bit < 8 * sizeof mac; bit++) {
        mac[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_false(keyring_verify(*state, keyring, KEY_TOKENS, &part, 1, text_of(mac, sizeof mac)));
        mac[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    keyring_close(&keyring);
}

static void what_was_not_asked_for_cannot_be_done(void **state)
{
    const struct text part = TEXT("message");
    unsigned char mac[DIGEST_SIZE];
    struct keyring *keyring = keyring_of(*state, "1 " KEY_A "\n", 1U << KEY_CODES);
    assert_true(keyring_mac(keyring, KEY_CODES, 1, &part, 1, mac));
    assert_false(keyring_mac(keyring, KEY_CODES, 2, &part, 1, mac));
    assert_false(keyring_mac(keyring, KEY_TOKENS, 1, &part, 1, mac));
    assert_false(keyring_mac(keyring, KEY_LIMITS, 1, &part, 1, mac));
    assert_false(keyring_verify(*state, keyring, KEY_TOKENS, &part, 1, text_of(mac, sizeof mac)));
    keyring_close(&keyring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(each_file_is_taken_or_refused),
        WITH_ARENA(eight_keys_are_the_most),
        WITH_ARENA(a_refusal_says_why_and_shows_no_key),
        WITH_ARENA(a_missing_file_is_refused),
        WITH_ARENA(a_folder_is_no_key_file),
        WITH_ARENA(a_file_that_others_may_open_is_refused),
        WITH_ARENA(macs_are_what_the_standards_say),
        WITH_ARENA(lists_of_parts_do_not_run_together),
        WITH_ARENA(an_old_key_still_verifies),
        WITH_ARENA(nothing_else_verifies),
        WITH_ARENA(what_was_not_asked_for_cannot_be_done),
    };
    return cmocka_run_group_tests_name("keyring", tests, NULL, NULL);
}
