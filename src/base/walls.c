// See walls.h. The door to libseccomp. A call that is on no list fails with EPERM, which libraries take for a
// machine that is closed there; what no library does and an intruder does first ends the process. Reviewed
// against glibc 2.36 and 2.41, libpq 15 and 17, OpenSSL 3.0 and 3.5, libcurl 7.88 and 8.14.
#include "storefront/base/walls.h"
#include "storefront/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_SANITIZER true
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(HAS_SANITIZER)
#define HAS_SANITIZER true
#elif !defined(HAS_SANITIZER)
#define HAS_SANITIZER false
#endif

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define WORD         ((scmp_datum_t)UINT32_MAX) // of an argument that is an int: the upper half may hold anything
#define EQUAL(argument, value)                                                                               \
    {                                                                                                        \
        .arg = (argument), .op = SCMP_CMP_MASKED_EQ, .datum_a = WORD, .datum_b = (scmp_datum_t)(value)       \
    }
#define BITS(argument, mask, value)                                                                          \
    {                                                                                                        \
        .arg = (argument), .op = SCMP_CMP_MASKED_EQ, .datum_a = (scmp_datum_t)(mask),                        \
        .datum_b = (scmp_datum_t)(value)                                                                     \
    }

#define WRITING   (O_ACCMODE | O_CREAT | O_TRUNC)
#define ONLY_SIZE ((size_t)2)

// Signals of Linux, on every processor that this is built for: 1 to 31, then those of real time.
#define REAL_TIME   32
#define LAST_SIGNAL 64

#define PATIENCE    2 // seconds of the processor, for what takes hundredths of one

// Calls whose arguments do no harm. By name: an older libseccomp, or another processor, may not have one.
static const char *const harmless[] = {
    // memory
    "brk", "munmap", "mremap", "madvise", "futex",
    // descriptors that are open
    "read", "readv", "pread64", "write", "writev", "close", "lseek", "_llseek", "fstat", "fstat64", "poll",
    "ppoll", "select", "_newselect", "pselect6", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
    "eventfd2", "pipe2", "timerfd_create", "timerfd_settime", "signalfd4", "fadvise64",
    // what there is in the file system
    "stat", "stat64", "lstat", "lstat64", "newfstatat", "fstatat64", "statx", "access", "faccessat",
    "faccessat2", "readlink", "readlinkat", "getcwd", "getdents64", "fstatfs", "statfs",
    // sockets
    "connect", "accept", "accept4", "sendto", "recvfrom", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg",
    "send", "recv", "shutdown", "getsockopt", "setsockopt", "getsockname", "getpeername",
    // time and chance
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "getrandom",
    // who and where it is
    "getpid", "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid",
    "getgroups", "uname", "sysinfo", "getrusage", "sched_getaffinity", "sched_yield", "getcpu", "membarrier",
    // signals and the end
    "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigtimedwait", "sigaltstack", "restart_syscall",
    "exit", "exit_group"};

// Of threads; the mailer alone has any.
static const char *const of_threads[] = {"set_robust_list", "rseq"};

// glibc has an older call for each, which it takes when this one is not there, and only then.
static const char *const absent[] = {"clone3", "openat2", "io_uring_setup", "futex_waitv"};

struct fatal_call {
    int number;
    const char *name;
};

// Nothing that we use does this.
static const struct fatal_call fatal[] = {{SCMP_SYS(execve), "execve"},
                                          {SCMP_SYS(execveat), "execveat"},
                                          {SCMP_SYS(fork), "fork"},
                                          {SCMP_SYS(vfork), "vfork"},
                                          {SCMP_SYS(clone), "clone"},
                                          {SCMP_SYS(socket), "socket"},
                                          {SCMP_SYS(ptrace), "ptrace"},
                                          {SCMP_SYS(process_vm_readv), "process_vm_readv"},
                                          {SCMP_SYS(process_vm_writev), "process_vm_writev"},
                                          {SCMP_SYS(bpf), "bpf"},
                                          {SCMP_SYS(userfaultfd), "userfaultfd"},
                                          {SCMP_SYS(perf_event_open), "perf_event_open"},
                                          {SCMP_SYS(unshare), "unshare"},
                                          {SCMP_SYS(setns), "setns"},
                                          {SCMP_SYS(mount), "mount"},
                                          {SCMP_SYS(chroot), "chroot"},
                                          {SCMP_SYS(pivot_root), "pivot_root"},
                                          {SCMP_SYS(init_module), "init_module"},
                                          {SCMP_SYS(finit_module), "finit_module"},
                                          {SCMP_SYS(kexec_load), "kexec_load"}};

struct rule {
    int call;
    unsigned count;
    struct scmp_arg_cmp only[ONLY_SIZE];
};

// A file is read, or mapped to run as the code of a library that glibc loads late (name services, krb5); no
// memory can be written and run, at once or one after the other.
static const struct rule rules[] = {
    {SCMP_SYS(open), 1, {BITS(1, WRITING, O_RDONLY)}},
    {SCMP_SYS(openat), 1, {BITS(2, WRITING, O_RDONLY)}},
    {SCMP_SYS(mmap), 1, {BITS(2, PROT_EXEC, 0)}},
    {SCMP_SYS(mmap), 2, {BITS(2, PROT_EXEC | PROT_WRITE, PROT_EXEC), BITS(3, MAP_ANONYMOUS, 0)}},
    {SCMP_SYS(mprotect), 1, {BITS(2, PROT_EXEC, 0)}},
    {SCMP_SYS(socket), 1, {EQUAL(0, AF_UNIX)}},
    {SCMP_SYS(socket), 1, {EQUAL(0, AF_INET)}},
    {SCMP_SYS(socket), 1, {EQUAL(0, AF_INET6)}},
    {SCMP_SYS(socketpair), 1, {EQUAL(0, AF_UNIX)}},
    {SCMP_SYS(ioctl), 1, {EQUAL(1, FIONREAD)}},
    {SCMP_SYS(ioctl), 1, {EQUAL(1, FIONBIO)}},
    {SCMP_SYS(ioctl), 1, {EQUAL(1, TCGETS)}},
    {SCMP_SYS(fcntl), 1, {EQUAL(1, F_GETFD)}},
    {SCMP_SYS(fcntl), 1, {EQUAL(1, F_SETFD)}},
    {SCMP_SYS(fcntl), 1, {EQUAL(1, F_GETFL)}},
    {SCMP_SYS(fcntl), 1, {EQUAL(1, F_SETFL)}},
    {SCMP_SYS(fcntl), 1, {EQUAL(1, F_DUPFD_CLOEXEC)}},
    {SCMP_SYS(fcntl), 1, {EQUAL(1, F_GETLK)}},
    {SCMP_SYS(fcntl), 1, {EQUAL(1, F_SETLK)}},
    {SCMP_SYS(fcntl), 1, {EQUAL(1, F_SETLKW)}},
    {SCMP_SYS(fcntl), 1, {EQUAL(1, F_OFD_GETLK)}},
    {SCMP_SYS(fcntl), 1, {EQUAL(1, F_OFD_SETLK)}},
    {SCMP_SYS(fcntl), 1, {EQUAL(1, F_OFD_SETLKW)}},
    // A limit is asked for, not set, and not another process's.
    {SCMP_SYS(prlimit64), 2, {EQUAL(0, 0), {.arg = 2, .op = SCMP_CMP_EQ, .datum_a = 0}}},
    // What follows on a fatal call stays as it is: every signal but SIGSYS. The kernel looks at 32 bits of
    // the number and the list at 64, so that whatever has others set is not among these.
    {SCMP_SYS(rt_sigaction), 1, {{.arg = 0, .op = SCMP_CMP_LT, .datum_a = SIGSYS}}},
    {SCMP_SYS(rt_sigaction), 1, {BITS(0, ~(uint64_t)(REAL_TIME - 1), REAL_TIME)}},
    {SCMP_SYS(rt_sigaction), 1, {{.arg = 0, .op = SCMP_CMP_EQ, .datum_a = LAST_SIGNAL}}},
};

// What nobody works without. Where it is refused memory, libseccomp can load a list that lacks some of it.
static const struct rule needed[] = {
    {.call = SCMP_SYS(read)},
    {.call = SCMP_SYS(write)},
    {.call = SCMP_SYS(writev)},
    {.call = SCMP_SYS(close)},
    {.call = SCMP_SYS(poll)},
    {.call = SCMP_SYS(epoll_ctl)},
    {.call = SCMP_SYS(epoll_wait)},
    {.call = SCMP_SYS(accept)},
    {.call = SCMP_SYS(connect)},
    {.call = SCMP_SYS(sendto)},
    {.call = SCMP_SYS(recvfrom)},
    {.call = SCMP_SYS(shutdown)},
    {.call = SCMP_SYS(getsockopt)},
    {.call = SCMP_SYS(setsockopt)},
    {.call = SCMP_SYS(brk)},
    {.call = SCMP_SYS(munmap)},
    {.call = SCMP_SYS(futex)},
    {.call = SCMP_SYS(rt_sigprocmask)},
    {SCMP_SYS(openat), 1, {BITS(2, WRITING, O_RDONLY)}},
    {SCMP_SYS(mmap), 1, {BITS(2, PROT_EXEC, 0)}},
    {SCMP_SYS(socket), 1, {EQUAL(0, AF_UNIX)}},
    {SCMP_SYS(socket), 1, {EQUAL(0, AF_INET)}},
    {SCMP_SYS(fcntl), 1, {EQUAL(1, F_GETFL)}},
    {SCMP_SYS(fcntl), 1, {EQUAL(1, F_SETFL)}},
};

void walls_begin(void)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

// The call is not made, whatever follows here.
static void on_fatal_call(int signal_number, siginfo_t *information, void *context)
{
    (void)context;
    const char *name = "unknown";
    for (size_t i = 0; i < COUNT(fatal); i++) {
        name = fatal[i].number == information->si_syscall ? fatal[i].name : name;
    }
    log_from_signal("forbidden system call", "call", name);
    (void)raise(signal_number);
    _exit(EXIT_FAILURE);
}

// The second signal, which the handler raises, finds no handler any more.
static int catch_fatal_calls(void)
{
    struct sigaction action = {.sa_sigaction = on_fatal_call,
                               .sa_flags = (int)(SA_SIGINFO | SA_RESETHAND | SA_NODEFER)};
    (void)sigemptyset(&action.sa_mask);
    return sigaction(SIGSYS, &action, NULL) == 0 ? 0 : -errno;
}

static void on_no_end(int signal_number)
{
    (void)signal_number;
    log_from_signal("system calls cannot be limited", "reason", "libseccomp comes to no end");
    _exit(EXIT_FAILURE);
}

// Where it is refused memory, libseccomp 2.5 can go round in circles. By the processor's time: a busy machine
// is no reason to give up.
static int begin_patience(void)
{
    const struct sigaction give_up = {.sa_handler = on_no_end};
    const struct itimerval patience = {.it_value = {.tv_sec = PATIENCE}};
    bool done = sigaction(SIGVTALRM, &give_up, NULL) == 0 && setitimer(ITIMER_VIRTUAL, &patience, NULL) == 0;
    return done ? 0 : -errno;
}

// Behind the walls no timer can be stopped, but its signal can be ignored.
static int end_patience(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    return sigaction(SIGVTALRM, &ignore, NULL) == 0 ? 0 : -errno;
}

// Asks for what is let through and cannot be done: nothing but the walls answers that with EPERM. A call
// whose number is negative is none on this processor.
static bool is_let_through(const struct rule *rule)
{
    long words[] = {-1, -1, -1, -1, -1, -1};
    for (unsigned i = 0; i < rule->count; i++) {
        words[rule->only[i].arg] = (long)rule->only[i].datum_b;
    }
    return rule->call < 0 ||
           syscall(rule->call, words[0], words[1], words[2], words[3], words[4], words[5]) != -1 ||
           errno != EPERM;
}

static int try_needed(void)
{
    for (size_t i = 0; i < COUNT(needed); i++) {
        if (!is_let_through(&needed[i])) {
            return -EPERM;
        }
    }
    return 0;
}

// EDOM: this processor has no such call.
static void add(scmp_filter_ctx filter, int *fault, uint32_t action, const struct rule *rule)
{
    if (*fault == 0) {
        int done = seccomp_rule_add_array(filter, action, rule->call, rule->count, rule->only);
        *fault = done == -EDOM ? 0 : done;
    }
}

static void add_names(scmp_filter_ctx filter, int *fault, uint32_t action, const char *const *names,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct rule rule = {.call = seccomp_syscall_resolve_name(names[i])};
        if (rule.call != __NR_SCMP_ERROR) {
            add(filter, fault, action, &rule);
        }
    }
}

// glibc asks the kernel by netlink which addresses this host has, and can do without.
static void add_families(scmp_filter_ctx filter, int *fault, enum wall_kind kind)
{
    const struct rule queues = {SCMP_SYS(socket), 2, {EQUAL(0, AF_NETLINK), EQUAL(2, NETLINK_SOCK_DIAG)}};
    const struct rule netlink = {SCMP_SYS(socket), 1, {EQUAL(0, AF_NETLINK)}};
    const struct rule later = {SCMP_SYS(socket), 1, {{.arg = 0, .op = SCMP_CMP_GT, .datum_a = AF_NETLINK}}};
    if (kind == WALL_METRICS) {
        add(filter, fault, SCMP_ACT_ALLOW, &queues);
    } else {
        add(filter, fault, SCMP_ACT_ERRNO(EAFNOSUPPORT), &netlink);
    }
    for (int family = 0; family < AF_NETLINK; family++) {
        const struct rule other = {SCMP_SYS(socket), 1, {EQUAL(0, family)}};
        if (family != AF_UNIX && family != AF_INET && family != AF_INET6) {
            add(filter, fault, SCMP_ACT_TRAP, &other);
        }
    }
    add(filter, fault, SCMP_ACT_TRAP, &later);
}

// A thread is a clone; so is a process, and that is fatal.
static void add_threads(scmp_filter_ctx filter, int *fault, enum wall_kind kind)
{
    const struct rule thread = {SCMP_SYS(clone), 1, {BITS(0, CLONE_THREAD, CLONE_THREAD)}};
    const struct rule process = {SCMP_SYS(clone), 1, {BITS(0, CLONE_THREAD, 0)}};
    const struct rule any = {.call = SCMP_SYS(clone)};
    if (kind == WALL_MAILER) {
        add(filter, fault, SCMP_ACT_ALLOW, &thread);
        add_names(filter, fault, SCMP_ACT_ALLOW, of_threads, COUNT(of_threads));
    }
    add(filter, fault, SCMP_ACT_TRAP, kind == WALL_MAILER ? &process : &any);
}

static void add_fatal(scmp_filter_ctx filter, int *fault)
{
    for (size_t i = 0; i < COUNT(fatal); i++) {
        const struct rule rule = {.call = fatal[i].number};
        if (rule.call != SCMP_SYS(clone) && rule.call != SCMP_SYS(socket)) {
            add(filter, fault, SCMP_ACT_TRAP, &rule);
        }
    }
}

static int fill(scmp_filter_ctx filter, enum wall_kind kind)
{
    // abort() and raise() end this process; no signal goes to another one.
    const struct rule own_signal = {SCMP_SYS(tgkill), 1, {EQUAL(0, getpid())}};
    int fault = 0;
    add_names(filter, &fault, SCMP_ACT_ALLOW, harmless, COUNT(harmless));
    add_names(filter, &fault, SCMP_ACT_ERRNO(ENOSYS), absent, COUNT(absent));
    for (size_t i = 0; i < COUNT(rules); i++) {
        add(filter, &fault, SCMP_ACT_ALLOW, &rules[i]);
    }
    add(filter, &fault, SCMP_ACT_ALLOW, &own_signal);
    add_families(filter, &fault, kind);
    add_threads(filter, &fault, kind);
    add_fatal(filter, &fault);
    return fault;
}

bool walls_raise(enum wall_kind kind, bool is_wanted)
{
    if (!is_wanted || HAS_SANITIZER) {
        log_event(LOG_WARNING, "system calls are not limited",
                  LOG_STRING("reason", is_wanted ? "a build with sanitizers" : "SECCOMP is off"));
        return true;
    }
    int fault = begin_patience();
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    fault = fault == 0 && filter == NULL ? -ENOMEM : fault;
    fault = fault == 0 ? fill(filter, kind) : fault;
    // What is refused stands in the kernel's log, where that is kept.
    fault = fault == 0 ? seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1) : fault;
    fault = fault == 0 || fault == -EOPNOTSUPP ? catch_fatal_calls() : fault;
    fault = fault == 0 ? seccomp_load(filter) : fault;
    seccomp_release(filter);
    fault = fault == 0 ? end_patience() : fault;
    fault = fault == 0 ? try_needed() : fault;
    if (fault != 0) {
        log_event(LOG_ERROR, "system calls cannot be limited", LOG_STRING("reason", strerrordesc_np(-fault)));
    }
    return fault == 0;
}
