// See program.h.
#include "storefront/program/program.h"
#include "storefront/base/log.h"
#include "storefront/base/walls.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ARENA_MAXIMUM     ((size_t)64 * 1024 * 1024)
#define SLOW_FAILURE_TIME 2 // seconds

static enum log_format choose_format(struct text word)
{
    if (text_equals(word, TEXT("words"))) {
        return LOG_FORMAT_WORDS;
    }
    return text_equals(word, TEXT("auto")) && isatty(STDERR_FILENO) == 1 ? LOG_FORMAT_WORDS : LOG_FORMAT_JSON;
}

static bool is_known_format(struct text word)
{
    bool is_known = text_equals(word, TEXT("auto")) || text_equals(word, TEXT("words")) ||
                    text_equals(word, TEXT("json"));
    if (!is_known) {
        log_event(LOG_ERROR, "setting refused", LOG_STRING("setting", "LOG_FORMAT"),
                  LOG_STRING("reason", "neither json, words nor auto"));
    }
    return is_known;
}

bool program_start(struct program *program, const char *name, bool is_strict)
{
    *program = (struct program){.arena = arena_open(ARENA_MAXIMUM)};
    walls_begin();
    log_open(name, choose_format(TEXT("auto")), LOG_INFO);
    if (program->arena == NULL || !settings_read(program->arena, environ, &program->settings)) {
        return false;
    }
    if (!is_known_format(program->settings.log_format)) {
        return false;
    }
    log_open(name, choose_format(program->settings.log_format), LOG_INFO);
    return settings_unknown(environ, is_strict ? LOG_ERROR : LOG_WARNING) == 0 || !is_strict;
}

void program_end(struct program *program)
{
    if (program->arena == NULL || arena_failed(program->arena)) {
        log_line(LOG_ERROR, "no memory");
    }
    arena_close(&program->arena);
}

int program_fail_slowly(void)
{
    const struct timespec time = {.tv_sec = SLOW_FAILURE_TIME};
    log_line(LOG_ERROR, "cannot start");
    (void)nanosleep(&time, NULL);
    return EXIT_FAILURE;
}

int program_print(const struct buffer *out)
{
    struct text text = buffer_text(out);
    bool is_written = text.length == 0 || fwrite(text.bytes, 1, text.length, stdout) == text.length;
    // Without memory some of its words are missing.
    if (is_written && !out->overflowed && !arena_failed(out->arena) && fflush(stdout) == 0) {
        return EXIT_SUCCESS;
    }
    log_line(LOG_ERROR, "cannot print");
    return EXIT_FAILURE;
}

struct database *program_database(const struct program *program, enum statement_user user)
{
    static const char *const applications[] = {
        [STATEMENT_USER_WORKER] = "storefront",
        [STATEMENT_USER_MAILER] = "storefront-mail",
        [STATEMENT_USER_MAINTENANCE] = "storefront maintain",
        [STATEMENT_USER_METRICS] = "storefront metrics",
        [STATEMENT_USER_MIGRATION] = "storefront migrate",
    };
    const struct database_settings settings = {
        .url = program->settings.database_url,
        .deadline_ms = program->settings.database_deadline_ms,
        .user = user,
        .application = applications[user],
    };
    struct database *database = database_open(&settings);
    if (database == NULL) {
        log_line(LOG_ERROR, "cannot prepare for the database");
    }
    return database;
}

struct metrics *program_metrics(const struct program *program)
{
    struct metrics *metrics = metrics_open(text_string(program->arena, program->settings.metrics_file));
    if (metrics == NULL) {
        log_line(LOG_ERROR, "no memory for metrics");
    }
    return metrics;
}
