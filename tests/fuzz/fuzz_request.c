// Whole requests: FastCGI records through libfcgi, http/worker, the guard and every page of the map, over a
// scripted database. Input: four bytes (see struct plan), the script, then either the records as they come
// from the socket, or lines of parameters, an empty line, and the body or the values of the route's fields, a
// line each.
#include "judge.h"
#include "records.h"
#include "script.h"
#include "support.h"

#include "storefront/account/csrf.h"
#include "storefront/base/encode.h"
#include "storefront/http/worker.h"
#include "storefront/page/answer.h"
#include "storefront/page/figures.h"
#include "storefront/page/guard.h"
#include "storefront/security/code.h"
#include "storefront/security/password.h"
#include "storefront/view/assets.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define HOUSE_ARENA     ((size_t)64 * 1024 * 1024)
#define INPUT_MAXIMUM   ((size_t)24 * 1024) // what it is answered with must fit into the socket
#define ANSWER_MAXIMUM  ((size_t)2 * 1024 * 1024)
#define REQUEST_MAXIMUM ((size_t)1024 * 1024)
#define COOKIE          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define NAMES_FILE                                                                                           \
    "{\"site_css\":\"/static/s.css\",\"site_js\":\"/static/s.js\",\"theme_css\":\"/static/t.css\",\"icon_svg\":\"/static/i.svg\"}"

// What the first bytes of an input choose.
struct plan {
    bool is_raw;    // the rest is records, not lines
    bool is_secure; // the shop is at https
    bool is_head;
    bool is_foreign;           // the route of another pool
    const struct route *route; // NULL: the first line says method and path
    bool has_no_token;
    bool has_session; // the browser sends a session's cookie
    bool wants_json;
    bool is_body; // what follows the parameters is the body as it is
    bool sends_json;
    bool is_late;
    bool is_split; // small records
};

// libfcgi leaves a piece of memory behind where the peer speaks no FastCGI.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfcgi.so";
}

// A worker with all but a database.
static struct {
    struct arena *arena;
    struct settings settings;
    struct view_template templates[ROUTE_TEMPLATES_MAXIMUM];
    struct service service;
    struct site sites[2]; // http, https
    struct text key;      // SHA-256 of the cookie
    struct text code;     // where all facts of the script are zero
    int listener;
    struct sockaddr_un address;
    socklen_t address_length;
    int answered; // requests that came to the dispatcher
} house = {.listener = -1};

static struct arena *open_view(void)
{
    char path[] = "/tmp/storefront-fuzz-XXXXXX";
    char names[sizeof path + 16];
    promise(mkdtemp(path) != NULL);
    (void)snprintf(names, sizeof names, "%s/names.json", path);
    promise(symlink(fuzz_file(0, TEXT(NAMES_FILE)), names) == 0);
    house.settings.static_folder = text_from(path);
    const struct view_settings settings = {.settings = &house.settings,
                                           .folder = "templates",
                                           .templates = house.templates,
                                           .common_names = layout_names,
                                           .needs_static = true};
    routes_list_templates(house.templates);
    house.service.view = view_open(house.arena, &settings);
    promise(house.service.view != NULL);
    (void)unlink(names);
    (void)rmdir(path);
    return house.arena;
}

static void open_site(size_t number, const char *url)
{
    house.settings.public_url = text_from(url);
    promise(site_open(house.arena, &house.settings, &house.sites[number]));
}

static struct text digest(struct text text)
{
    unsigned char *bytes = arena_take(house.arena, DIGEST_SIZE);
    promise(bytes != NULL && secret_digest(text, bytes));
    return text_of(bytes, DIGEST_SIZE);
}

static void derive_code(void)
{
    static const char zeros[2 * CODE_NONCE_SIZE];
    const struct text id = text_of(zeros, CODE_NONCE_SIZE);
    const struct code_facts facts = {.code_id = id,
                                     .registration_id = id,
                                     .email = TEXT(SCRIPT_EMAIL),
                                     .nonce = id,
                                     .key_number = keyring_current(fuzz_keyring()),
                                     .digits = CODE_DIGITS_MINIMUM};
    char *digits = arena_take(house.arena, CODE_DIGITS_MAXIMUM);
    promise(digits != NULL && code_derive(fuzz_keyring(), &facts, digits));
    house.code = text_of(digits, CODE_DIGITS_MINIMUM);
}

// A socket without a name in the file system, as the worker gets it on descriptor 0.
static void open_listener(void)
{
    house.address.sun_family = AF_UNIX;
    int length = snprintf(house.address.sun_path + 1, sizeof house.address.sun_path - 1, "storefront-fuzz-%d",
                          (int)getpid());
    house.address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    house.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    promise(house.listener >= 0 &&
            bind(house.listener, (const struct sockaddr *)&house.address, house.address_length) == 0 &&
            listen(house.listener, 4) == 0);
}

static void open_house(void)
{
    static const unsigned char cookie[DIGEST_SIZE];
    house.arena = arena_open(HOUSE_ARENA);
    house.settings = *fuzz_settings();
    promise(password_start((struct password_cost){8, 1}));
    house.arena = open_view();
    open_site(0, "http://shop.example:8080");
    open_site(1, "https://shop.example");
    house.key = digest(text_of(cookie, sizeof cookie));
    derive_code();
    house.service.settings = &house.settings;
    house.service.keyring = fuzz_keyring();
    house.service.database = script_database();
    house.service.figures = figures_open(house.arena, metrics_open(NULL), "pages");
    open_listener();
}

static struct plan read_plan(struct text *input)
{
    unsigned ways = fuzz_byte(input);
    unsigned row = fuzz_byte(input) % (unsigned)(route_count + 1);
    unsigned flags = fuzz_byte(input);
    return (struct plan){.is_raw = (ways & 128) != 0,
                         .is_secure = (ways & 64) != 0,
                         .is_head = (ways & 32) != 0,
                         .is_foreign = (ways & 31) == 31,
                         .route = row == route_count ? NULL : &routes[row],
                         .has_no_token = (flags & 1) != 0,
                         .has_session = (flags & 2) != 0,
                         .wants_json = (flags & 4) != 0,
                         .is_body = (flags & 8) != 0,
                         .sends_json = (flags & 16) != 0,
                         .is_late = (flags & 32) != 0,
                         .is_split = (flags & 64) != 0};
}

static void add(struct buffer *out, const char *name, struct text value)
{
    record_add_pair(out, text_from(name), value);
}

// The body in which a browser sends `lines`, a value each, for the fields of the route.
static struct text make_body(const struct plan *plan, struct text lines)
{
    struct buffer out = buffer_open(fuzz_room(), REQUEST_MAXIMUM);
    const struct field *fields = plan->route == NULL ? NULL : plan->route->fields;
    buffer_add(&out, plan->sends_json ? TEXT("{\"x\":1") : TEXT("x=1"));
    for (size_t i = 0; fields != NULL && fields[i].name != NULL && lines.length > 0; i++) {
        struct text value = text_next(&lines, '\n');
        value = text_equals(value, TEXT("@")) ? house.code : value;
        if (plan->sends_json) {
            buffer_add(&out, TEXT(","));
            buffer_add_json_string(&out, text_from(fields[i].name));
            buffer_add(&out, TEXT(":"));
            buffer_add_json_string(&out, value);
            continue;
        }
        buffer_add(&out, TEXT("&"));
        buffer_add(&out, text_from(fields[i].name));
        buffer_add(&out, TEXT("="));
        for (size_t at = 0; at < value.length; at++) {
            buffer_add(&out, TEXT("%"));
            buffer_add(&out, encode_hexadecimal(fuzz_room(), text_cut(value, at, 1)));
        }
    }
    buffer_add(&out, plan->sends_json ? TEXT("}") : TEXT(""));
    return buffer_text(&out);
}

static void add_visitor(struct buffer *out, const struct plan *plan)
{
    struct account account = {.keyring = fuzz_keyring(), .arena = fuzz_room()};
    struct text token = csrf_make(&account, plan->has_session ? house.key : TEXT(""));
    struct text session = plan->is_secure ? TEXT("__Host-sessionid=" COOKIE) : TEXT("sessionid=" COOKIE);
    const struct text cookies[] = {TEXT("csrftoken="), token, TEXT("; "),
                                   plan->has_session ? session : TEXT("")};
    if (!plan->has_no_token) {
        add(out, "HTTP_COOKIE", text_join(fuzz_room(), cookies, 4));
        add(out, "HTTP_X_CSRFTOKEN", csrf_mask(&account, token));
        fuzz_forbid(token);
    }
}

// What nginx adds of its own, behind what the lines say: libfcgi finds the first of a name.
static void add_parameters(struct buffer *out, const struct plan *plan, size_t body_length)
{
    const char *method = plan->is_head ? "HEAD" : "GET";
    if (plan->route != NULL) {
        method = plan->route->method == METHOD_POST ? "POST" : method;
        add(out, "DOCUMENT_URI", text_from(plan->route->path));
    }
    add(out, "REQUEST_METHOD", text_from(method));
    add(out, "HTTP_HOST", house.sites[plan->is_secure].host);
    add(out, "REMOTE_ADDR", TEXT("192.0.2.1"));
    add(out, "REQUEST_ID", TEXT("0123456789abcdef"));
    add(out, "REQUEST_TIME", plan->is_late ? TEXT("1.000") : TEXT("2000000000.000"));
    add(out, "CONTENT_TYPE",
        plan->sends_json ? TEXT("application/json") : TEXT("application/x-www-form-urlencoded"));
    add(out, "CONTENT_LENGTH", text_number(fuzz_room(), (int64_t)body_length));
    add(out, "HTTP_ACCEPT", plan->wants_json ? TEXT("application/json") : TEXT("text/html"));
    add_visitor(out, plan);
}

static struct text make_request(const struct plan *plan, struct text input)
{
    struct buffer parameters = buffer_open(fuzz_room(), REQUEST_MAXIMUM);
    struct buffer records = buffer_open(fuzz_room(), 16 * REQUEST_MAXIMUM);
    struct text line = text_next(&input, '\n');
    while (line.length > 0) {
        struct text name = text_next(&line, '=');
        record_add_pair(&parameters, name, line);
        line = text_next(&input, '\n');
    }
    struct text body = plan->is_body ? input : make_body(plan, input);
    add_parameters(&parameters, plan, body.length);
    size_t size = plan->is_split ? 7 : 65535;
    record_add_begin(&records);
    record_add_stream(&records, RECORD_PARAMETERS, buffer_text(&parameters), size);
    record_add_stream(&records, RECORD_BODY, body, size);
    promise(!records.overflowed && !parameters.overflowed);
    return buffer_text(&records);
}

// The request behind every input, which must be answered whatever came before it.
static struct text make_last(void)
{
    struct buffer parameters = buffer_open(fuzz_room(), REQUEST_MAXIMUM);
    struct buffer records = buffer_open(fuzz_room(), REQUEST_MAXIMUM);
    add(&parameters, "REQUEST_METHOD", TEXT("GET"));
    add(&parameters, "DOCUMENT_URI", TEXT("/healthz"));
    add(&parameters, "REQUEST_ID", TEXT("the last one"));
    record_add_begin(&records);
    record_add_stream(&records, RECORD_PARAMETERS, buffer_text(&parameters), 65535);
    record_add_stream(&records, RECORD_BODY, TEXT(""), 65535);
    return buffer_text(&records);
}

static int connect_with(struct text request)
{
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    promise(client >= 0 &&
            connect(client, (const struct sockaddr *)&house.address, house.address_length) == 0);
    // A worker need not read all of it: what it leaves stays in the socket.
    promise(send(client, request.bytes, request.length, MSG_NOSIGNAL | MSG_DONTWAIT) ==
            (ssize_t)request.length);
    promise(shutdown(client, SHUT_WR) == 0);
    return client;
}

static struct text read_all(int client)
{
    int length = 0;
    promise(ioctl(client, FIONREAD, &length) == 0 && length >= 0);
    char *bytes = arena_take(fuzz_room(), (size_t)length + 1);
    promise(bytes != NULL && recv(client, bytes, (size_t)length, MSG_DONTWAIT | MSG_WAITALL) == length);
    (void)close(client);
    return text_of(bytes, (size_t)length);
}

// Answers as a worker does, and judges what only the dispatcher sees.
static void answer(void *context, const struct request *request, struct arena *arena,
                   struct response *response)
{
    struct service *service = context;
    bool is_last = text_equals(request->id, TEXT("the last one"));
    guard_answer(service, request, arena, response);
    struct script_tale tale = script_tale();
    promise(!tale.is_open);
    promise(!tale.commit_failed || response->status == 503);
    promise(!tale.was_away || response->status == 503);
    house.answered++;
    if (is_last) {
        (void)raise(SIGTERM);
    } else {
        // A second request on the same connection has a database of its own.
        script_begin(TEXT(""), house.key);
    }
}

// Lets a worker answer what waits at the listener, up to the last request.
static void run_worker(void)
{
    sigset_t mask;
    sigset_t term;
    int kept = dup(STDIN_FILENO);
    const struct timespec now = {0, 0};
    (void)sigemptyset(&term);
    (void)sigaddset(&term, SIGTERM);
    promise(dup2(house.listener, STDIN_FILENO) == STDIN_FILENO);
    promise(pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0);
    promise(worker_run(answer, &house.service));
    promise(sigtimedwait(&term, NULL, &now) == SIGTERM);
    promise(pthread_sigmask(SIG_SETMASK, &mask, NULL) == 0);
    (void)dup2(kept, STDIN_FILENO);
    (void)close(kept);
}

static void judge(struct text written, const struct plan *plan, int answered)
{
    struct buffer out = buffer_open(fuzz_room(), ANSWER_MAXIMUM);
    int count = 0;
    while (written.length > 0 && record_take_answer(&written, &out)) {
        if (out.length > 0) {
            (void)judge_answer(buffer_text(&out), plan->is_secure);
            count++;
        }
        out.length = 0;
    }
    promise(count == answered);
    promise(plan->is_raw || count == 1);
}

static void exchange(const struct plan *plan, struct text request)
{
    house.answered = 0;
    int client = connect_with(request);
    int last = connect_with(make_last());
    run_worker();
    struct text said = read_all(last);
    struct buffer out = buffer_open(fuzz_room(), ANSWER_MAXIMUM);
    promise(record_take_answer(&said, &out) && judge_answer(buffer_text(&out), plan->is_secure) == 200);
    judge(read_all(client), plan, house.answered - 1);
}

// The records `input` without lengths beyond 65,535: libfcgi asks for as much memory as a parameter's length
// says, and ends the process where there is none. Only who may write to the worker's socket can say so, which
// is nginx.
static struct text without_huge_lengths(struct text input)
{
    char *bytes = text_string(fuzz_room(), input);
    bool is_long = false;
    promise(bytes != NULL);
    for (size_t i = 0; i < input.length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        bytes[i] = is_long ? '\0' : (char)(byte > 0x80 ? byte & 0x7f : byte);
        is_long = byte == 0x80 && !is_long;
    }
    return text_of(bytes, input.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text input = text_of(bytes, size);
    if (size > INPUT_MAXIMUM) {
        return 0;
    }
    if (house.arena == NULL) {
        open_house();
    }
    (void)fuzz_begin();
    if (!fuzz_holds(input, TEXT(COOKIE))) {
        fuzz_forbid(TEXT(COOKIE));
    }
    struct plan plan = read_plan(&input);
    size_t script = fuzz_byte(&input);
    script_begin(text_cut(input, 0, script), house.key);
    input = text_after(input, script);
    house.service.site = house.sites[plan.is_secure];
    house.service.pool = plan.route == NULL ? POOL_PAGES : plan.route->pool;
    if (plan.is_foreign) {
        house.service.pool = (enum pool)((house.service.pool + 1) % POOLS);
    }
    exchange(&plan, plan.is_raw ? without_huge_lengths(input) : make_request(&plan, input));
    fuzz_end();
    return 0;
}
