// storefront report: what the last days brought, by the domain that mails go to: where mails are taken but
// codes are not typed, they land among the spam. Counts what `storefront maintain` has gathered; names
// nobody.
#include "storefront/base/log.h"
#include "storefront/program/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAYS_DEFAULT   30
#define DAYS_MAXIMUM   400
#define REPORT_MAXIMUM ((size_t)256 * 1024)
#define DOMAIN_WIDTH   32
#define FIGURE_WIDTH   12
#define HUNDRED        100

// The columns of sql/statements/find_report.sql.
enum { DOMAIN, BEGUN, HANDED_OVER, PROVED, THROTTLED };

static void add_padded(struct buffer *out, struct text text, size_t width, bool is_right)
{
    size_t padding = text.length < width ? width - text.length : 0;
    buffer_add(out, is_right ? TEXT("") : text);
    for (size_t i = 0; i < padding; i++) {
        buffer_add_byte(out, ' ');
    }
    buffer_add(out, is_right ? text : TEXT(" "));
}

static void add_row(struct buffer *out, struct text name, const int64_t figures[static PROVED + 1])
{
    add_padded(out, name, DOMAIN_WIDTH, false);
    for (int column = BEGUN; column <= PROVED; column++) {
        add_padded(out, text_number(out->arena, figures[column]), FIGURE_WIDTH, true);
    }
    int64_t share = figures[BEGUN] == 0 ? 0 : HUNDRED * figures[PROVED] / figures[BEGUN];
    const struct text parts[] = {text_number(out->arena, share), TEXT("%")};
    add_padded(out, figures[BEGUN] == 0 ? TEXT("-") : text_join(out->arena, parts, 2), FIGURE_WIDTH, true);
    buffer_add_byte(out, '\n');
}

static void add_head(struct buffer *out)
{
    static const char *const words[] = {"begun", "mails", "proved", "share"};
    add_padded(out, TEXT("domain"), DOMAIN_WIDTH, false);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        add_padded(out, text_from(words[i]), FIGURE_WIDTH, true);
    }
    buffer_add_byte(out, '\n');
}

static void write_report(const struct rows *rows, struct buffer *out)
{
    int64_t totals[THROTTLED + 1] = {0};
    add_head(out);
    for (size_t i = 0; i < rows->count; i++) {
        int64_t figures[THROTTLED + 1] = {0};
        for (int column = BEGUN; column <= THROTTLED; column++) {
            figures[column] = rows_number(rows, i, (size_t)column);
            totals[column] += figures[column];
        }
        if (rows_text(rows, i, DOMAIN).length > 0) {
            add_row(out, rows_text(rows, i, DOMAIN), figures);
        }
    }
    add_row(out, TEXT("all"), totals);
    buffer_add(out, TEXT("\nrequests that a limit refused: "));
    buffer_add_number(out, totals[THROTTLED]);
    buffer_add_byte(out, '\n');
}

static int report(struct program *program, int64_t days)
{
    struct rows rows;
    const struct parameter parameters[] = {parameter_number(days)};
    struct database *database = program_database(program, STATEMENT_USER_METRICS);
    bool done = database != NULL && database_run(database, program->arena, STATEMENT_FIND_REPORT, parameters,
                                                 1, &rows) == DATABASE_DONE;
    int status = EXIT_FAILURE;
    if (done) {
        struct buffer out = buffer_open(program->arena, REPORT_MAXIMUM);
        write_report(&rows, &out);
        status = program_print(&out);
    } else {
        log_line(LOG_ERROR, "the figures cannot be read");
    }
    database_close(&database);
    return status;
}

static bool read_days(int count, char **arguments, int64_t *days)
{
    *days = DAYS_DEFAULT;
    return count == 0 || (count == 2 && strcmp(arguments[0], "--days") == 0 &&
                          text_to_number(text_from(arguments[1]), 1, DAYS_MAXIMUM, days));
}

int verb_report(int count, char **arguments)
{
    struct program program;
    int64_t days = 0;
    if (!read_days(count, arguments, &days)) {
        (void)fputs("usage: storefront report [--days N], with N from 1 to 400\n", stderr);
        return 2;
    }
    int status = program_start(&program, "storefront", true) ? report(&program, days) : EXIT_FAILURE;
    program_end(&program);
    return status;
}
