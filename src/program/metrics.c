// storefront metrics: a FastCGI worker that answers GET /metrics alone, for Prometheus: what all processes of
// this host have counted, how many requests wait for each pool, and what waits in the outbox. It holds no key
// and reads the database as a role that sees no customer.
#include "storefront/base/metrics.h"
#include "storefront/base/log.h"
#include "storefront/base/walls.h"
#include "storefront/http/queue.h"
#include "storefront/http/worker.h"
#include "storefront/page/routes.h"
#include "storefront/program/program.h"

#include <stdio.h>
#include <stdlib.h>

struct exporter {
    const struct settings *settings;
    struct metrics *metrics;
    struct database *database;
};

// The columns of sql/statements/find_outbox_figures.sql.
enum { WAITING, IN_HAND, OLDEST_SECONDS };

static void write_outbox(struct exporter *exporter, struct arena *arena, struct buffer *out)
{
    struct rows rows;
    database_grant_time(exporter->database);
    bool is_up = database_run(exporter->database, arena, STATEMENT_FIND_OUTBOX_FIGURES, NULL, 0, &rows) ==
                 DATABASE_DONE;
    metrics_write_gauge(out, "storefront_database_up", "Whether the database answers.", is_up);
    if (is_up) {
        metrics_write_gauge(out, "storefront_outbox_waiting", "Mails that wait to be sent.",
                            rows_number(&rows, 0, WAITING));
        metrics_write_gauge(out, "storefront_outbox_in_hand", "Mails that a mailer is sending.",
                            rows_number(&rows, 0, IN_HAND));
        metrics_write_gauge(out, "storefront_outbox_oldest_seconds",
                            "Seconds since the oldest mail that is not sent was asked for.",
                            rows_number(&rows, 0, OLDEST_SECONDS));
    }
}

// A pool whose socket this process cannot see (another container's) is left out.
static void write_queues(const struct exporter *exporter, struct arena *arena, struct buffer *out)
{
    buffer_add(out, TEXT("# HELP storefront_queue Requests that wait for a worker, by pool.\n"
                         "# TYPE storefront_queue gauge\n"));
    for (enum pool pool = POOL_PAGES; pool < POOLS; pool++) {
        const struct text parts[] = {exporter->settings->socket_folder, TEXT("/"),
                                     text_from(routes_pool_name(pool)), TEXT(".sock")};
        int64_t waiting = queue_length(text_join(arena, parts, sizeof parts / sizeof *parts));
        if (waiting >= 0) {
            buffer_add(out, TEXT("storefront_queue{pool=\""));
            buffer_add(out, text_from(routes_pool_name(pool)));
            buffer_add(out, TEXT("\"} "));
            buffer_add_number(out, waiting);
            buffer_add_byte(out, '\n');
        }
    }
}

static void answer(void *context, const struct request *request, struct arena *arena,
                   struct response *response)
{
    struct exporter *exporter = context;
    bool is_asked = text_equals(request->path, TEXT("/metrics"));
    bool is_view = request->method == METHOD_GET || request->method == METHOD_HEAD;
    response->kind = RESPONSE_METRICS;
    response->status = !is_asked ? 404 : is_view ? 200 : 405;
    response->allow = is_asked && !is_view ? TEXT("GET, HEAD") : response->allow;
    if (response->status == 200) {
        metrics_write(exporter->metrics, &response->body);
        write_queues(exporter, arena, &response->body);
        write_outbox(exporter, arena, &response->body);
    }
}

int verb_metrics(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    struct program program;
    struct exporter exporter = {.database = NULL};
    bool is_ready = program_start(&program, "storefront-metrics", false);
    if (is_ready) {
        exporter.settings = &program.settings;
        exporter.metrics = program_metrics(&program);
        exporter.database = program_database(&program, STATEMENT_USER_METRICS);
    }
    bool done = exporter.metrics != NULL && exporter.database != NULL &&
                walls_raise(WALL_METRICS, program.settings.seccomp) && worker_run(answer, &exporter);
    database_close(&exporter.database);
    metrics_close(&exporter.metrics);
    program_end(&program);
    return done ? EXIT_SUCCESS : program_fail_slowly();
}
