// storefront migrate: brings the tables up to date, then has the server read every statement, so that a
// program and its tables that do not fit are found now and not by a customer.
#include "storefront/base/log.h"
#include "storefront/database/migration.h"
#include "storefront/program/program.h"

#include <stdlib.h>

static bool statements_fit(const struct program *program, enum statement_user user)
{
    struct database *database = program_database(program, user);
    bool done = database != NULL && database_check(database);
    if (!done) {
        log_line(LOG_ERROR, "statements cannot be checked");
    }
    database_close(&database);
    return done;
}

int verb_migrate(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    struct program program;
    bool done = program_start(&program, "storefront", true) &&
                migration_run(program.arena, program.settings.database_url) &&
                statements_fit(&program, STATEMENT_USER_WORKER) &&
                statements_fit(&program, STATEMENT_USER_MAILER) &&
                statements_fit(&program, STATEMENT_USER_MAINTENANCE) &&
                statements_fit(&program, STATEMENT_USER_METRICS);
    program_end(&program);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
