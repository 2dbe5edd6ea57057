// Times as texts, at the moments where calendars are got wrong: leap days, the ends of years, one-digit days;
// and a clock for measuring that never runs back. It does not ask what time it is.
#include "support.h"

#include "storefront/base/clock.h"

struct moment {
    int64_t seconds;
    const char *rfc3339;
    const char *rfc5322;
};

static const struct moment moments[] = {
    {0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 +0000"},
    {-1, "1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 +0000"},
    {951782400, "2000-02-29T00:00:00Z", "Tue, 29 Feb 2000 00:00:00 +0000"},
    {1234567890, "2009-02-13T23:31:30Z", "Fri, 13 Feb 2009 23:31:30 +0000"},
    {1709251199, "2024-02-29T23:59:59Z", "Thu, 29 Feb 2024 23:59:59 +0000"},
    {1735689599, "2024-12-31T23:59:59Z", "Tue, 31 Dec 2024 23:59:59 +0000"},
    {4102444800, "2100-01-01T00:00:00Z", "Fri, 01 Jan 2100 00:00:00 +0000"},
    {4107542400, "2100-03-01T00:00:00Z", "Mon, 01 Mar 2100 00:00:00 +0000"},
    {253402300799, "9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 +0000"},
};

static void moments_are_written_in_utc(void **state)
{
    assert_int_equal(setenv("TZ", "Asia/Kathmandu", 1), 0);
    for (size_t i = 0; i < ROWS(moments); i++) {
        assert_text(clock_rfc3339(*state, moments[i].seconds), moments[i].rfc3339);
        assert_text(clock_rfc5322(*state, moments[i].seconds), moments[i].rfc5322);
    }
    assert_int_equal(unsetenv("TZ"), 0);
}

static void measuring_never_runs_back(void **state)
{
    (void)state;
    int64_t last = clock_monotonic();
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_monotonic();
        assert_true(now >= last);
        last = now;
    }
    int64_t before = clock_monotonic();
    (void)usleep(20000);
    int64_t passed = clock_monotonic() - before;
    assert_in_range(passed, 20000, 5000000);
}

static void now_is_in_this_century(void **state)
{
    (void)state;
    assert_in_range(clock_seconds(), 1700000000, 4102444800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(moments_are_written_in_utc),
        cmocka_unit_test(measuring_never_runs_back),
        cmocka_unit_test(now_is_in_this_century),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
