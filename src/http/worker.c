// See worker.h. The signals that end a worker are blocked and polled beside the listening socket: none is
// seen in the middle of a request. libfcgi waits for a request's first bytes by select(), and drops the
// connection where a signal ends that.
#include "storefront/http/worker.h"
#include "storefront/base/clock.h"
#include "storefront/base/log.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define ARENA_MAXIMUM ((size_t)2 * 1024 * 1024)
#define HEAD_MAXIMUM  ((size_t)8 * 1024)

// A descriptor that can be read once the worker is to stop, or -1. After FCGX_Init(), which sets handlers.
static int open_stop_signals(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t signals;
    bool done = sigemptyset(&signals) == 0 && sigaddset(&signals, SIGTERM) == 0 &&
                sigaddset(&signals, SIGINT) == 0 && sigaddset(&signals, SIGUSR1) == 0 &&
                pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0 && sigaction(SIGPIPE, &ignore, NULL) == 0;
    return done ? signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK) : -1;
}

static struct text parameter(const FCGX_Request *fastcgi, struct arena *arena, const char *name)
{
    const char *value = FCGX_GetParam(name, fastcgi->envp);
    if (value == NULL) {
        return (struct text){NULL, 0};
    }
    return value[0] == '\0' ? TEXT("") : text_copy(arena, text_from(value));
}

static enum method read_method(const FCGX_Request *fastcgi)
{
    struct text method = text_from(FCGX_GetParam("REQUEST_METHOD", fastcgi->envp));
    if (text_equals(method, TEXT("GET"))) {
        return METHOD_GET;
    }
    if (text_equals(method, TEXT("HEAD"))) {
        return METHOD_HEAD;
    }
    return text_equals(method, TEXT("POST")) ? METHOD_POST : METHOD_OTHER;
}

// nginx says when it passed the request on, as seconds with three decimals of this host's clock.
static int64_t read_wait(const FCGX_Request *fastcgi)
{
    struct text rest = text_from(FCGX_GetParam("REQUEST_TIME", fastcgi->envp));
    struct text whole = text_next(&rest, '.');
    int64_t seconds = 0;
    int64_t thousandths = 0;
    if (rest.length != 3 || !text_to_number(whole, 0, INT32_MAX, &seconds) ||
        !text_to_number(rest, 0, 999, &thousandths)) {
        return 0;
    }
    int64_t waited = clock_milliseconds() - seconds * 1000 - thousandths;
    return waited > 0 ? waited : 0;
}

static void read_body(const FCGX_Request *fastcgi, struct arena *arena, struct request *request)
{
    struct text announced = text_from(FCGX_GetParam("CONTENT_LENGTH", fastcgi->envp));
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
    *request = (struct request){
        .method = read_method(fastcgi),
        .path = parameter(fastcgi, arena, "DOCUMENT_URI"),
        .query = parameter(fastcgi, arena, "QUERY_STRING"),
        .host = parameter(fastcgi, arena, "HTTP_HOST"),
        .origin = parameter(fastcgi, arena, "HTTP_ORIGIN"),
        .fetch_site = parameter(fastcgi, arena, "HTTP_SEC_FETCH_SITE"),
        .accept = parameter(fastcgi, arena, "HTTP_ACCEPT"),
        .accept_language = parameter(fastcgi, arena, "HTTP_ACCEPT_LANGUAGE"),
        .content_type = parameter(fastcgi, arena, "CONTENT_TYPE"),
        .requested_with = parameter(fastcgi, arena, "HTTP_X_REQUESTED_WITH"),
        .csrf_header = parameter(fastcgi, arena, "HTTP_X_CSRFTOKEN"),
        .cookies = parameter(fastcgi, arena, "HTTP_COOKIE"),
        .address = parameter(fastcgi, arena, "REMOTE_ADDR"),
        .id = parameter(fastcgi, arena, "REQUEST_ID"),
        .waited_ms = read_wait(fastcgi),
    };
    read_body(fastcgi, arena, request);
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

static void serve(FCGX_Request *fastcgi, int stop, struct arena *arena, answer_function *answer,
                  void *context)
{
    struct pollfd waiting[] = {{.fd = 0, .events = POLLIN}, {.fd = stop, .events = POLLIN}};
    while (waiting[1].revents == 0) {
        bool is_waiting = poll(waiting, 2, -1) > 0 && (waiting[0].revents & POLLIN) != 0;
        // Another worker may have taken it: then there is nothing to accept.
        if (is_waiting && waiting[1].revents == 0 && FCGX_Accept_r(fastcgi) == 0) {
            serve_one(fastcgi, arena, answer, context);
        }
    }
}

bool worker_run(answer_function *answer, void *context)
{
    FCGX_Request fastcgi;
    int flags = fcntl(0, F_GETFL);
    int stop = -1;
    struct arena *arena = arena_open(ARENA_MAXIMUM);
    bool is_ready = arena != NULL && FCGX_Init() == 0 &&
                    FCGX_InitRequest(&fastcgi, 0, FCGI_FAIL_ACCEPT_ON_INTR) == 0 && flags >= 0 &&
                    fcntl(0, F_SETFL, flags | O_NONBLOCK) == 0 && (stop = open_stop_signals()) >= 0;
    if (is_ready) {
        serve(&fastcgi, stop, arena, answer, context);
        FCGX_Free(&fastcgi, 1);
        (void)close(stop);
    } else {
        log_event(LOG_ERROR, "worker cannot listen", LOG_STRING("reason", strerrordesc_np(errno)));
    }
    arena_close(&arena);
    return is_ready;
}
