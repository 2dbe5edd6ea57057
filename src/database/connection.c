// See connection.h. Several hosts are tried one by one, each with its share of the time that is left: libpq's
// own list would give a silent first host all of it. libpq looks names up by the system, which cannot be
// interrupted and ends by time-outs of its own; what that takes is taken off the time that is left.
#include "storefront/database/connection.h"
#include "storefront/base/clock.h"
#include "storefront/base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MILLISECOND        1000
#define FIRST_BACKOFF      ((int64_t)50 * MILLISECOND)
#define LONGEST_BACKOFF    ((int64_t)1000 * MILLISECOND)
#define BACKOFF_DOUBLINGS  5
#define STEP_APART         ((int64_t)104729) // microseconds; prime, so that neighbours are far apart in any half
#define OPTIONS_MAXIMUM    ((size_t)64)
#define HOST_NAMES_MAXIMUM ((size_t)4096)

static const char *option(const struct connection *connection, const char *name)
{
    for (const PQconninfoOption *at = connection->options; at->keyword != NULL; at++) {
        if (strcmp(at->keyword, name) == 0) {
            return at->val == NULL || at->val[0] == '\0' ? NULL : at->val;
        }
    }
    return NULL;
}

// Splits the option `name` at its commas; the number of parts, 0 where it is not set.
static size_t split(struct connection *connection, const char *name, const char *parts[static HOSTS_MAXIMUM])
{
    struct text rest = text_from(option(connection, name));
    size_t count = 0;
    bool more = rest.length > 0;
    while (more && count < HOSTS_MAXIMUM) {
        more = text_find(rest, ',') < rest.length;
        parts[count++] = text_string(connection->arena, text_next(&rest, ','));
    }
    return count;
}

static bool take_hosts(struct connection *connection)
{
    size_t hosts = split(connection, "host", connection->hosts);
    size_t addresses = split(connection, "hostaddr", connection->addresses);
    size_t ports = split(connection, "port", connection->ports);
    connection->host_count = hosts > addresses ? hosts : addresses;
    connection->host_count = connection->host_count == 0 ? 1 : connection->host_count;
    if (ports > 1 && ports != connection->host_count) {
        log_line(LOG_ERROR, "database url names another number of ports than of hosts");
        return false;
    }
    for (size_t i = 1; ports == 1 && i < connection->host_count; i++) {
        connection->ports[i] = connection->ports[0];
    }
    return !arena_failed(connection->arena);
}

bool connection_configure(struct connection *connection, const struct database_settings *settings)
{
    connection->arena = arena_open(HOST_NAMES_MAXIMUM);
    connection->user = settings->user;
    connection->application = settings->application;
    connection->deadline = settings->deadline_ms * MILLISECOND;
    connection_grant_time(connection);
    if (connection->arena == NULL) {
        return false;
    }
    char *url = text_string(connection->arena, settings->url);
    connection->options = url == NULL || settings->url.length == 0 ? NULL : PQconninfoParse(url, NULL);
    if (connection->options == NULL) {
        // libpq's message would quote the url, and with it a password.
        log_line(LOG_ERROR, "database url is missing or not understood");
        return false;
    }
    return take_hosts(connection);
}

void connection_end(struct connection *connection)
{
    connection_drop(connection);
    PQconninfoFree(connection->options);
    connection->options = NULL;
    arena_close(&connection->arena);
}

void connection_grant_time(struct connection *connection)
{
    connection->granted = connection->deadline;
    connection->left = connection->deadline;
}

bool connection_is_open(const struct connection *connection)
{
    return connection->libpq != NULL && PQstatus(connection->libpq) == CONNECTION_OK;
}

void connection_drop(struct connection *connection)
{
    PQfinish(connection->libpq);
    connection->libpq = NULL;
    connection->announced_count = 0;
    connection->received_count = 0;
    memset(connection->is_prepared, 0, sizeof connection->is_prepared);
}

// Takes what has passed since `begun` off a share and off what the request has left.
static void take_time(struct connection *connection, int64_t begun, int64_t *share)
{
    int64_t passed = clock_monotonic() - begun;
    connection->left -= passed;
    *share -= passed;
}

// Waits until the socket is ready for `events`, at most `*share` microseconds, which are taken off it and off
// what the request has left.
static bool wait_for(struct connection *connection, short events, int64_t *share)
{
    for (;;) {
        int64_t begun = clock_monotonic();
        int64_t most = *share < connection->left ? *share : connection->left;
        if (most <= 0) {
            return false;
        }
        struct pollfd waiting = {.fd = PQsocket(connection->libpq), .events = events};
        int ready = poll(&waiting, 1, (int)((most + MILLISECOND - 1) / MILLISECOND));
        take_time(connection, begun, share);
        if (ready > 0) {
            return true;
        }
        if (ready < 0 && errno != EINTR) {
            return false;
        }
    }
}

static bool flush(struct connection *connection)
{
    for (;;) {
        int pending = PQflush(connection->libpq);
        if (pending <= 0) {
            return pending == 0;
        }
        int64_t share = connection->left;
        if (!wait_for(connection, POLLIN | POLLOUT, &share) || PQconsumeInput(connection->libpq) != 1) {
            return false;
        }
    }
}

bool connection_send(struct connection *connection)
{
    connection->figures.round_trips++;
    return PQpipelineSync(connection->libpq) == 1 && flush(connection);
}

static PGresult *next_result(struct connection *connection)
{
    while (PQisBusy(connection->libpq) == 1) {
        int64_t share = connection->left;
        if (!wait_for(connection, POLLIN, &share) || PQconsumeInput(connection->libpq) != 1) {
            return NULL;
        }
    }
    return PQgetResult(connection->libpq);
}

// The result of one message in the pipeline; libpq ends those of each with a NULL.
static PGresult *whole_result(struct connection *connection)
{
    PGresult *result = next_result(connection);
    if (result != NULL && PQresultStatus(result) != PGRES_PIPELINE_SYNC) {
        PQclear(next_result(connection));
    }
    return result;
}

static bool is_ours(const struct connection *connection, enum statement statement)
{
    return (statement_texts[statement].users >> connection->user & 1) != 0;
}

static bool send_preparation(struct connection *connection, enum statement statement)
{
    return is_ours(connection, statement) && PQsendPrepare(connection->libpq, statement_texts[statement].name,
                                                           statement_texts[statement].text, 0, NULL) == 1;
}

// Not done where the server has skipped it too, because something before it in the turn has failed.
static bool receive_preparation(struct connection *connection, enum statement statement)
{
    PGresult *result = whole_result(connection);
    bool done = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!done && PQresultStatus(result) != PGRES_PIPELINE_ABORTED) {
        log_event(LOG_ERROR, "statement cannot be prepared",
                  LOG_STRING("statement", statement_texts[statement].name),
                  LOG_STRING("sqlstate", PQresultErrorField(result, PG_DIAG_SQLSTATE)),
                  LOG_STRING("reason", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
    }
    PQclear(result);
    connection->is_prepared[statement] = done;
    return done;
}

bool connection_announce(struct connection *connection, enum statement statement)
{
    struct announcement next = {.statement = statement, .prepares = !connection->is_prepared[statement]};
    if (connection->announced_count == TURN_MAXIMUM ||
        (next.prepares && !send_preparation(connection, statement))) {
        return false;
    }
    // Once more in the same turn it is not prepared again.
    connection->is_prepared[statement] = true;
    connection->announced[connection->announced_count++] = next;
    return true;
}

PGresult *connection_result(struct connection *connection)
{
    if (connection->received_count < connection->announced_count) {
        struct announcement next = connection->announced[connection->received_count++];
        if (next.prepares) {
            (void)receive_preparation(connection, next.statement);
        }
    }
    return whole_result(connection);
}

bool connection_sync(struct connection *connection)
{
    connection->announced_count = 0;
    connection->received_count = 0;
    if (!connection_is_open(connection)) {
        return false;
    }
    PGresult *result = next_result(connection);
    bool done = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
    PQclear(result);
    return done;
}

// libpq's options for one host: the url's, with the host, and what the url may leave open.
static PGconn *start(const struct connection *connection, size_t host)
{
    const char *names[OPTIONS_MAXIMUM] = {NULL};
    const char *values[OPTIONS_MAXIMUM] = {NULL};
    size_t count = 0;
    for (const PQconninfoOption *at = connection->options; at->keyword != NULL && count < OPTIONS_MAXIMUM - 8;
         at++) {
        bool is_ours = strcmp(at->keyword, "host") == 0 || strcmp(at->keyword, "hostaddr") == 0 ||
                       strcmp(at->keyword, "port") == 0;
        if (!is_ours && at->val != NULL && at->val[0] != '\0') {
            names[count] = at->keyword;
            values[count++] = at->val;
        }
    }
    const char *const ours[][2] = {
        {"host", connection->hosts[host]},
        {"hostaddr", connection->addresses[host]},
        {"port", connection->ports[host]},
        {"client_encoding", "UTF8"},
        {"fallback_application_name", connection->application},
        {connection->host_count > 1 && option(connection, "target_session_attrs") == NULL
             ? "target_session_attrs"
             : NULL,
         "read-write"},
    };
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (ours[i][0] != NULL && ours[i][1] != NULL) {
            names[count] = ours[i][0];
            values[count++] = ours[i][1];
        }
    }
    return PQconnectStartParams(names, values, 0);
}

// Our statements cause no warning but one: a commit whose wait for the standby was cancelled "succeeds" with
// it, and may be lost with this server. The server's words may quote values, so only its state is logged.
static void on_notice(void *context, const PGresult *notice)
{
    struct connection *connection = context;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    bool is_warning = severity != NULL && strcmp(severity, "WARNING") == 0;
    connection->is_warned = connection->is_warned || is_warning;
    log_event(is_warning ? LOG_WARNING : LOG_INFO, "database notice",
              LOG_STRING("sqlstate", PQresultErrorField(notice, PG_DIAG_SQLSTATE)));
}

static bool finish_connecting(struct connection *connection, int64_t share)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED || PQstatus(connection->libpq) == CONNECTION_BAD ||
            !wait_for(connection, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, &share)) {
            return false;
        }
        int64_t begun = clock_monotonic();
        status = PQconnectPoll(connection->libpq);
        take_time(connection, begun, &share);
    }
    return PQsetnonblocking(connection->libpq, 1) == 0 && PQenterPipelineMode(connection->libpq) == 1;
}

bool connection_prepare_statements(struct connection *connection)
{
    bool is_due[STATEMENTS] = {false};
    bool any_is_due = false;
    bool done = true;
    for (size_t i = 0; i < STATEMENTS && done; i++) {
        enum statement statement = (enum statement)i;
        is_due[i] = is_ours(connection, statement) && !connection->is_prepared[i];
        any_is_due = any_is_due || is_due[i];
        done = !is_due[i] || send_preparation(connection, statement);
    }
    if (!any_is_due) {
        return true;
    }
    done = done && connection_send(connection);
    for (size_t i = 0; i < STATEMENTS && done; i++) {
        done = !is_due[i] || receive_preparation(connection, (enum statement)i);
    }
    return done && connection_sync(connection);
}

// What libpq says of a connection that did not come about; of its making it quotes hosts and users, but no
// password. Empty where there was no time to be refused.
static void keep_reason(struct connection *connection)
{
    (void)snprintf(connection->reason, sizeof connection->reason, "%s",
                   connection->libpq == NULL ? "no memory" : PQerrorMessage(connection->libpq));
}

static bool try_host(struct connection *connection, size_t host, int64_t share)
{
    int64_t begun = clock_monotonic();
    connection->libpq = start(connection, host);
    take_time(connection, begun, &share);
    if (connection->libpq != NULL) {
        (void)PQsetNoticeReceiver(connection->libpq, on_notice, connection);
    }
    if (connection->libpq != NULL && finish_connecting(connection, share)) {
        connection->first_host = host;
        connection->failures = 0;
        connection->figures.connections++;
        return true;
    }
    keep_reason(connection);
    connection_drop(connection);
    return false;
}

// Half of the doubled time is fixed; the other half is another one for each process, so that workers do not
// come back in step.
static void back_off(struct connection *connection)
{
    unsigned doublings = connection->failures < BACKOFF_DOUBLINGS ? connection->failures : BACKOFF_DOUBLINGS;
    int64_t longest = FIRST_BACKOFF << doublings;
    longest = longest > LONGEST_BACKOFF ? LONGEST_BACKOFF : longest;
    int64_t now = clock_monotonic();
    connection->retry_at = now + longest / 2 + (now + getpid() * STEP_APART) % (longest / 2);
    connection->failures++;
    connection->figures.failures++;
    struct text reason = text_trim(text_from(connection->reason));
    log_event(LOG_WARNING, "database is away",
              LOG_TEXT("reason", reason.length == 0 ? TEXT("no answer in time") : reason),
              LOG_NUMBER("retry_ms", (connection->retry_at - now) / MILLISECOND));
}

// Nothing is expected on an idle connection: input is the server's farewell, or a change of its settings.
static bool is_usable(const struct connection *connection)
{
    if (!connection_is_open(connection)) {
        return false;
    }
    struct pollfd idle = {.fd = PQsocket(connection->libpq), .events = POLLIN};
    return poll(&idle, 1, 0) == 0;
}

bool connection_make(struct connection *connection)
{
    if (is_usable(connection)) {
        return true;
    }
    connection_drop(connection);
    // Without time left nothing is found out about the server.
    if (clock_monotonic() < connection->retry_at || connection->left <= 0) {
        return false;
    }
    for (size_t i = 0; i < connection->host_count; i++) {
        size_t host = (connection->first_host + i) % connection->host_count;
        if (try_host(connection, host, connection->left / (int64_t)(connection->host_count - i))) {
            return true;
        }
    }
    back_off(connection);
    return false;
}
