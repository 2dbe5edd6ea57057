// Asking another pool whether it answers: a child plays the FastCGI worker, well and badly. What was asked is
// read byte for byte; every answer but a good one in time is 0. What readiness means is not known here.
#include "support.h"

#include "storefront/base/clock.h"
#include "storefront/http/probe.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define DEADLINE_MS 300

// How the child plays its part.
struct part {
    const char *what;
    const char *answer; // behind the record's header
    int pause_ms;       // before each byte; 0: all at once
    bool is_silent;     // takes the request and keeps still
    bool is_deaf;       // closes at once
    int status;         // what the probe must say
};

static const struct part parts[] = {
    {"a good answer", "Status: 200 OK\r\nContent-Type: application/json\r\n\r\n{}", 0, false, false, 200},
    {"a good answer byte for byte", "Status: 200 OK\r\n\r\n", 3, false, false, 200},
    {"not ready", "Status: 503 Service Unavailable\r\n\r\n", 0, false, false, 503},
    {"no status", "Content-Type: text/html\r\n\r\n", 0, false, false, 0},
    {"another form", "HTTP/1.1 200 OK\r\n\r\n", 0, false, false, 0},
    {"a status that is no number", "Status: abc\r\n\r\n", 0, false, false, 0},
    {"a status out of bounds", "Status: 999 No\r\n\r\n", 0, false, false, 0},
    {"a short status", "Status: 20\r\n\r\n", 0, false, false, 0},
    {"nothing", "", 0, false, false, 0},
    {"silence", "", 0, true, false, 0},
    {"too slow", "Status: 200 OK\r\n\r\n", 60, false, false, 0},
    {"deaf", "", 0, false, true, 0},
};

static void send_answer(int connection, const struct part *part)
{
    char bytes[256] = {1, 6, 0, 1, 0, (char)strlen(part->answer), 0, 0};
    size_t length = 8 + strlen(part->answer);
    memcpy(bytes + 8, part->answer, strlen(part->answer));
    size_t step = part->pause_ms == 0 ? length : 1;
    for (size_t at = 0; at < length; at += step) {
        (void)usleep((useconds_t)part->pause_ms * 1000);
        if (send(connection, bytes + at, step, MSG_NOSIGNAL) < 0) {
            return;
        }
    }
}

// The child: answers one request as `part` says, and passes on what it was asked.
static void play(int listener, const struct part *part, int report)
{
    char request[1024];
    int connection = accept(listener, NULL, NULL);
    ssize_t got = part->is_deaf ? 0 : recv(connection, request, sizeof request, 0);
    (void)!write(report, request, got > 0 ? (size_t)got : 0);
    if (part->is_silent) {
        (void)usleep(10 * DEADLINE_MS * 1000);
    } else if (!part->is_deaf && part->answer[0] != '\0') {
        send_answer(connection, part);
    }
    _exit(0);
}

static int listen_at(const char *path, int queue)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, queue), 0);
    return listener;
}

// What the probe says of a pool that plays `part`; what it asked becomes `asked`.
static int probed(struct fixture *fixture, const struct part *part, struct text *asked)
{
    const char *path = folder_path(fixture->arena, &fixture->folder, "pool.sock");
    int report[2];
    (void)remove(path);
    int listener = listen_at(path, 5);
    assert_int_equal(pipe(report), 0);
    pid_t child = fork();
    if (child == 0) {
        play(listener, part, report[1]);
    }
    (void)close(listener);
    (void)close(report[1]);
    int status = probe_pool(fixture->arena, path, TEXT("/readyz"), DEADLINE_MS);
    char *bytes = arena_take(fixture->arena, 1024);
    (void)kill(child, SIGTERM);
    (void)waitpid(child, NULL, 0);
    ssize_t got = read(report[0], bytes, 1024);
    (void)close(report[0]);
    *asked = text_of(bytes, got < 0 ? 0 : (size_t)got);
    return status;
}

static void each_answer_is_judged_within_the_deadline(void **state)
{
    for (size_t i = 0; i < ROWS(parts); i++) {
        struct text asked = {NULL, 0};
        int64_t begun = clock_monotonic();
        assert_row(probed(*state, &parts[i], &asked) == parts[i].status, parts[i].what);
        int64_t passed = clock_monotonic() - begun;
        assert_row(passed < (int64_t)DEADLINE_MS * 1000 + 1500000, parts[i].what);
        assert_row(!parts[i].is_silent || passed >= (int64_t)DEADLINE_MS * 1000, parts[i].what);
    }
}

static void the_request_is_fastcgi(void **state)
{
    static const char expected[] = "\1\1\0\1\0\10\0\0"
                                   "\0\1\0\0\0\0\0\0"
                                   "\1\4\0\1\0\50\0\0"
                                   "\16\3REQUEST_METHODGET\14\7DOCUMENT_URI/readyz"
                                   "\1\4\0\1\0\0\0\0"
                                   "\1\5\0\1\0\0\0\0";
    struct text asked = {NULL, 0};
    assert_int_equal(probed(*state, &parts[0], &asked), 200);
    assert_texts(asked, text_of(expected, sizeof expected - 1));
}

static void a_pool_that_is_not_there_is_away(void **state)
{
    struct fixture *fixture = *state;
    struct arena *arena = fixture->arena;
    const char *nobody = folder_path(arena, &fixture->folder, "nobody.sock");
    assert_int_equal(probe_pool(arena, nobody, TEXT("/readyz"), DEADLINE_MS), 0);
    (void)close(listen_at(nobody, 1));
    assert_int_equal(probe_pool(arena, nobody, TEXT("/readyz"), DEADLINE_MS), 0);
    assert_int_equal(probe_pool(arena, NULL, TEXT("/readyz"), DEADLINE_MS), 0);
    assert_int_equal(probe_pool(arena, "", TEXT("/readyz"), DEADLINE_MS), 0);
    assert_int_equal(
        probe_pool(arena, text_string(arena, repeated(arena, "x", 200)), TEXT("/readyz"), DEADLINE_MS), 0);
    assert_int_equal(probe_pool(arena, fixture->folder.path, TEXT("/readyz"), DEADLINE_MS), 0);
}

static void a_full_queue_is_not_ready_at_once(void **state)
{
    struct fixture *fixture = *state;
    const char *path = folder_path(fixture->arena, &fixture->folder, "full.sock");
    int listener = listen_at(path, 0);
    int waiting = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(connect(waiting, (struct sockaddr *)&address, sizeof address), 0);
    int64_t begun = clock_monotonic();
    assert_int_equal(probe_pool(fixture->arena, path, TEXT("/readyz"), 10 * DEADLINE_MS), 0);
    assert_true(clock_monotonic() - begun < (int64_t)5 * DEADLINE_MS * 1000);
    (void)close(waiting);
    (void)close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(each_answer_is_judged_within_the_deadline),
        WITH_FIXTURE(the_request_is_fastcgi),
        WITH_FIXTURE(a_pool_that_is_not_there_is_away),
        WITH_FIXTURE(a_full_queue_is_not_ready_at_once),
    };
    return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
