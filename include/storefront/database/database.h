// The door to libpq. It promises that every wait (connecting over all hosts, statements, commits) ends within
// the time granted to the request (but for the look-up of a host's name: connection.h), that only the
// statements in sql/ can be run, with bound parameters, and that a commit whose end is not known is never
// reported as done. It refuses to know what the statements mean.
#ifndef STOREFRONT_DATABASE_DATABASE_H
#define STOREFRONT_DATABASE_DATABASE_H

#include "storefront/base/text.h"
#include "storefront/database/statements.h"

struct database;

struct database_settings {
    struct text url;          // as libpq takes it; several hosts are tried in turn
    int64_t deadline_ms;      // what database_grant_time() grants
    enum statement_user user; // whose statements are prepared
    const char *application;  // shown in pg_stat_activity
};

enum database_outcome {
    DATABASE_DONE,
    DATABASE_CONFLICT,   // a unique index refused it; the transaction is lost
    DATABASE_RETRY,      // a deadlock or a lost race; the transaction is lost and may be run again
    DATABASE_UNAVAILABLE // away, too slow, or not known: after a commit this can mean that it was done
};

struct parameter {
    enum { PARAMETER_NOTHING, PARAMETER_BYTES, PARAMETER_NUMBER, PARAMETER_SWITCH } kind;
    struct text bytes; // text in UTF-8, bytea, or the 16 bytes of a uuid
    int64_t number;    // bigint, or a switch
};

#define PARAMETERS_MAXIMUM ((size_t)24)

// The parameters of a statement, in order: $1, $2, ... Lengths are carried, so bytes may hold anything.
struct parameter parameter_bytes(struct text bytes);
struct parameter parameter_number(int64_t number);
struct parameter parameter_switch(bool on);
struct parameter parameter_nothing(void);

// What a statement returned, copied into the arena that was given to database_run().
struct rows {
    size_t count;
    size_t columns;
    const struct text *cells; // binary form; bytes are NULL for SQL's NULL
};

// The value in `row` and `column`, both counted from 0. A cell that is not there, or is NULL, reads as empty,
// 0, false.
struct text rows_text(const struct rows *rows, size_t row, size_t column);
int64_t rows_number(const struct rows *rows, size_t row, size_t column);
int64_t rows_time(const struct rows *rows, size_t row, size_t column); // microseconds since 1970
bool rows_switch(const struct rows *rows, size_t row, size_t column);
bool rows_is_nothing(const struct rows *rows, size_t row, size_t column);

// Makes a database that connects when it is first needed. NULL, with the reason logged, when the url is not
// understood. The caller ends it with database_close().
struct database *database_open(const struct database_settings *settings);

// Ends the connection and frees `*database`, which becomes NULL; NULL is allowed.
void database_close(struct database **database);

// Connects now, and has the server read every statement of this user that it has not read on this connection;
// the others of the program leave that to the first time each is run. Grants its time anew. False, with the
// reason logged, when that fails: a program and its tables that do not fit. False without a word while the
// back-off after a failure lasts.
bool database_check(struct database *database);

// Grants a new request its time: `deadline_ms` of waiting for the database, over all statements together.
void database_grant_time(struct database *database);

// Runs one statement with `count` parameters. Its rows are copied into `arena`; `rows` may be NULL. Outside a
// transaction it is one by itself, and is run again when it lost a race. Refused (DATABASE_UNAVAILABLE) when
// `arena` has failed: what was built in it may be incomplete.
enum database_outcome database_run(struct database *database, struct arena *arena, enum statement statement,
                                   const struct parameter *parameters, size_t count, struct rows *rows);

// What came of one statement of a turn. No rows but with DATABASE_DONE.
struct answer {
    enum statement statement;
    enum database_outcome outcome;
    struct rows rows;
};

#define ANSWERS_MAXIMUM ((size_t)8)

// Adds a statement to the turn that database_turn() will take, at most ANSWERS_MAXIMUM. The parameters may go
// at once; `answer` is filled by the turn. Refused, and the whole turn with it, as database_run() is.
void database_ask(struct database *database, const struct arena *arena, enum statement statement,
                  const struct parameter *parameters, size_t count, struct answer *answer);

// Sends what was asked, in one round trip, and waits for all answers, whose rows are copied into `arena`. The
// statements run in their order and, outside a transaction, in one of their own; after one that fails none is
// run, and its outcome is theirs and what is returned.
enum database_outcome database_turn(struct database *database, struct arena *arena);

// Begins a transaction; it travels with the first statement.
void database_begin(struct database *database);

// Ends the transaction. DATABASE_DONE only when the server said that it is committed.
enum database_outcome database_commit(struct database *database);

// Gives the transaction up; nothing when there is none.
void database_rollback(struct database *database);

// What this process has done with the database since it began.
struct database_figures {
    int64_t round_trips; // turns of statements and answers
    int64_t connections; // that were made
    int64_t failures;    // tries to connect that failed on every host
};

struct database_figures database_figures(const struct database *database);

// Microseconds that the current request has waited for the database.
int64_t database_waited(const struct database *database);

#endif
