// The walls: what a process behind them tries and must not do, each in a child of its own; the worst of it
// ends the child with a line in the log. What it must still do is the journeys' business, which all run
// behind them.
#include "support.h"

#include "storefront/base/log.h"
#include "storefront/base/walls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#define PAGE ((size_t)4096)

typedef int attempt_function(void); // 0, or the number of the error

static int told(long result)
{
    return result >= 0 ? 0 : errno;
}

static int run_a_program(void)
{
    char *const words[] = {(char[]){"/bin/true"}, NULL};
    return told(execve(words[0], words, NULL));
}

static int run_a_descriptor(void)
{
    char *const words[] = {(char[]){"true"}, NULL};
    int file = open("/bin/true", O_RDONLY | O_CLOEXEC);
    return told(syscall(SYS_execveat, file, "", words, NULL, 0x1000));
}

static int make_a_process(void)
{
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    return told(child);
}

static int make_a_process_quickly(void)
{
    return told(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int look_into_another(void)
{
    return told(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int read_from_another(void)
{
    return told(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
}

static int sniff(void)
{
    return told(socket(AF_PACKET, SOCK_RAW, 0));
}

static int open_a_kernel_cipher(void)
{
    return told(socket(38, SOCK_SEQPACKET, 0));
}

static int call_a_virtual_machine(void)
{
    return told(socket(AF_VSOCK, SOCK_STREAM, 0));
}

static int load_into_the_kernel(void)
{
    return told(syscall(SYS_bpf, 0, NULL, 0));
}

static int change_the_name_space(void)
{
    return told(syscall(SYS_unshare, 0x10000000));
}

static int write_a_file(void)
{
    return told(open("/tmp/storefront-walls", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int create_a_file_to_read(void)
{
    return told(open("/tmp/storefront-walls", O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int change_a_file(void)
{
    return told(open("/dev/null", O_RDWR | O_CLOEXEC));
}

static int delete_a_file(void)
{
    return told(unlink("/tmp/storefront-walls"));
}

static int make_a_folder(void)
{
    return told(mkdir("/tmp/storefront-walls", 0700));
}

static int make_a_hidden_file(void)
{
    return told(memfd_create("walls", 0));
}

static int map(int rights)
{
    return mmap(NULL, PAGE, rights, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}

static int map_code(void)
{
    return map(PROT_READ | PROT_WRITE | PROT_EXEC);
}

static int map_empty_code(void)
{
    return map(PROT_READ | PROT_EXEC);
}

static int turn_memory_into_code(void)
{
    void *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? 0 : told(mprotect(memory, PAGE, PROT_READ | PROT_EXEC));
}

static int listen_to_strangers(void)
{
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    return listening < 0 ? 0 : told(listen(listening, 1));
}

static int signal_another(void)
{
    return told(kill(getppid(), 0));
}

static int become_another(void)
{
    return told(syscall(SYS_setuid, 0));
}

static int allow_debuggers(void)
{
    return told(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int allow_core_files(void)
{
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    return told(setrlimit(RLIMIT_CORE, &all));
}

static int ask_the_kernel(int protocol)
{
    return told(socket(AF_NETLINK, SOCK_DGRAM, protocol));
}

static int ask_for_addresses(void)
{
    return ask_the_kernel(NETLINK_ROUTE);
}

static int ask_for_queues(void)
{
    return ask_the_kernel(NETLINK_SOCK_DIAG);
}

static void *do_nothing(void *context)
{
    return context;
}

static int make_a_thread(void)
{
    pthread_t thread;
    int fault = pthread_create(&thread, NULL, do_nothing, NULL);
    return fault == 0 ? pthread_join(thread, NULL) : fault;
}

static int handle_signal(unsigned long number)
{
    const struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        unsigned long mask;
    } as_it_comes = {NULL, 0, NULL, 0};
    return told((int)syscall(SYS_rt_sigaction, number, &as_it_comes, NULL, sizeof as_it_comes.mask));
}

static int forget_what_is_forbidden(void)
{
    return handle_signal(SIGSYS);
}

// The kernel looks at the lower half alone.
static int forget_it_by_another_number(void)
{
    return handle_signal(1UL << 32 | SIGSYS);
}

static int handle_the_others(void)
{
    return handle_signal(SIGTERM) + handle_signal(32) + handle_signal(63) + handle_signal(64);
}

static int read_a_file(void)
{
    return told(open("/etc/hostname", O_RDONLY | O_CLOEXEC)) == EPERM ? EPERM : 0;
}

// How a child that did `deed` behind the walls of `kind` ended, as waitpid() tells it; its log in `log`.
static int status_of(struct arena *arena, enum wall_kind kind, attempt_function *deed, struct text *log)
{
    int status = -1;
    struct capture capture = capture_begin();
    pid_t child = fork();
    if (child == 0) {
        walls_begin();
        _exit(walls_raise(kind, true) ? deed() : 255);
    }
    (void)waitpid(child, &status, 0);
    *log = capture_end(arena, &capture);
    return status;
}

struct attempt {
    const char *name;
    attempt_function *deed;
    int fault;
};

static void assert_refused(struct arena *arena, enum wall_kind kind, const struct attempt *attempt)
{
    struct text log = {NULL, 0};
    int status = status_of(arena, kind, attempt->deed, &log);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != attempt->fault) {
        fail_msg("%s: ended with %#x, not with the error %d: %.*s", attempt->name, (unsigned)status,
                 attempt->fault, (int)log.length, log.length == 0 ? "" : log.bytes);
    }
}

// fork() of glibc 2.41 blocks every signal: the kernel kills then, and nobody writes a line.
static const struct attempt fatal[] = {{"execve", run_a_program, 0},
                                       {"execveat", run_a_descriptor, 0},
                                       {NULL, make_a_process, 0},
                                       {"clone", make_a_process_quickly, 0},
                                       {"ptrace", look_into_another, 0},
                                       {"process_vm_readv", read_from_another, 0},
                                       {"socket", sniff, 0},
                                       {"socket", open_a_kernel_cipher, 0},
                                       {"socket", call_a_virtual_machine, 0},
                                       {"bpf", load_into_the_kernel, 0},
                                       {"unshare", change_the_name_space, 0}};

static void the_worst_ends_the_process_with_a_line(void **state)
{
    for (enum wall_kind kind = WALL_WORKER; kind <= WALL_MAILER; kind++) {
        for (size_t i = 0; i < ROWS(fatal); i++) {
            struct text log = {NULL, 0};
            int status = status_of(*state, kind, fatal[i].deed, &log);
            const char *name = fatal[i].name == NULL ? "fork" : fatal[i].name;
            assert_row(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS && !WCOREDUMP(status), name);
            assert_row(fatal[i].name == NULL || holds(log, "\"event\":\"forbidden system call\",\"call\":\""),
                       name);
            assert_row(fatal[i].name == NULL || holds(log, name), name);
        }
    }
}

static const struct attempt refused[] = {{"write", write_a_file, EPERM},
                                         {"create", create_a_file_to_read, EPERM},
                                         {"change", change_a_file, EPERM},
                                         {"delete", delete_a_file, EPERM},
                                         {"mkdir", make_a_folder, EPERM},
                                         {"memfd", make_a_hidden_file, EPERM},
                                         {"map code", map_code, EPERM},
                                         {"map empty code", map_empty_code, EPERM},
                                         {"turn into code", turn_memory_into_code, EPERM},
                                         {"listen", listen_to_strangers, EPERM},
                                         {"kill", signal_another, EPERM},
                                         {"setuid", become_another, EPERM},
                                         {"dumpable", allow_debuggers, EPERM},
                                         {"core", allow_core_files, EPERM},
                                         {"SIGSYS", forget_what_is_forbidden, EPERM},
                                         {"SIGSYS and more", forget_it_by_another_number, EPERM},
                                         {"signals", handle_the_others, 0},
                                         {"read", read_a_file, 0}};

static void the_rest_is_refused(void **state)
{
    for (enum wall_kind kind = WALL_WORKER; kind <= WALL_MAILER; kind++) {
        for (size_t i = 0; i < ROWS(refused); i++) {
            assert_refused(*state, kind, &refused[i]);
        }
    }
}

static void only_metrics_asks_for_queues(void **state)
{
    const struct attempt addresses = {"addresses", ask_for_addresses, EAFNOSUPPORT};
    const struct attempt no_queues = {"queues", ask_for_queues, EAFNOSUPPORT};
    const struct attempt queues = {"queues", ask_for_queues, 0};
    assert_refused(*state, WALL_WORKER, &addresses);
    assert_refused(*state, WALL_MAILER, &addresses);
    assert_refused(*state, WALL_WORKER, &no_queues);
    assert_refused(*state, WALL_MAILER, &no_queues);
    assert_refused(*state, WALL_METRICS, &queues);
}

static void only_the_mailer_has_threads(void **state)
{
    const struct attempt thread = {"thread", make_a_thread, 0};
    struct text log = {NULL, 0};
    assert_refused(*state, WALL_MAILER, &thread);
    assert_int_equal(WTERMSIG(status_of(*state, WALL_WORKER, make_a_thread, &log)), SIGSYS);
    assert_int_equal(WTERMSIG(status_of(*state, WALL_METRICS, make_a_thread, &log)), SIGSYS);
}

static int raise_again(void)
{
    return walls_raise(WALL_WORKER, true) ? 0 : ECANCELED;
}

static void walls_that_cannot_be_raised_are_told(void **state)
{
    struct text log = {NULL, 0};
    int status = status_of(*state, WALL_WORKER, raise_again, &log);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == ECANCELED);
    assert_true(holds(log, "system calls cannot be limited"));
}

static bool goes_round_in_circles;

scmp_filter_ctx __real_seccomp_init(uint32_t action);
scmp_filter_ctx __wrap_seccomp_init(uint32_t action);

scmp_filter_ctx __wrap_seccomp_init(uint32_t action)
{
    while (goes_round_in_circles) {
        __asm__ volatile("");
    }
    return __real_seccomp_init(action);
}

static int do_nothing_at_all(void)
{
    return 0;
}

static void walls_that_never_stand_are_given_up(void **state)
{
    struct text log = {NULL, 0};
    goes_round_in_circles = true;
    int status = status_of(*state, WALL_WORKER, do_nothing_at_all, &log);
    goes_round_in_circles = false;
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
    assert_true(holds(log, "libseccomp comes to no end"));
}

static int lacking = -1; // the call that is on no list

int __real_seccomp_rule_add_array(scmp_filter_ctx filter, uint32_t action, int call, unsigned count,
                                  const struct scmp_arg_cmp *only);
int __wrap_seccomp_rule_add_array(scmp_filter_ctx filter, uint32_t action, int call, unsigned count,
                                  const struct scmp_arg_cmp *only);

int __wrap_seccomp_rule_add_array(scmp_filter_ctx filter, uint32_t action, int call, unsigned count,
                                  const struct scmp_arg_cmp *only)
{
    return call == lacking ? 0 : __real_seccomp_rule_add_array(filter, action, call, count, only);
}

static void walls_that_are_closed_to_work_are_told(void **state)
{
    const int needed[] = {SCMP_SYS(accept),        SCMP_SYS(epoll_wait), SCMP_SYS(mmap),
                          SCMP_SYS(openat),        SCMP_SYS(recvfrom),   SCMP_SYS(rt_sigaction),
                          SCMP_SYS(rt_sigprocmask)};
    for (size_t i = 0; i < ROWS(needed); i++) {
        struct text log = {NULL, 0};
        lacking = needed[i];
        int status = status_of(*state, WALL_WORKER, do_nothing_at_all, &log);
        assert_int_equal(WEXITSTATUS(status), 255);
        assert_true(holds(log, "system calls cannot be limited"));
    }
    lacking = -1;
}

// The time that was granted for the walls runs out long after they stand.
static int work_for_long(void)
{
    const struct itimerval soon = {.it_value = {.tv_usec = 1000}};
    return told(setitimer(ITIMER_VIRTUAL, &soon, NULL)) == EPERM ? told(raise(SIGVTALRM)) : ECANCELED;
}

static void who_stands_behind_them_is_not_given_up(void **state)
{
    const struct attempt work = {"work", work_for_long, 0};
    assert_refused(*state, WALL_WORKER, &work);
    assert_refused(*state, WALL_METRICS, &work);
    assert_refused(*state, WALL_MAILER, &work);
}

static void the_switch_leaves_every_call_and_says_so(void **state)
{
    struct capture capture = capture_begin();
    bool done = walls_raise(WALL_WORKER, false);
    struct text log = capture_end(*state, &capture);
    assert_true(done);
    assert_true(holds(log, "system calls are not limited"));
    assert_true(holds(log, "SECCOMP is off"));
    assert_int_equal(change_a_file(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(the_worst_ends_the_process_with_a_line),
        WITH_ARENA(the_rest_is_refused),
        WITH_ARENA(only_metrics_asks_for_queues),
        WITH_ARENA(only_the_mailer_has_threads),
        WITH_ARENA(walls_that_cannot_be_raised_are_told),
        WITH_ARENA(walls_that_never_stand_are_given_up),
        WITH_ARENA(walls_that_are_closed_to_work_are_told),
        WITH_ARENA(who_stands_behind_them_is_not_given_up),
        WITH_ARENA(the_switch_leaves_every_call_and_says_so),
    };
    // No walls stand under the sanitizers: see walls.h.
    return IS_SANITIZED ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
