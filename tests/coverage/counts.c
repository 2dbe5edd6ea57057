// Only in the builds that count (STOREFRONT_COVERAGE): a process writes what it counted where it could not by
// itself. The walls let it open a file in the way that the compiler's library opens its counts; who ends
// at once, or by a signal, writes first. The programs are otherwise as they are shipped.
#include <fcntl.h>
#include <limits.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND)

int __real_seccomp_load(scmp_filter_ctx filter);
int __wrap_seccomp_load(scmp_filter_ctx filter);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);
int __real_execv(const char *path, char *const arguments[]);
int __wrap_execv(const char *path, char *const arguments[]);
int __real_raise(int number);
int __wrap_raise(int number);

#if defined(__clang__)
static const int ways[] = {O_WRONLY | O_CREAT | O_TRUNC, O_WRONLY | O_CREAT | O_APPEND};
void __llvm_profile_set_filename(const char *name);
int __llvm_profile_write_file(void);

// A child would take its parent's file, which the parent fills at its own end.
static void write_counts(void)
{
    char name[PATH_MAX];
    const char *pattern = getenv("LLVM_PROFILE_FILE");
    if (pattern != NULL && snprintf(name, sizeof name, "%s.%d", pattern, getpid()) < PATH_MAX) {
        __llvm_profile_set_filename(name);
        (void)__llvm_profile_write_file();
    }
}
#else
static const int ways[] = {O_RDWR | O_CREAT};
void __gcov_dump(void);
void __gcov_reset(void);

// What is counted afterwards is added at the end.
static void write_counts(void)
{
    __gcov_dump();
    __gcov_reset();
}
#endif

int __wrap_seccomp_load(scmp_filter_ctx filter)
{
    int fault = 0;
    for (size_t i = 0; i < sizeof ways / sizeof *ways && fault == 0; i++) {
        const struct scmp_arg_cmp way = {2, SCMP_CMP_MASKED_EQ, WRITING, (scmp_datum_t)ways[i]};
        fault = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, &way);
    }
    return fault == 0 ? __real_seccomp_load(filter) : fault;
}

void __wrap__exit(int status)
{
    write_counts();
    __real__exit(status);
}

int __wrap_execv(const char *path, char *const arguments[])
{
    write_counts();
    return __real_execv(path, arguments);
}

int __wrap_raise(int number)
{
    write_counts();
    return __real_raise(number);
}

static void on_death(int number)
{
    (void)__wrap_raise(number);
}

__attribute__((constructor)) static void begin(void)
{
    static const int deaths[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE};
    struct sigaction action = {.sa_handler = on_death, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++) {
        (void)sigaction(deaths[i], &action, NULL);
    }
}
