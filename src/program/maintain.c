// storefront maintain: adds up the daily figures, then deletes what has run out, in batches small enough to
// be in nobody's way. Run every few minutes.
#include "storefront/base/log.h"
#include "storefront/program/program.h"

#include <stdlib.h>

#define BATCH         ((int64_t)1000)
#define ARENA_MAXIMUM ((size_t)65536)

struct purge {
    const char *what;
    enum statement statement;
    struct parameter parameters[3];
    size_t count;
};

// Runs one purge until a batch is not full.
static bool purge(struct database *database, struct arena *arena, const struct purge *purge)
{
    int64_t deleted = 0;
    int64_t batch = BATCH;
    while (batch == BATCH) {
        struct rows rows;
        database_grant_time(database);
        if (database_run(database, arena, purge->statement, purge->parameters, purge->count, &rows) !=
            DATABASE_DONE) {
            return false;
        }
        batch = rows_number(&rows, 0, 0);
        deleted += batch;
        arena_empty(arena);
    }
    if (deleted > 0) {
        log_event(LOG_INFO, "purged", LOG_STRING("what", purge->what), LOG_NUMBER("rows", deleted));
    }
    return true;
}

// What this host's workers have counted since the last time.
static bool count_throttled(struct database *database, struct arena *arena, struct metrics *metrics)
{
    size_t reported = metrics_counter(metrics, TEXT("storefront_throttled_reported_total"));
    int64_t sum = metrics_sum(metrics, "storefront_requests_total", TEXT("status=\"429\"")) -
                  metrics_sum(metrics, "storefront_throttled_reported_total", TEXT(""));
    const struct parameter parameters[] = {parameter_number(sum)};
    database_grant_time(database);
    if (sum > 0 &&
        database_run(database, arena, STATEMENT_COUNT_THROTTLED, parameters, 1, NULL) != DATABASE_DONE) {
        return false;
    }
    metrics_add(metrics, reported, sum > 0 ? sum : 0);
    return true;
}

// Before the purge: what was deleted cannot be counted.
static bool count_figures(struct database *database, struct metrics *metrics)
{
    struct arena *arena = arena_open(ARENA_MAXIMUM);
    bool done = arena != NULL && metrics != NULL && count_throttled(database, arena, metrics);
    bool is_more = done;
    while (is_more) {
        struct rows rows;
        database_grant_time(database);
        done = database_run(database, arena, STATEMENT_COUNT_DAILY_FIGURES, NULL, 0, &rows) == DATABASE_DONE;
        is_more = done && rows_switch(&rows, 0, 0);
        arena_empty(arena);
    }
    arena_close(&arena);
    return done;
}

static bool purge_all(struct database *database, const struct settings *settings)
{
    const struct parameter batch = parameter_number(BATCH);
    const struct purge purges[] = {
        {"sessions",
         STATEMENT_PURGE_SESSIONS,
         {batch, parameter_number(settings->session_days), parameter_number(settings->session_maximum_days)},
         3},
        {"customers", STATEMENT_PURGE_CUSTOMERS, {batch, parameter_number(settings->unverified_hours)}, 2},
        {"codes", STATEMENT_PURGE_CODES, {batch}, 1},
        {"limits", STATEMENT_PURGE_LIMITS, {batch}, 1},
        {"cautions", STATEMENT_PURGE_CAUTIONS, {batch}, 1},
        {"figures", STATEMENT_PURGE_FIGURES, {batch}, 1},
    };
    struct arena *arena = arena_open(ARENA_MAXIMUM);
    bool done = arena != NULL;
    // One that fails is no reason to keep what the others delete.
    for (size_t i = 0; i < sizeof purges / sizeof *purges && arena != NULL; i++) {
        done = purge(database, arena, &purges[i]) && done;
    }
    arena_close(&arena);
    return done;
}

// For the operator's alert: a purge that never ends well is seen by nobody.
static void count_run(struct metrics *metrics, bool is_done)
{
    if (metrics != NULL) {
        metrics_add(metrics,
                    metrics_counter(metrics, is_done
                                                 ? TEXT("storefront_maintenance_total{outcome=\"done\"}")
                                                 : TEXT("storefront_maintenance_total{outcome=\"failed\"}")),
                    1);
    }
}

int verb_maintain(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    struct program program;
    struct database *database = NULL;
    bool is_ready = program_start(&program, "storefront", false);
    struct metrics *metrics = is_ready ? program_metrics(&program) : NULL;
    database = is_ready ? program_database(&program, STATEMENT_USER_MAINTENANCE) : NULL;
    // What cannot be counted is no reason to keep what has run out.
    bool is_counted = database != NULL && count_figures(database, metrics);
    bool done = database != NULL && purge_all(database, &program.settings) && is_counted;
    if (!done) {
        log_line(LOG_ERROR, "maintenance was not done to its end");
    }
    count_run(metrics, done);
    metrics_close(&metrics);
    database_close(&database);
    program_end(&program);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
