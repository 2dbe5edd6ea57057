// storefront serve: one worker of one pool. Everything that can be wrong is found before the first request;
// the database may come later.
#include "storefront/base/log.h"
#include "storefront/base/walls.h"
#include "storefront/http/worker.h"
#include "storefront/page/answer.h"
#include "storefront/page/figures.h"
#include "storefront/page/guard.h"
#include "storefront/program/program.h"
#include "storefront/security/keyring.h"
#include "storefront/security/password.h"
#include "storefront/view/theme.h"

#include <stdlib.h>

static const struct view *open_view(struct program *program)
{
    struct view_template templates[ROUTE_TEMPLATES_MAXIMUM];
    routes_list_templates(templates);
    struct view_template *kept = arena_take(program->arena, sizeof templates);
    if (kept == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < ROUTE_TEMPLATES_MAXIMUM; i++) {
        kept[i] = templates[i];
    }
    const struct view_settings settings = {.settings = &program->settings,
                                           .folder = "templates",
                                           .templates = kept,
                                           .common_names = layout_names,
                                           .phrases = answer_phrases,
                                           .needs_static = true};
    return view_open(program->arena, &settings);
}

static bool choose_pool(const struct settings *settings, enum pool *pool)
{
    *pool = routes_pool(settings->pool);
    if (*pool == POOLS) {
        log_event(LOG_ERROR, "setting refused", LOG_STRING("setting", "POOL"),
                  LOG_STRING("reason", "neither pages, register nor login"));
    }
    return *pool < POOLS;
}

static char *key_file(struct program *program)
{
    return text_string(program->arena, program->settings.secret_key_file);
}

static bool start_service(struct program *program, struct metrics *metrics, struct keyring **keyring,
                          struct service *service)
{
    const struct settings *settings = &program->settings;
    const struct password_cost cost = {settings->password_memory_kib, settings->password_passes};
    service->settings = settings;
    if (!choose_pool(settings, &service->pool) || !site_open(program->arena, settings, &service->site) ||
        theme_write(program->arena, settings->shop_accent).length == 0) {
        return false;
    }
    if (!password_start(cost)) {
        log_line(LOG_ERROR, "passwords cannot be hashed");
        return false;
    }
    *keyring = keyring_open(key_file(program), 1U << KEY_CODES | 1U << KEY_TOKENS | 1U << KEY_LIMITS);
    service->keyring = *keyring;
    service->view = *keyring == NULL ? NULL : open_view(program);
    service->database = service->view == NULL ? NULL : program_database(program, STATEMENT_USER_WORKER);
    service->figures = service->database == NULL || metrics == NULL
                           ? NULL
                           : figures_open(program->arena, metrics, routes_pool_name(service->pool));
    return service->figures != NULL;
}

int verb_serve(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    struct program program;
    struct service service = {.pool = POOLS};
    struct keyring *keyring = NULL;
    bool is_started = program_start(&program, "storefront", false);
    struct metrics *metrics = is_started ? program_metrics(&program) : NULL;
    bool is_ready = is_started && start_service(&program, metrics, &keyring, &service);
    is_ready = is_ready && walls_raise(WALL_WORKER, program.settings.seccomp);
    bool done = is_ready && worker_run(guard_answer, &service);
    database_close(&service.database);
    keyring_close(&keyring);
    metrics_close(&metrics);
    program_end(&program);
    return done ? EXIT_SUCCESS : program_fail_slowly();
}
