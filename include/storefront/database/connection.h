// One connection to PostgreSQL over several hosts, with deadlines, back-off and statements that are prepared
// when they are first needed. For database.c alone; the rest of the program sees database.h. It promises
// never to wait longer than the time that is left, but for the look-up of a host's name, which is the
// system's and ends by its time-outs (resolv.conf): `hostaddr` in the url spares it.
#ifndef STOREFRONT_DATABASE_CONNECTION_H
#define STOREFRONT_DATABASE_CONNECTION_H

#include "storefront/database/database.h"

#include <libpq-fe.h>

#define HOSTS_MAXIMUM ((size_t)8)
#define REASON_SIZE   ((size_t)512)
#define TURN_MAXIMUM  (ANSWERS_MAXIMUM + 1) // statements in one turn: what was asked, and BEGIN

// A statement in the pipeline whose result is still to come.
struct announcement {
    enum statement statement;
    bool prepares; // its preparation travels before it
};

struct connection {
    PGconn *libpq;             // NULL while there is none
    PQconninfoOption *options; // the url, taken apart
    const char *hosts[HOSTS_MAXIMUM];
    const char *addresses[HOSTS_MAXIMUM];
    const char *ports[HOSTS_MAXIMUM];
    size_t host_count;
    size_t first_host;   // the one that answered last
    struct arena *arena; // keeps the host names
    enum statement_user user;
    const char *application;
    int64_t deadline; // microseconds granted to a request
    int64_t granted;
    int64_t left;             // microseconds of it that are left
    int64_t retry_at;         // monotonic; before it no attempt to connect is made
    unsigned failures;        // in a row
    char reason[REASON_SIZE]; // of the last one, in libpq's words
    bool is_warned;           // the server has warned since this was last set to false
    bool is_prepared[STATEMENTS];
    struct announcement announced[TURN_MAXIMUM]; // in this turn
    size_t announced_count;
    size_t received_count; // of them
    struct database_figures figures;
};

// Takes the url of `settings` apart. False, with the reason logged, when it is not understood.
bool connection_configure(struct connection *connection, const struct database_settings *settings);

// Frees all that connection_configure() and connection_make() made.
void connection_end(struct connection *connection);

// Grants the next request its time anew: all of the deadline of the settings.
void connection_grant_time(struct connection *connection);

// Makes sure that there is a connection. False, with the reason logged, when no host takes one; without a
// word while the back-off lasts, and where no time is left.
bool connection_make(struct connection *connection);

// Prepares in one turn every statement of this user that is not prepared yet. False, with the reason logged,
// when the server does not understand one; the connection is then of no use.
bool connection_prepare_statements(struct connection *connection);

// Whether there is a connection that libpq takes for good; without asking the server.
bool connection_is_open(const struct connection *connection);

// Closes the connection; the next connection_make() makes a new one.
void connection_drop(struct connection *connection);

// To be called before `statement` is queued: queues its preparation where this connection has not seen it
// yet. False when that fails, and for a statement that is not this user's.
bool connection_announce(struct connection *connection, enum statement statement);

// Sends what is queued, with the mark that ends this turn of the pipeline.
bool connection_send(struct connection *connection);

// The result of the next statement that was announced, which the caller clears; NULL when it did not come in
// time.
PGresult *connection_result(struct connection *connection);

// Reads the mark that connection_send() sent. False when it did not come.
bool connection_sync(struct connection *connection);

#endif
