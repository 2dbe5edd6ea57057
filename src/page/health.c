// What an operator's probe asks: whether this process answers, and whether every pool and its database do.
#include "storefront/base/clock.h"
#include "storefront/http/probe.h"
#include "storefront/page/pages.h"

#define MILLISECOND 1000

// For all pools together: meanwhile this worker shows no page.
#define PROBE_DEADLINE ((int64_t)1500 * MILLISECOND)

enum outcome show_health(struct visit *visit)
{
    visit->result.extra = value_object(visit->account.arena);
    value_set_text(visit->result.extra, "status", TEXT("ok"));
    return OUTCOME_DONE;
}

// Another pool is ready when its worker finds the database ready; a worker that is asked by another asks
// nobody else.
static bool pool_is_ready(struct visit *visit, enum pool pool, int64_t end)
{
    int64_t left = end - clock_monotonic();
    struct arena *arena = visit->account.arena;
    const struct text parts[] = {visit->service->settings->socket_folder, TEXT("/"),
                                 text_from(routes_pool_name(pool)), TEXT(".sock")};
    const char *path = text_string(arena, text_join(arena, parts, sizeof parts / sizeof *parts));
    return left > 0 && probe_pool(arena, path, TEXT("/readyz"), left / MILLISECOND) == 200;
}

// The first part that is away decides; the rest is then not waited for.
enum outcome show_readiness(struct visit *visit)
{
    struct value *extra = value_object(visit->account.arena);
    int64_t end = clock_monotonic() + PROBE_DEADLINE;
    bool is_ready = account_is_ready(&visit->account);
    value_set_text(extra, "database", is_ready ? TEXT("ok") : TEXT("away"));
    for (enum pool pool = POOL_PAGES; pool < POOLS && visit->service->pool == POOL_PAGES; pool++) {
        struct text state = TEXT("ok");
        if (pool != POOL_PAGES && !is_ready) {
            state = TEXT("unknown");
        } else if (pool != POOL_PAGES && !pool_is_ready(visit, pool, end)) {
            state = TEXT("away");
            is_ready = false;
        }
        value_set_text(extra, routes_pool_name(pool), state);
    }
    visit->result.extra = extra;
    return is_ready ? OUTCOME_DONE : OUTCOME_UNAVAILABLE;
}
