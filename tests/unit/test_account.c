// What the accounts' rules share and needs no database: ids, lists of messages, tickets, and cookies that are
// no session's so that nobody is asked about them. The rules themselves are for the journeys.
#include "support.h"

#include "storefront/account/session.h"
#include "storefront/base/encode.h"
#include "storefront/security/secret.h"

static void ids_are_random_uuids(void **state)
{
    struct fixture *fixture = *state;
    struct text ids[50];
    for (size_t i = 0; i < ROWS(ids); i++) {
        ids[i] = account_new_id(&fixture->account);
        assert_int_equal(ids[i].length, ACCOUNT_ID_SIZE);
        assert_int_equal((unsigned char)ids[i].bytes[6] >> 4, 4);
        assert_int_equal((unsigned char)ids[i].bytes[8] >> 6, 2);
        for (size_t other = 0; other < i; other++) {
            assert_false(text_equals(ids[i], ids[other]));
        }
    }
}

static void ids_are_shown_with_dashes(void **state)
{
    assert_text(
        account_id_text(*state, TEXT("\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef")),
        "01234567-89ab-cdef-0123-456789abcdef");
}

static void no_id_comes_of_a_spent_arena(void **state)
{
    struct fixture *fixture = *state;
    struct arena *small = arena_open(8);
    struct account account = fixture->account;
    account.arena = small;
    struct text id = account_new_id(&account);
    bool failed = arena_failed(small);
    arena_close(&small);
    assert_int_equal(id.length, 0);
    assert_true(failed);
}

static void messages_are_kept_in_order_and_bounded(void **state)
{
    (void)state;
    struct field_errors errors = {.count = 0};
    for (size_t i = 0; i < FIELD_ERRORS_MAXIMUM + 3; i++) {
        field_errors_add(&errors, i == 0 ? "first" : "other", "error.required");
    }
    assert_int_equal(errors.count, FIELD_ERRORS_MAXIMUM);
    assert_string_equal(errors.items[0].field, "first");
    assert_string_equal(errors.items[7].field, "other");
}

static void only_done_is_done(void **state)
{
    (void)state;
    assert_int_equal(account_outcome(DATABASE_DONE), OUTCOME_DONE);
    assert_int_equal(account_outcome(DATABASE_CONFLICT), OUTCOME_UNAVAILABLE);
    assert_int_equal(account_outcome(DATABASE_RETRY), OUTCOME_UNAVAILABLE);
    assert_int_equal(account_outcome(DATABASE_UNAVAILABLE), OUTCOME_UNAVAILABLE);
}

static void a_ticket_is_256_random_bits_and_their_digest(void **state)
{
    struct fixture *fixture = *state;
    const struct session unknown = {.is_known = false};
    struct ticket first = session_new_ticket(&fixture->account, &unknown);
    struct ticket second = session_new_ticket(&fixture->account, &unknown);
    unsigned char bytes[32];
    unsigned char digest[DIGEST_SIZE];
    assert_true(decode_base64url(first.cookie, bytes, sizeof bytes));
    assert_true(secret_digest(text_of(bytes, sizeof bytes), digest));
    assert_texts(first.key, text_of(digest, sizeof digest));
    assert_false(text_equals(first.cookie, second.cookie));
    assert_false(text_equals(first.id, second.id));
}

static void a_known_session_keeps_its_id_alone(void **state)
{
    struct fixture *fixture = *state;
    const struct session known = {.is_known = true, .id = TEXT("0123456789abcdef"), .key = TEXT("old key")};
    struct ticket ticket = session_new_ticket(&fixture->account, &known);
    assert_text(ticket.id, "0123456789abcdef");
    assert_false(text_equals(ticket.key, known.key));
    assert_int_equal(ticket.cookie.length, 43);
}

static const char *const no_cookies[] = {
    "",
    "x",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", // bits that no encoder sets
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "AAAAAAAAAAAAAAAAAAAAA+AAAAAAAAAAAAAAAAAAAAA",
    "' OR 1=1 --AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
};

static void a_cookie_that_is_none_is_asked_of_nobody(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ROWS(no_cookies); i++) {
        struct session session = {.is_known = true};
        // There is no database: asking would crash.
        assert_row(session_find(&fixture->account, text_from(no_cookies[i]), i % 2 == 0, &session) ==
                       OUTCOME_DONE,
                   no_cookies[i]);
        assert_row(!session.is_known && session.key.length == 0 && !session.is_signed_in, no_cookies[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(ids_are_random_uuids),
        WITH_ARENA(ids_are_shown_with_dashes),
        WITH_FIXTURE(no_id_comes_of_a_spent_arena),
        cmocka_unit_test(messages_are_kept_in_order_and_bounded),
        cmocka_unit_test(only_done_is_done),
        WITH_FIXTURE(a_ticket_is_256_random_bits_and_their_digest),
        WITH_FIXTURE(a_known_session_keeps_its_id_alone),
        WITH_FIXTURE(a_cookie_that_is_none_is_asked_of_nobody),
    };
    return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
