// The worker, each time in a child of its own: it ends when it is told to, at whatever moment. What it
// answers is the journeys' business.
#include "support.h"

#include "storefront/http/worker.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define PATIENCE 10U // seconds, then the child ends by an alarm

// The linker puts this in the place of libfcgi's.
int __real_FCGX_Init(void);
int __wrap_FCGX_Init(void);

static int signal_at_start;

// libfcgi has just set its handlers.
int __wrap_FCGX_Init(void)
{
    int result = __real_FCGX_Init();
    if (signal_at_start != 0) {
        (void)raise(signal_at_start);
    }
    return result;
}

static void answer_nobody(void *context, const struct request *request, struct arena *arena,
                          struct response *response)
{
    (void)context;
    (void)request;
    (void)arena;
    (void)response;
}

// How a worker ended that got `number` in the middle of its start.
static int end_of_worker(int number)
{
    pid_t child = fork();
    if (child == 0) {
        const struct sockaddr_un nowhere = {.sun_family = AF_UNIX};
        int listening = socket(AF_UNIX, SOCK_STREAM, 0);
        // Without a name the kernel gives it one.
        if (bind(listening, (const struct sockaddr *)&nowhere, sizeof nowhere.sun_family) != 0 ||
            listen(listening, 1) != 0 || dup2(listening, STDIN_FILENO) != STDIN_FILENO) {
            _exit(EXIT_FAILURE);
        }
        signal_at_start = number;
        (void)alarm(PATIENCE);
        _exit(worker_run(answer_nobody, NULL) ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void told_to_end_while_it_starts_it_ends(void **state)
{
    (void)state;
    assert_int_equal(end_of_worker(SIGTERM), 0);
    assert_int_equal(end_of_worker(SIGINT), 0);
    assert_int_equal(end_of_worker(SIGUSR1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told_to_end_while_it_starts_it_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
