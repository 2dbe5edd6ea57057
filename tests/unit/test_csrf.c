// Tokens against forged requests: made, masked, and above all refused: another session's, another browser's,
// a changed one, one of a key that is gone. Which request needs one is the guard's business.
#include "support.h"

#include "storefront/account/csrf.h"
#include "storefront/base/encode.h"
#include "storefront/security/secret.h"

#define TOKEN_LENGTH  BASE64URL_LENGTH(48)
#define MASKED_LENGTH BASE64URL_LENGTH(96)

static const struct text key_a = TEXT("session a's key: thirty-two byte");
static const struct text key_b = TEXT("session b's key: thirty-two byte");
static const struct text no_key = {NULL, 0};

static const struct session no_session = {.is_known = false};
static const struct session session_a = {.is_known = true, .key = TEXT("session a's key: thirty-two byte")};
static const struct session session_b = {.is_known = true, .key = TEXT("session b's key: thirty-two byte")};
static const struct session dead_session = {.is_known = false,
                                            .key = TEXT("session a's key: thirty-two byte")};

static bool checks(struct fixture *fixture, const struct session *session, struct text cookie,
                   struct text given, bool allows_earlier)
{
    struct text digest = {NULL, 0};
    return csrf_check(&fixture->account, session, cookie, given, allows_earlier, &digest);
}

static void a_token_is_new_each_time(void **state)
{
    struct fixture *fixture = *state;
    struct text first = csrf_make(&fixture->account, key_a);
    struct text second = csrf_make(&fixture->account, key_a);
    assert_int_equal(first.length, TOKEN_LENGTH);
    assert_false(text_equals(first, second));
    assert_true(csrf_is_valid(&fixture->account, &session_a, first));
    assert_true(csrf_is_valid(&fixture->account, &session_a, second));
}

static void a_token_is_bound_to_its_session(void **state)
{
    struct fixture *fixture = *state;
    const struct account *account = &fixture->account;
    struct text of_a = csrf_make(&fixture->account, key_a);
    struct text of_none = csrf_make(&fixture->account, no_key);
    assert_true(csrf_is_valid(account, &session_a, of_a));
    assert_false(csrf_is_valid(account, &session_b, of_a));
    assert_false(csrf_is_valid(account, &no_session, of_a));
    assert_true(csrf_is_valid(account, &no_session, of_none));
    assert_false(csrf_is_valid(account, &session_a, of_none));
    assert_false(csrf_is_valid(account, &session_b, of_none));
}

static void a_dead_session_counts_as_none(void **state)
{
    struct fixture *fixture = *state;
    assert_true(csrf_is_valid(&fixture->account, &dead_session, csrf_make(&fixture->account, no_key)));
    assert_true(csrf_is_valid(&fixture->account, &dead_session, csrf_make(&fixture->account, key_a)));
    assert_false(csrf_is_valid(&fixture->account, &dead_session, csrf_make(&fixture->account, key_b)));
}

static void every_changed_bit_is_refused(void **state)
{
    struct fixture *fixture = *state;
    unsigned char bytes[48];
    assert_true(decode_base64url(csrf_make(&fixture->account, key_a), bytes, sizeof bytes));
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        struct text changed = encode_base64url(fixture->arena, text_of(bytes, sizeof bytes));
        assert_false(csrf_is_valid(&fixture->account, &session_a, changed));
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
}

static void what_is_no_token_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct text good = csrf_make(&fixture->account, no_key);
    const struct text rows[] = {
        TEXT(""),
        no_key,
        TEXT("token"),
        text_cut(good, 0, good.length - 1),
        text_after(good, 1),
        repeated(fixture->arena, "A", TOKEN_LENGTH),
        repeated(fixture->arena, "A", MASKED_LENGTH),
        repeated(fixture->arena, "%", TOKEN_LENGTH),
        repeated(fixture->arena, "\xff", TOKEN_LENGTH),
        repeated(fixture->arena, "A", 100000),
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_false(csrf_is_valid(&fixture->account, &no_session, rows[i]));
        assert_false(checks(fixture, &no_session, rows[i], rows[i], true));
        assert_false(checks(fixture, &no_session, good, rows[i], true));
        assert_false(checks(fixture, &no_session, rows[i], good, true));
    }
}

static void a_token_of_a_retired_key_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct text token = csrf_make(&fixture->account, no_key);
    const char *path =
        folder_write(fixture->arena, &fixture->folder, "new",
                     TEXT("8 ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n"));
    struct keyring *keyring = keyring_open(path, 1U << KEY_TOKENS);
    struct account account = fixture->account;
    account.keyring = keyring;
    bool is_valid = csrf_is_valid(&account, &no_session, token);
    keyring_close(&keyring);
    assert_false(is_valid);
}

static void a_masked_token_differs_and_passes(void **state)
{
    struct fixture *fixture = *state;
    struct text token = csrf_make(&fixture->account, key_a);
    struct text first = csrf_mask(&fixture->account, token);
    struct text second = csrf_mask(&fixture->account, token);
    assert_int_equal(first.length, MASKED_LENGTH);
    assert_false(text_equals(first, second));
    assert_false(holds(first, text_string(fixture->arena, token)));
    assert_true(checks(fixture, &session_a, token, first, false));
    assert_true(checks(fixture, &session_a, token, second, false));
    assert_true(checks(fixture, &session_a, token, token, false));
    // In the cookie stands the token itself, never its mask.
    assert_false(checks(fixture, &session_a, first, first, false));
    assert_false(csrf_is_valid(&fixture->account, &session_a, first));
}

static void masking_nonsense_spends_the_arena(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(csrf_mask(&fixture->account, TEXT("nonsense")).length, 0);
    assert_true(arena_failed(fixture->arena));
}

static void cookie_and_given_token_must_be_one(void **state)
{
    struct fixture *fixture = *state;
    struct text mine = csrf_make(&fixture->account, no_key);
    struct text planted = csrf_make(&fixture->account, no_key);
    assert_true(checks(fixture, &no_session, mine, mine, false));
    assert_false(checks(fixture, &no_session, mine, planted, false));
    assert_false(checks(fixture, &no_session, planted, mine, false));
    assert_false(checks(fixture, &no_session, TEXT(""), mine, false));
    assert_false(checks(fixture, &no_session, mine, TEXT(""), false));
    assert_false(checks(fixture, &no_session, mine, csrf_mask(&fixture->account, planted), true));
}

static void cookie_and_token_of_another_session_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct text of_a = csrf_make(&fixture->account, key_a);
    struct text of_none = csrf_make(&fixture->account, no_key);
    assert_true(checks(fixture, &session_a, of_a, of_a, false));
    assert_false(checks(fixture, &session_b, of_a, of_a, true));
    assert_false(checks(fixture, &session_a, of_none, of_none, false));
    assert_false(checks(fixture, &no_session, of_a, of_a, true));
    assert_true(checks(fixture, &dead_session, of_none, of_none, false));
}

static void the_token_of_the_moments_before_passes_where_it_may(void **state)
{
    struct fixture *fixture = *state;
    struct text earlier = csrf_make(&fixture->account, no_key);
    struct text current = csrf_make(&fixture->account, key_a);
    struct text other = csrf_make(&fixture->account, no_key);
    struct text digest = {NULL, 0};
    assert_true(csrf_check(&fixture->account, &no_session, earlier, earlier, false, &digest));
    struct session session = session_a;
    session.earlier_token = digest;
    assert_true(checks(fixture, &session, current, earlier, true));
    assert_true(checks(fixture, &session, current, csrf_mask(&fixture->account, earlier), true));
    assert_true(checks(fixture, &session, earlier, earlier, true));
    assert_false(checks(fixture, &session, current, earlier, false));
    assert_false(checks(fixture, &session, current, other, true));
    assert_false(checks(fixture, &session_a, current, earlier, true));
    session.is_known = false;
    assert_false(checks(fixture, &session, current, csrf_mask(&fixture->account, other), true));
}

static void a_click_is_known_by_the_tokens_digest(void **state)
{
    struct fixture *fixture = *state;
    struct text token = csrf_make(&fixture->account, no_key);
    struct text plain = {NULL, 0};
    struct text masked = {NULL, 0};
    unsigned char bytes[48];
    unsigned char expected[DIGEST_SIZE];
    assert_true(csrf_check(&fixture->account, &no_session, token, token, false, &plain));
    assert_true(csrf_check(&fixture->account, &no_session, token, csrf_mask(&fixture->account, token), false,
                           &masked));
    assert_true(decode_base64url(token, bytes, sizeof bytes));
    assert_true(secret_digest(text_of(bytes, sizeof bytes), expected));
    assert_texts(plain, text_of(expected, sizeof expected));
    assert_texts(masked, plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_token_is_new_each_time),
        WITH_FIXTURE(a_token_is_bound_to_its_session),
        WITH_FIXTURE(a_dead_session_counts_as_none),
        WITH_FIXTURE(every_changed_bit_is_refused),
        WITH_FIXTURE(what_is_no_token_is_refused),
        WITH_FIXTURE(a_token_of_a_retired_key_is_refused),
        WITH_FIXTURE(a_masked_token_differs_and_passes),
        WITH_FIXTURE(masking_nonsense_spends_the_arena),
        WITH_FIXTURE(cookie_and_given_token_must_be_one),
        WITH_FIXTURE(cookie_and_token_of_another_session_are_refused),
        WITH_FIXTURE(the_token_of_the_moments_before_passes_where_it_may),
        WITH_FIXTURE(a_click_is_known_by_the_tokens_digest),
    };
    return cmocka_run_group_tests_name("csrf", tests, NULL, NULL);
}
