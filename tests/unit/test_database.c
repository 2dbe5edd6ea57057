// A database that is away, in every way that needs none: urls that are not understood, hosts that refuse,
// hosts that say nothing. Each wait ends within what was granted. And cells read as what they hold. A
// database that is there is for the journeys.
#include "support.h"

#include "storefront/base/clock.h"
#include "storefront/database/database.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define DEADLINE_MS 400
#define SLACK       1000000 // microseconds

static struct database *opened_for(int64_t deadline_ms, struct arena *arena, const char *url,
                                   struct text *logged)
{
    const struct database_settings settings = {.url = text_from(url),
                                               .deadline_ms = deadline_ms,
                                               .user = STATEMENT_USER_WORKER,
                                               .application = "unit"};
    struct capture capture = capture_begin();
    struct database *database = database_open(&settings);
    *logged = capture_end(arena, &capture);
    return database;
}

static struct database *opened(struct arena *arena, const char *url, struct text *logged)
{
    return opened_for(DEADLINE_MS, arena, url, logged);
}

static const char *const bad_urls[] = {
    "",
    "postgresql://user:hunter2@[::1/x",
    "host=a password=hunter2 nonsense=1",
    "host=a password='hunter2",
    "mysql hunter2",
    "host=a,b,c port=1,2 password=hunter2",
};

static void a_url_that_is_not_understood_is_refused_unquoted(void **state)
{
    for (size_t i = 0; i < ROWS(bad_urls); i++) {
        struct text logged;
        struct database *database = opened(*state, bad_urls[i], &logged);
        bool is_open = database != NULL;
        database_close(&database);
        assert_row(!is_open, bad_urls[i]);
        assert_row(holds(logged, "database url"), bad_urls[i]);
        assert_row(!holds(logged, "hunter2"), bad_urls[i]);
    }
}

// Runs a statement; how it ended and how long that took.
static enum database_outcome run(struct arena *arena, struct database *database, int64_t *passed)
{
    struct rows rows = {.count = 99};
    struct capture capture = capture_begin();
    int64_t begun = clock_monotonic();
    database_grant_time(database);
    enum database_outcome outcome = database_run(database, arena, STATEMENT_CHECK_HEALTH, NULL, 0, &rows);
    *passed = clock_monotonic() - begun;
    (void)capture_end(arena, &capture);
    assert_int_equal(rows.count, 0);
    return outcome;
}

static void a_host_that_refuses_is_unavailable_at_once(void **state)
{
    struct text logged;
    int64_t passed = 0;
    struct database *database = opened(*state, "host=127.0.0.1,127.0.0.1 port=1,2 dbname=x", &logged);
    assert_non_null(database);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(run(*state, database, &passed), DATABASE_UNAVAILABLE);
        assert_true(passed < 200000);
    }
    database_begin(database);
    assert_int_equal(run(*state, database, &passed), DATABASE_UNAVAILABLE);
    assert_int_equal(database_commit(database), DATABASE_UNAVAILABLE);
    database_rollback(database);
    database_close(&database);
    assert_null(database);
}

static void one_port_is_for_all_hosts(void **state)
{
    struct text logged;
    int64_t passed = 0;
    struct database *database = opened(*state, "host=127.0.0.1,127.0.0.2 port=1 dbname=x", &logged);
    assert_non_null(database);
    assert_int_equal(run(*state, database, &passed), DATABASE_UNAVAILABLE);
    database_close(&database);
}

// A socket that takes connections into its queue and never answers.
static int silent_host(char *url, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(listener, 10), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    unsigned port = ntohs(address.sin_port);
    (void)snprintf(url, size, "host=127.0.0.1,127.0.0.1,127.0.0.1 port=%u,%u,%u dbname=x", port, port, port);
    return listener;
}

static void a_silent_host_costs_no_more_than_was_granted(void **state)
{
    char url[128];
    struct text logged;
    int64_t passed = 0;
    int listener = silent_host(url, sizeof url);
    struct database *database = opened(*state, url, &logged);
    assert_non_null(database);
    assert_int_equal(run(*state, database, &passed), DATABASE_UNAVAILABLE);
    assert_in_range(passed, (int64_t)DEADLINE_MS * 1000 * 9 / 10, (int64_t)DEADLINE_MS * 1000 + SLACK);
    assert_in_range(database_waited(database), (int64_t)DEADLINE_MS * 1000 * 9 / 10,
                    (int64_t)DEADLINE_MS * 1000 + SLACK);
    // The back-off has begun: nobody waits again.
    int64_t again = 0;
    assert_int_equal(run(*state, database, &again), DATABASE_UNAVAILABLE);
    assert_true(again < 10000);
    database_close(&database);
    (void)close(listener);
}

// A request whose time is over finds nothing out about the server, and the next one does not wait for it.
static void without_time_no_server_is_called_away(void **state)
{
    struct text logged;
    int64_t passed = 0;
    struct database *database = opened_for(0, *state, "host=127.0.0.1 port=1 dbname=x", &logged);
    assert_non_null(database);
    assert_int_equal(run(*state, database, &passed), DATABASE_UNAVAILABLE);
    assert_int_equal(database_figures(database).failures, 0);
    database_close(&database);
}

static void a_spent_arena_asks_nothing(void **state)
{
    struct text logged;
    struct arena *small = arena_open(8);
    struct database *database = opened(*state, "host=127.0.0.1 port=1", &logged);
    (void)arena_take(small, 100);
    enum database_outcome outcome = database_run(database, small, STATEMENT_CHECK_HEALTH, NULL, 0, NULL);
    int64_t waited = database_waited(database);
    database_close(&database);
    arena_close(&small);
    assert_int_equal(outcome, DATABASE_UNAVAILABLE);
    assert_int_equal(waited, 0);
}

// One statement that cannot be asked takes the others of its turn along; the next turn begins anew.
static void a_turn_is_asked_as_a_whole_or_not_at_all(void **state)
{
    struct text logged;
    struct answer answers[ANSWERS_MAXIMUM];
    struct arena *small = arena_open(8);
    struct database *database = opened(*state, "host=127.0.0.1 port=1", &logged);
    (void)arena_take(small, 100);
    struct capture capture = capture_begin();
    for (size_t i = 0; i < ROWS(answers); i++) {
        answers[i].rows.count = 99;
        database_ask(database, i == 1 ? small : *state, STATEMENT_CHECK_HEALTH, NULL, 0, &answers[i]);
    }
    enum database_outcome outcome = database_turn(database, *state);
    enum database_outcome empty = database_turn(database, *state);
    (void)capture_end(*state, &capture);
    database_close(&database);
    arena_close(&small);
    assert_int_equal(outcome, DATABASE_UNAVAILABLE);
    assert_int_equal(empty, DATABASE_UNAVAILABLE);
    for (size_t i = 0; i < ROWS(answers); i++) {
        assert_int_equal(answers[i].statement, STATEMENT_CHECK_HEALTH);
        assert_int_equal(answers[i].outcome, DATABASE_UNAVAILABLE);
        assert_int_equal(answers[i].rows.count, 0);
    }
}

struct number_row {
    const char *bytes;
    size_t length;
    int64_t number;
};

static const struct number_row numbers[] = {
    {"\x00\x00\x00\x00\x00\x00\x00\x2a", 8, 42},
    {"\xff\xff\xff\xff\xff\xff\xff\xff", 8, -1},
    {"\x7f\xff\xff\xff\xff\xff\xff\xff", 8, INT64_MAX},
    {"\x80\x00\x00\x00\x00\x00\x00\x00", 8, INT64_MIN},
    {"\x00\x00\x01\x00", 4, 256},
    {"\xff\xff\xff\xfe", 4, -2},
    {"\x00\x07", 2, 7},
    {"\xff\xf9", 2, -7},
    {"", 0, 0},
    {"\x00\x00\x00\x00\x00\x00\x00\x00\x01", 9, 0},
};

static void numbers_of_every_width_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(numbers); i++) {
        const struct text cell = text_of(numbers[i].bytes, numbers[i].length);
        const struct rows rows = {.count = 1, .columns = 1, .cells = &cell};
        assert_int_equal(rows_number(&rows, 0, 0), numbers[i].number);
    }
}

static void a_cell_that_is_not_there_is_nothing(void **state)
{
    (void)state;
    const struct text cells[] = {TEXT("a"), {NULL, 0}, TEXT("\x01"), TEXT("\x02")};
    const struct rows rows = {.count = 2, .columns = 2, .cells = cells};
    assert_text(rows_text(&rows, 0, 0), "a");
    assert_true(rows_is_nothing(&rows, 0, 1));
    assert_false(rows_is_nothing(&rows, 0, 0));
    assert_true(rows_switch(&rows, 1, 0));
    assert_false(rows_switch(&rows, 1, 1));
    assert_true(rows_is_nothing(&rows, 2, 0));
    assert_true(rows_is_nothing(&rows, 0, 2));
    assert_int_equal(rows_text(&rows, SIZE_MAX, SIZE_MAX).length, 0);
    assert_int_equal(rows_number(&rows, 9, 9), 0);
    assert_false(rows_switch(&rows, 9, 9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_url_that_is_not_understood_is_refused_unquoted),
        WITH_ARENA(a_host_that_refuses_is_unavailable_at_once),
        WITH_ARENA(one_port_is_for_all_hosts),
        WITH_ARENA(a_silent_host_costs_no_more_than_was_granted),
        WITH_ARENA(without_time_no_server_is_called_away),
        WITH_ARENA(a_spent_arena_asks_nothing),
        WITH_ARENA(a_turn_is_asked_as_a_whole_or_not_at_all),
        cmocka_unit_test(numbers_of_every_width_are_read),
        cmocka_unit_test(a_cell_that_is_not_there_is_nothing),
    };
    return cmocka_run_group_tests_name("database", tests, NULL, NULL);
}
