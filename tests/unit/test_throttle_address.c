// How a client's address is counted: IPv4 whole, IPv6 by /64, the mapped form as the IPv4 that it is, and
// anything else not at all; and that the keys under which things are counted tell everything apart. The
// counting is the database's.
#include "support.h"

#include "storefront/account/throttle.h"

struct address_row {
    const char *address;
    const char *counted;
    size_t length; // 0: it is none
};

static const struct address_row addresses[] = {
    {"192.0.2.1", "\xc0\x00\x02\x01", 4},
    {"0.0.0.0", "\0\0\0\0", 4},
    {"255.255.255.255", "\xff\xff\xff\xff", 4},
    {"::ffff:192.0.2.1", "\xc0\x00\x02\x01", 4},
    {"::FFFF:c000:201", "\xc0\x00\x02\x01", 4},
    {"2001:db8:1:2:3:4:5:6", "\x20\x01\x0d\xb8\x00\x01\x00\x02", 8},
    {"2001:db8:1:2::", "\x20\x01\x0d\xb8\x00\x01\x00\x02", 8},
    {"2001:DB8:1:2:ffff:ffff:ffff:ffff", "\x20\x01\x0d\xb8\x00\x01\x00\x02", 8},
    {"2001:db8:1:3::", "\x20\x01\x0d\xb8\x00\x01\x00\x03", 8},
    {"::1", "\0\0\0\0\0\0\0\0", 8},
    {"::192.0.2.1", "\0\0\0\0\0\0\0\0", 8},
    {"", "", 0},
    {"unix:", "", 0},
    {"localhost", "", 0},
    {"192.0.2", "", 0},
    {"192.0.2.1.5", "", 0},
    {"192.0.2.256", "", 0},
    {"192.0.2.1:80", "", 0},
    {"192.0.2.1 ", "", 0},
    {" 192.0.2.1", "", 0},
    {"192.0.2.1, 198.51.100.1", "", 0},
    {"0x7f.1", "", 0},
    {"2130706433", "", 0},
    {"[::1]", "", 0},
    {"fe80::1%eth0", "", 0},
    {"2001:db8::1/64", "", 0},
    {"1:2:3:4:5:6:7:8:9", "", 0},
    {":::", "", 0},
    {"\xff", "", 0},
};

static void addresses_are_counted_as_the_contract_says(void **state)
{
    for (size_t i = 0; i < ROWS(addresses); i++) {
        struct text counted = throttle_address(*state, text_from(addresses[i].address));
        assert_row(text_equals(counted, text_of(addresses[i].counted, addresses[i].length)),
                   addresses[i].address);
    }
    assert_int_equal(throttle_address(*state, (struct text){NULL, 0}).length, 0);
    assert_int_equal(throttle_address(*state, repeated(*state, "1", 10000)).length, 0);
}

static void keys_tell_limits_and_subjects_apart(void **state)
{
    struct fixture *fixture = *state;
    static const char *const subjects[] = {"a", "b", "ab", ""};
    struct text keys[5 * ROWS(subjects)];
    size_t count = 0;
    for (enum limit limit = LIMIT_ADDRESS_REGISTRATIONS; limit <= LIMIT_SESSION; limit++) {
        for (size_t i = 0; i < ROWS(subjects); i++) {
            keys[count++] = throttle_key(&fixture->account, limit, text_from(subjects[i]));
        }
    }
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(keys[i].length, 32);
        for (size_t other = 0; other < i; other++) {
            assert_false(text_equals(text_cut(keys[i], 0, 16), text_cut(keys[other], 0, 16)));
        }
    }
    assert_texts(throttle_key(&fixture->account, LIMIT_MAILBOX, TEXT("a")),
                 throttle_key(&fixture->account, LIMIT_MAILBOX, TEXT("a")));
}

static void without_its_subkey_there_is_no_key(void **state)
{
    struct fixture *fixture = *state;
    const char *path = folder_path(fixture->arena, &fixture->folder, "keys");
    struct keyring *keyring = keyring_open(path, 1U << KEY_CODES);
    struct account account = fixture->account;
    account.keyring = keyring;
    struct text key = throttle_key(&account, LIMIT_MAILBOX, TEXT("a"));
    keyring_close(&keyring);
    assert_int_equal(key.length, 0);
    assert_true(arena_failed(fixture->arena));
}

static void limits_that_are_off_are_not_asked(void **state)
{
    struct fixture *fixture = *state;
    int64_t retry_after = 0;
    fixture->settings.address_limits = false;
    assert_int_equal(
        throttle_take_address(&fixture->account, LIMIT_ADDRESS_SIGN_INS, TEXT("192.0.2.1"), &retry_after),
        OUTCOME_DONE);
    throttle_give_back_address(&fixture->account, LIMIT_ADDRESS_SIGN_INS, TEXT("192.0.2.1"));
    fixture->settings.address_limits = true;
    assert_int_equal(
        throttle_take_address(&fixture->account, LIMIT_ADDRESS_SIGN_INS, TEXT("nonsense"), &retry_after),
        OUTCOME_UNAVAILABLE);
    throttle_give_back_address(&fixture->account, LIMIT_ADDRESS_SIGN_INS, TEXT("nonsense"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(addresses_are_counted_as_the_contract_says),
        WITH_FIXTURE(keys_tell_limits_and_subjects_apart),
        WITH_FIXTURE(without_its_subkey_there_is_no_key),
        WITH_FIXTURE(limits_that_are_off_are_not_asked),
    };
    return cmocka_run_group_tests_name("throttle_address", tests, NULL, NULL);
}
