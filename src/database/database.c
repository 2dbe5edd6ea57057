// See database.h. The connection is in libpq's pipeline mode all its life, so that BEGIN, preparation and
// settings travel with what follows them; every wait is a poll() whose time is taken off what the request was
// granted.
#include "storefront/database/database.h"
#include "storefront/base/clock.h"
#include "storefront/base/log.h"
#include "storefront/database/connection.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#define RETRIES 2 // of a statement by itself that lost a race

struct database {
    struct connection connection;
    bool begin_is_due;   // database_begin() was called, nothing sent yet
    bool in_transaction; // BEGIN was sent
    bool begins;         // with the turn that is being put together
    bool is_refused;     // something of that turn could not be asked
    struct answer *asked[ANSWERS_MAXIMUM];
    size_t asked_count;
};

struct database *database_open(const struct database_settings *settings)
{
    struct database *database = calloc(1, sizeof *database);
    if (database != NULL && !connection_configure(&database->connection, settings)) {
        database_close(&database);
    }
    return database;
}

void database_close(struct database **database)
{
    if (*database != NULL) {
        connection_end(&(*database)->connection);
        free(*database);
        *database = NULL;
    }
}

bool database_check(struct database *database)
{
    database_grant_time(database);
    bool done =
        connection_make(&database->connection) && connection_prepare_statements(&database->connection);
    if (!done) {
        connection_drop(&database->connection);
    }
    return done;
}

void database_grant_time(struct database *database)
{
    // A transaction that a request before this one left open must not take this one's statements in.
    database_rollback(database);
    connection_grant_time(&database->connection);
}

struct database_figures database_figures(const struct database *database)
{
    return database->connection.figures;
}

int64_t database_waited(const struct database *database)
{
    return database->connection.granted - database->connection.left;
}

// Parameters in libpq's form: binary, with lengths; numbers in network byte order.
struct wire_parameters {
    const char *values[PARAMETERS_MAXIMUM];
    int lengths[PARAMETERS_MAXIMUM];
    int formats[PARAMETERS_MAXIMUM];
    char numbers[PARAMETERS_MAXIMUM][sizeof(int64_t)];
};

static void encode_number(char bytes[static sizeof(int64_t)], int64_t number)
{
    for (size_t i = 0; i < sizeof(int64_t); i++) {
        bytes[i] = (char)((uint64_t)number >> (8 * (sizeof(int64_t) - 1 - i)));
    }
}

static void encode_parameter(struct wire_parameters *wire, size_t i, const struct parameter *parameter)
{
    wire->formats[i] = 1;
    switch (parameter->kind) {
    case PARAMETER_NOTHING:
        wire->values[i] = NULL;
        wire->lengths[i] = 0;
        break;
    case PARAMETER_BYTES:
        wire->values[i] = parameter->bytes.bytes == NULL ? "" : parameter->bytes.bytes;
        wire->lengths[i] = (int)parameter->bytes.length;
        break;
    case PARAMETER_NUMBER:
        encode_number(wire->numbers[i], parameter->number);
        wire->values[i] = wire->numbers[i];
        wire->lengths[i] = sizeof(int64_t);
        break;
    case PARAMETER_SWITCH:
        wire->numbers[i][0] = (char)(parameter->number != 0);
        wire->values[i] = wire->numbers[i];
        wire->lengths[i] = 1;
        break;
    }
}

static bool send_statement(struct database *database, enum statement statement,
                           const struct parameter *parameters, size_t count)
{
    struct wire_parameters wire;
    if (count > PARAMETERS_MAXIMUM || count != statement_texts[statement].parameters) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        encode_parameter(&wire, i, &parameters[i]);
    }
    const int binary = 1;
    return connection_announce(&database->connection, statement) &&
           PQsendQueryPrepared(database->connection.libpq, statement_texts[statement].name, (int)count,
                               wire.values, wire.lengths, wire.formats, binary) == 1;
}

static enum database_outcome judge(const char *state)
{
    if (strcmp(state, "23505") == 0) {
        return DATABASE_CONFLICT;
    }
    if (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0 || strcmp(state, "55P03") == 0) {
        return DATABASE_RETRY;
    }
    return DATABASE_UNAVAILABLE;
}

// What a failed result means. The server's words may quote values, so only its state and constraint are
// logged.
static enum database_outcome judge_failure(const PGresult *result, enum statement statement)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    enum database_outcome outcome = state == NULL ? DATABASE_UNAVAILABLE : judge(state);
    log_event(outcome == DATABASE_UNAVAILABLE ? LOG_ERROR : LOG_INFO, "statement failed",
              LOG_STRING("statement", statement_texts[statement].name), LOG_STRING("sqlstate", state),
              LOG_STRING("constraint", constraint));
    return outcome;
}

static bool copy_rows(struct arena *arena, const PGresult *result, struct rows *rows)
{
    size_t count = (size_t)PQntuples(result);
    size_t columns = (size_t)PQnfields(result);
    struct text *cells = arena_take(arena, (count * columns + 1) * sizeof *cells);
    if (cells == NULL) {
        return false;
    }
    for (size_t i = 0; i < count * columns; i++) {
        int row = (int)(i / columns);
        int column = (int)(i % columns);
        if (PQgetisnull(result, row, column) == 0) {
            size_t length = (size_t)PQgetlength(result, row, column);
            cells[i] =
                length == 0 ? TEXT("") : text_copy(arena, text_of(PQgetvalue(result, row, column), length));
        }
    }
    *rows = (struct rows){.count = count, .columns = columns, .cells = cells};
    return !arena_failed(arena);
}

// Reads the answer to one statement in the pipeline.
static enum database_outcome receive(struct database *database, struct arena *arena, enum statement statement,
                                     struct rows *rows)
{
    PGresult *result = connection_result(&database->connection);
    enum database_outcome outcome = DATABASE_UNAVAILABLE;
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        outcome = rows == NULL || copy_rows(arena, result, rows) ? DATABASE_DONE : DATABASE_UNAVAILABLE;
        break;
    case PGRES_FATAL_ERROR:
        if (result != NULL) {
            outcome = judge_failure(result, statement);
        }
        break;
    default:
        break;
    }
    PQclear(result);
    return outcome;
}

// What the answers of a turn come to, in the order in which they were asked for.
static enum database_outcome receive_turn(struct database *database, struct arena *arena)
{
    enum database_outcome outcome =
        database->begins ? receive(database, arena, STATEMENT_BEGIN_TRANSACTION, NULL) : DATABASE_DONE;
    for (size_t i = 0; i < database->asked_count && outcome != DATABASE_UNAVAILABLE; i++) {
        struct answer *answer = database->asked[i];
        if (outcome == DATABASE_DONE) {
            outcome = receive(database, arena, answer->statement, &answer->rows);
        } else {
            // The server has not run it.
            PQclear(connection_result(&database->connection));
        }
        answer->outcome = outcome;
    }
    bool is_whole = connection_sync(&database->connection) && !database->connection.is_warned;
    return is_whole ? outcome : DATABASE_UNAVAILABLE;
}

// After a failure nobody vouches for, the connection is dropped: the server then gives up what was not
// committed.
static void drop(struct database *database)
{
    database->in_transaction = false;
    database->begin_is_due = false;
    connection_drop(&database->connection);
}

static bool send_begin(struct database *database)
{
    if (!database->begin_is_due) {
        return true;
    }
    database->begin_is_due = false;
    database->in_transaction = true;
    database->begins = true;
    return send_statement(database, STATEMENT_BEGIN_TRANSACTION, NULL, 0);
}

void database_ask(struct database *database, const struct arena *arena, enum statement statement,
                  const struct parameter *parameters, size_t count, struct answer *answer)
{
    *answer = (struct answer){.statement = statement, .outcome = DATABASE_UNAVAILABLE};
    bool is_open = database->in_transaction || database->asked_count > 0
                       ? connection_is_open(&database->connection)
                       : !arena_failed(arena) && connection_make(&database->connection);
    if (database->is_refused || arena_failed(arena) || database->asked_count == ANSWERS_MAXIMUM || !is_open) {
        database->is_refused = true;
        return;
    }
    database->asked[database->asked_count++] = answer;
    database->is_refused = !send_begin(database) || !send_statement(database, statement, parameters, count);
}

enum database_outcome database_turn(struct database *database, struct arena *arena)
{
    enum database_outcome outcome = DATABASE_UNAVAILABLE;
    bool is_sent = database->asked_count > 0;
    database->connection.is_warned = false;
    if (!database->is_refused && is_sent && connection_send(&database->connection)) {
        outcome = receive_turn(database, arena);
    }
    if (outcome == DATABASE_UNAVAILABLE) {
        for (size_t i = 0; i < database->asked_count; i++) {
            database->asked[i]->outcome = DATABASE_UNAVAILABLE;
            database->asked[i]->rows = (struct rows){0};
        }
        if (is_sent) {
            drop(database);
        }
    }
    database->begins = false;
    database->is_refused = false;
    database->asked_count = 0;
    return outcome;
}

enum database_outcome database_run(struct database *database, struct arena *arena, enum statement statement,
                                   const struct parameter *parameters, size_t count, struct rows *rows)
{
    struct answer answer;
    bool is_alone = !database->in_transaction && !database->begin_is_due && database->asked_count == 0;
    enum database_outcome outcome = DATABASE_RETRY;
    for (int tries = 0; outcome == DATABASE_RETRY && tries <= (is_alone ? RETRIES : 0); tries++) {
        database_ask(database, arena, statement, parameters, count, &answer);
        outcome = database_turn(database, arena);
    }
    if (rows != NULL) {
        *rows = outcome == DATABASE_DONE ? answer.rows : (struct rows){0};
    }
    return outcome;
}

void database_begin(struct database *database)
{
    database->begin_is_due = true;
}

enum database_outcome database_commit(struct database *database)
{
    if (!database->in_transaction) {
        return DATABASE_UNAVAILABLE;
    }
    database->in_transaction = false;
    database->connection.is_warned = false;
    bool committed = false;
    if (connection_is_open(&database->connection) &&
        send_statement(database, STATEMENT_COMMIT_TRANSACTION, NULL, 0) &&
        connection_send(&database->connection)) {
        PGresult *result = connection_result(&database->connection);
        // A transaction that had failed answers COMMIT with ROLLBACK, and no error.
        committed = PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0;
        PQclear(result);
    }
    if (!connection_sync(&database->connection) || !committed || database->connection.is_warned) {
        log_line(LOG_ERROR, "commit is not known to be done");
        drop(database);
        return DATABASE_UNAVAILABLE;
    }
    return DATABASE_DONE;
}

void database_rollback(struct database *database)
{
    database->begin_is_due = false;
    if (!database->in_transaction) {
        return;
    }
    database->in_transaction = false;
    bool done = connection_is_open(&database->connection) &&
                send_statement(database, STATEMENT_ROLLBACK_TRANSACTION, NULL, 0) &&
                connection_send(&database->connection);
    if (done) {
        PQclear(connection_result(&database->connection));
    }
    if (!done || !connection_sync(&database->connection)) {
        drop(database);
    }
}
