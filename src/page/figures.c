// See figures.h. Where a counter stands is looked up by name once and then remembered.
#include "storefront/page/figures.h"
#include "storefront/page/answer.h"
#include "storefront/page/routes.h"

#include <stdio.h>

#define KNOWN_MAXIMUM ((size_t)128) // kinds of answers that one worker remembers
#define NAME_MAXIMUM  ((size_t)160)

struct kind {
    const struct route *route;
    enum outcome outcome;
    int status;
    size_t counter;
};

struct figures {
    struct metrics *metrics;
    struct metrics_histogram times;
    size_t database_time;
    size_t round_trips;
    size_t connections;
    size_t failures;
    size_t hashes;
    size_t hash_time;
    size_t hash_processor_time;
    struct database_figures told; // of the database, so far
    struct kind known[KNOWN_MAXIMUM];
    size_t known_count;
};

struct figures *figures_open(struct arena *arena, struct metrics *metrics, const char *pool)
{
    struct figures *figures = arena_take(arena, sizeof *figures);
    char label[NAME_MAXIMUM];
    if (figures == NULL) {
        return NULL;
    }
    (void)snprintf(label, sizeof label, "pool=\"%s\"", pool);
    *figures = (struct figures){
        .metrics = metrics,
        .database_time = metrics_counter(metrics, TEXT("storefront_database_seconds_total")),
        .round_trips = metrics_counter(metrics, TEXT("storefront_database_round_trips_total")),
        .connections = metrics_counter(metrics, TEXT("storefront_database_connections_total")),
        .failures = metrics_counter(metrics, TEXT("storefront_database_failures_total")),
        .hashes = metrics_counter(metrics, TEXT("storefront_password_hashes_total")),
        .hash_time = metrics_counter(metrics, TEXT("storefront_password_hash_seconds_total")),
        .hash_processor_time =
            metrics_counter(metrics, TEXT("storefront_password_hash_processor_seconds_total")),
    };
    metrics_histogram(metrics, "storefront_request_seconds", label, &figures->times);
    metrics_sit(metrics, pool);
    return figures;
}

void figures_begin(struct figures *figures)
{
    if (figures != NULL) {
        metrics_set_busy(figures->metrics, true);
    }
}

static size_t find_counter(struct figures *figures, const struct visit *visit, enum outcome outcome)
{
    const struct route *route = visit->route;
    int status = visit->response->status;
    for (size_t i = 0; i < figures->known_count; i++) {
        const struct kind *kind = &figures->known[i];
        if (kind->route == route && kind->outcome == outcome && kind->status == status) {
            return kind->counter;
        }
    }
    char name[NAME_MAXIMUM];
    int length =
        snprintf(name, sizeof name,
                 "storefront_requests_total{method=\"%s\",route=\"%s\",status=\"%d\",outcome=\"%s\"}",
                 route == NULL ? "" : routes_method_name(route->method), route == NULL ? "" : route->path,
                 status, answer_code(outcome));
    size_t counter = metrics_counter(figures->metrics, text_of(name, length < 0 ? 0 : (size_t)length));
    if (figures->known_count < KNOWN_MAXIMUM) {
        figures->known[figures->known_count++] = (struct kind){route, outcome, status, counter};
    }
    return counter;
}

static void count_database(struct figures *figures, const struct account *account)
{
    struct database_figures now = account_figures(account);
    metrics_add(figures->metrics, figures->database_time, account_waited(account));
    metrics_add(figures->metrics, figures->round_trips, now.round_trips - figures->told.round_trips);
    if (now.connections != figures->told.connections || now.failures != figures->told.failures) {
        metrics_add(figures->metrics, figures->connections, now.connections - figures->told.connections);
        metrics_add(figures->metrics, figures->failures, now.failures - figures->told.failures);
    }
    figures->told = now;
}

void figures_end(struct figures *figures, const struct visit *visit, enum outcome outcome,
                 int64_t microseconds)
{
    if (figures == NULL) {
        return;
    }
    metrics_add(figures->metrics, find_counter(figures, visit, outcome), 1);
    metrics_observe(figures->metrics, &figures->times, microseconds);
    count_database(figures, &visit->account);
    if (visit->account.hash_time > 0) {
        metrics_add(figures->metrics, figures->hashes, 1);
        metrics_add(figures->metrics, figures->hash_time, visit->account.hash_time);
        metrics_add(figures->metrics, figures->hash_processor_time, visit->account.hash_processor_time);
    }
    metrics_set_busy(figures->metrics, false);
}
