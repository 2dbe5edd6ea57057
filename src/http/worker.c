// See worker.h. The signals that end a worker are blocked and waited for beside the listening socket: none is
// seen in the middle of a request. libfcgi waits for a request's first bytes for a while, and drops the
// connection where a signal ends that.
#include "storefront/http/worker.h"
#include "storefront/base/clock.h"
#include "storefront/base/log.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define ARENA_MAXIMUM ((size_t)2 * 1024 * 1024)
#define HEAD_MAXIMUM  ((size_t)8 * 1024)
#define HEAD_USUAL    ((size_t)1024)
#define IN_A_ROW      8 // requests before a worker looks whether it is to stop

// A descriptor that can be read once the worker is to stop, or -1. Before FCGX_Init(): a signal that came to
// the handlers which that sets would be lost, and libfcgi would accept nothing any more.
static int open_stop_signals(void)
{
    sigset_t signals;
    bool done = sigemptyset(&signals) == 0 && sigaddset(&signals, SIGTERM) == 0 &&
                sigaddset(&signals, SIGINT) == 0 && sigaddset(&signals, SIGUSR1) == 0 &&
                pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0;
    return done ? signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK) : -1;
}

// nginx may have given up on an answer. After FCGX_Init(), which sets a handler.
static bool ignore_closed_connections(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    return sigaction(SIGPIPE, &ignore, NULL) == 0;
}

// What nginx passes on and a request consists of.
enum parameter {
    REQUEST_METHOD,
    DOCUMENT_URI,
    QUERY_STRING,
    HTTP_HOST,
    HTTP_ORIGIN,
    HTTP_SEC_FETCH_SITE,
    HTTP_ACCEPT,
    HTTP_ACCEPT_LANGUAGE,
    CONTENT_TYPE,
    CONTENT_LENGTH,
    HTTP_X_REQUESTED_WITH,
    HTTP_X_CSRFTOKEN,
    HTTP_COOKIE,
    REMOTE_ADDR,
    REQUEST_ID,
    REQUEST_TIME,
    PARAMETERS
};

static const struct text parameter_names[PARAMETERS] = {
    [REQUEST_METHOD] = TEXT("REQUEST_METHOD"),
    [DOCUMENT_URI] = TEXT("DOCUMENT_URI"),
    [QUERY_STRING] = TEXT("QUERY_STRING"),
    [HTTP_HOST] = TEXT("HTTP_HOST"),
    [HTTP_ORIGIN] = TEXT("HTTP_ORIGIN"),
    [HTTP_SEC_FETCH_SITE] = TEXT("HTTP_SEC_FETCH_SITE"),
    [HTTP_ACCEPT] = TEXT("HTTP_ACCEPT"),
    [HTTP_ACCEPT_LANGUAGE] = TEXT("HTTP_ACCEPT_LANGUAGE"),
    [CONTENT_TYPE] = TEXT("CONTENT_TYPE"),
    [CONTENT_LENGTH] = TEXT("CONTENT_LENGTH"),
    [HTTP_X_REQUESTED_WITH] = TEXT("HTTP_X_REQUESTED_WITH"),
    [HTTP_X_CSRFTOKEN] = TEXT("HTTP_X_CSRFTOKEN"),
    [HTTP_COOKIE] = TEXT("HTTP_COOKIE"),
    [REMOTE_ADDR] = TEXT("REMOTE_ADDR"),
    [REQUEST_ID] = TEXT("REQUEST_ID"),
    [REQUEST_TIME] = TEXT("REQUEST_TIME"),
};

static enum parameter find_parameter(struct text name)
{
    enum parameter parameter = 0;
    while (parameter < PARAMETERS && !text_equals(parameter_names[parameter], name)) {
        parameter++;
    }
    return parameter;
}

// Every parameter by one walk, where libfcgi would walk once for each; of two with one name the first counts,
// as it does there; one that is empty is there. They last as long as the request.
static void read_parameters(const FCGX_Request *fastcgi, struct text values[static PARAMETERS])
{
    for (char **entry = fastcgi->envp; entry != NULL && *entry != NULL; entry++) {
        size_t length = strcspn(*entry, "=");
        enum parameter parameter = find_parameter(text_of(*entry, length));
        if (parameter < PARAMETERS && values[parameter].bytes == NULL && (*entry)[length] == '=') {
            values[parameter] = text_from(*entry + length + 1);
        }
    }
}

static enum method read_method(struct text method)
{
    if (text_equals(method, TEXT("GET"))) {
        return METHOD_GET;
    }
    if (text_equals(method, TEXT("HEAD"))) {
        return METHOD_HEAD;
    }
    return text_equals(method, TEXT("POST")) ? METHOD_POST : METHOD_OTHER;
}

static void read_body(const FCGX_Request *fastcgi, struct text announced, struct arena *arena,
                      struct request *request)
{
    int64_t length = 0;
    if (announced.length == 0) {
        return;
    }
    if (!text_to_number(announced, 0, INT64_MAX, &length) || length > (int64_t)REQUEST_BODY_MAXIMUM) {
        request->is_too_large = true;
        return;
    }
    char *bytes = length == 0 ? NULL : arena_take(arena, (size_t)length);
    if (bytes == NULL) {
        return;
    }
    int got = FCGX_GetStr(bytes, (int)length, fastcgi->in);
    request->body = text_of(bytes, got < 0 ? 0 : (size_t)got);
    request->is_cut = got != (int)length;
}

static void read_request(const FCGX_Request *fastcgi, struct arena *arena, struct request *request)
{
    struct text values[PARAMETERS] = {{NULL, 0}};
    read_parameters(fastcgi, values);
    *request = (struct request){
        .method = read_method(values[REQUEST_METHOD]),
        .path = values[DOCUMENT_URI],
        .query = values[QUERY_STRING],
        .host = values[HTTP_HOST],
        .origin = values[HTTP_ORIGIN],
        .fetch_site = values[HTTP_SEC_FETCH_SITE],
        .accept = values[HTTP_ACCEPT],
        .accept_language = values[HTTP_ACCEPT_LANGUAGE],
        .content_type = values[CONTENT_TYPE],
        .requested_with = values[HTTP_X_REQUESTED_WITH],
        .csrf_header = values[HTTP_X_CSRFTOKEN],
        .cookies = values[HTTP_COOKIE],
        .address = values[REMOTE_ADDR],
        .id = values[REQUEST_ID],
        .waited_ms = request_wait(values[REQUEST_TIME], clock_milliseconds()),
    };
    read_body(fastcgi, values[CONTENT_LENGTH], arena, request);
}

// What is said when there is no memory to say anything else.
static const char no_memory[] =
    "Status: 503 Service Unavailable\r\nContent-Type: application/json\r\n"
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
    "Cache-Control: no-store, private\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: same-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Resource-Policy: same-origin\r\n"
    "Retry-After: 3\r\n\r\n"
    "{\"success\":false,\"code\":\"unavailable\",\"message\":\"Please try again.\"}";

static void write_response(const FCGX_Request *fastcgi, struct arena *arena, const struct request *request,
                           const struct response *response)
{
    struct buffer head = buffer_open(arena, HEAD_MAXIMUM);
    buffer_expect(&head, HEAD_USUAL);
    response_write_head(response, &head);
    if (head.overflowed || response->body.overflowed || arena_failed(arena)) {
        (void)FCGX_PutStr(no_memory, sizeof no_memory - 1, fastcgi->out);
        return;
    }
    (void)FCGX_PutStr(head.bytes, (int)head.length, fastcgi->out);
    if (request->method != METHOD_HEAD && response->body.length > 0) {
        (void)FCGX_PutStr(response->body.bytes, (int)response->body.length, fastcgi->out);
    }
}

static void serve_one(FCGX_Request *fastcgi, struct arena *arena, answer_function *answer, void *context)
{
    struct request request;
    struct response response = response_open(arena);
    read_request(fastcgi, arena, &request);
    answer(context, &request, arena, &response);
    write_response(fastcgi, arena, &request, &response);
    FCGX_Finish_r(fastcgi);
    arena_empty(arena);
}

// Only one worker is woken for a connection; poll() would wake all that wait, and all but one of them for
// nothing. -1 where it cannot be.
static int open_events(int stop)
{
    int events = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event request = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data = {.fd = 0}};
    struct epoll_event end = {.events = EPOLLIN, .data = {.fd = stop}};
    if (events >= 0 && (epoll_ctl(events, EPOLL_CTL_ADD, 0, &request) != 0 ||
                        epoll_ctl(events, EPOLL_CTL_ADD, stop, &end) != 0)) {
        (void)close(events);
        return -1;
    }
    return events;
}

// Waits until a request may be there or the worker is to stop; whether it is to stop.
static bool wait_for_request(int events, int stop)
{
    struct epoll_event ready[2];
    int count = epoll_wait(events, ready, 2, -1);
    for (int i = 0; i < count; i++) {
        if (ready[i].data.fd == stop) {
            return true;
        }
    }
    return false;
}

// A busy worker finds the next request without waiting. Where another one has taken it, there is nothing to
// accept. One that is to stop answers first what woke it, for nobody else was woken.
static void serve(FCGX_Request *fastcgi, int events, int stop, struct arena *arena, answer_function *answer,
                  void *context)
{
    bool is_to_stop = false;
    while (!is_to_stop) {
        is_to_stop = wait_for_request(events, stop);
        for (int i = 0; i < IN_A_ROW && FCGX_Accept_r(fastcgi) == 0; i++) {
            serve_one(fastcgi, arena, answer, context);
        }
    }
}

bool worker_run(answer_function *answer, void *context)
{
    FCGX_Request fastcgi;
    int flags = fcntl(0, F_GETFL);
    int stop = -1;
    int events = -1;
    struct arena *arena = arena_open(ARENA_MAXIMUM);
    bool is_ready = arena != NULL && (stop = open_stop_signals()) >= 0 && FCGX_Init() == 0 &&
                    ignore_closed_connections() &&
                    FCGX_InitRequest(&fastcgi, 0, FCGI_FAIL_ACCEPT_ON_INTR) == 0 && flags >= 0 &&
                    fcntl(0, F_SETFL, flags | O_NONBLOCK) == 0 && (events = open_events(stop)) >= 0;
    if (is_ready) {
        serve(&fastcgi, events, stop, arena, answer, context);
        FCGX_Free(&fastcgi, 1);
    } else {
        log_event(LOG_ERROR, "worker cannot listen", LOG_STRING("reason", strerrordesc_np(errno)));
    }
    (void)close(events);
    (void)close(stop);
    arena_close(&arena);
    return is_ready;
}
