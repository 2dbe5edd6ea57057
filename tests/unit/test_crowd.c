// Noticing that most requests come from one address: once an hour, and never where several share them. What
// is done about it is the operator's business.
#include "support.h"

#include "storefront/page/crowd.h"

#define HOUR ((int64_t)60 * 60 * 1000000)

struct crowd_row {
    const char *what;
    int64_t of_ten; // requests of ten that one address makes
    bool is_noticed;
};

static const struct crowd_row rows[] = {
    {"a proxy", 10, true}, {"nearly all", 9, true},    {"most", 8, true},
    {"a third", 3, false}, {"nobody twice", 0, false},
};

// Plays `requests` of a shop and counts how often something was noticed.
static int64_t play(struct crowd *crowd, int64_t requests, int64_t of_ten, int64_t now)
{
    char other[CROWD_ADDRESS_SIZE];
    int64_t noticed = 0;
    for (int64_t i = 0; i < requests; i++) {
        (void)snprintf(other, sizeof other, "10.0.%d.%d", (int)(i / 250), (int)(i % 250));
        noticed += crowd_count(crowd, i % 10 < of_ten ? TEXT("192.0.2.7") : text_from(other), now + i);
    }
    return noticed;
}

static void one_address_that_makes_most_requests_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct crowd crowd = {.lead = 0};
        bool is_noticed = play(&crowd, CROWD_WINDOW, rows[i].of_ten, 1) == 1;
        assert_row(is_noticed == rows[i].is_noticed, rows[i].what);
        assert_row(!is_noticed || text_equals(text_from(crowd.address), TEXT("192.0.2.7")), rows[i].what);
    }
}

static void it_is_told_once_an_hour(void **state)
{
    (void)state;
    struct crowd crowd = {.lead = 0};
    assert_int_equal(play(&crowd, 10 * CROWD_WINDOW, 10, 1), 1);
    assert_int_equal(play(&crowd, 10 * CROWD_WINDOW, 10, HOUR / 2), 0);
    assert_int_equal(play(&crowd, 10 * CROWD_WINDOW, 10, 2 * HOUR), 1);
}

static void what_is_no_address_is_not_counted(void **state)
{
    struct crowd crowd = {.lead = 0};
    assert_false(crowd_count(&crowd, TEXT(""), 1));
    assert_int_equal(crowd.requests, 0);
    for (int64_t i = 0; i < CROWD_WINDOW; i++) {
        (void)crowd_count(&crowd, repeated(*state, "f", 100), 1);
    }
    assert_int_equal(strlen(crowd.address), CROWD_ADDRESS_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(one_address_that_makes_most_requests_is_noticed),
        WITH_ARENA(it_is_told_once_an_hour),
        WITH_ARENA(what_is_no_address_is_not_counted),
    };
    return cmocka_run_group_tests_name("crowd", tests, NULL, NULL);
}
