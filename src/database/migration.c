// See migration.h. An operator waits for this and sees what the server says, so the calls are the blocking
// ones and the server's words are logged: no migration holds a value of a customer.
#include "storefront/database/migration.h"
#include "storefront/base/log.h"
#include "storefront/database/statements.h"

#include <libpq-fe.h>
#include <string.h>

static bool report(PGconn *libpq, const char *name)
{
    log_event(LOG_ERROR, "migration failed", LOG_STRING("migration", name),
              LOG_TEXT("reason", text_trim(text_from(PQerrorMessage(libpq)))));
    return false;
}

// Runs `text`, which may be several statements; whether all succeeded.
static bool run_text(PGconn *libpq, const char *name, const char *text)
{
    PGresult *result = PQexec(libpq, text);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || report(libpq, name);
}

// Runs a statement about the migration `name`; the number of rows that it returned, or -1.
static int run_about(PGconn *libpq, enum statement statement, const char *name)
{
    const char *const values[] = {name};
    PGresult *result = PQexecParams(libpq, statement_texts[statement].text, 1, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);
    int rows = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? PQntuples(result) : -1;
    PQclear(result);
    if (rows < 0) {
        (void)report(libpq, name);
    }
    return rows;
}

static bool apply(PGconn *libpq, const struct migration *migration, bool is_recorded)
{
    bool done = run_text(libpq, migration->name, statement_texts[STATEMENT_BEGIN_MIGRATION].text) &&
                run_text(libpq, migration->name, migration->text) &&
                (!is_recorded || run_about(libpq, STATEMENT_RECORD_MIGRATION, migration->name) >= 0) &&
                run_text(libpq, migration->name, statement_texts[STATEMENT_COMMIT_TRANSACTION].text);
    if (done && is_recorded) {
        log_event(LOG_INFO, "migration done", LOG_STRING("migration", migration->name));
    }
    return done;
}

static bool run_all(PGconn *libpq)
{
    if (PQstatus(libpq) != CONNECTION_OK) {
        return report(libpq, "connection");
    }
    bool done = run_text(libpq, "lock", statement_texts[STATEMENT_LOCK_MIGRATIONS].text) &&
                apply(libpq, &migrations[0], false);
    for (size_t i = 1; i < migration_count && done; i++) {
        int known = run_about(libpq, STATEMENT_FIND_MIGRATION, migrations[i].name);
        done = known > 0 || (known == 0 && apply(libpq, &migrations[i], true));
    }
    return done;
}

bool migration_run(struct arena *arena, struct text url)
{
    const char *string = text_string(arena, url);
    if (string == NULL || url.length == 0) {
        log_line(LOG_ERROR, "database url is missing");
        return false;
    }
    PGconn *libpq = PQconnectdb(string);
    bool done = run_all(libpq);
    PQfinish(libpq);
    return done;
}
