// Fails one call in turn: preloaded into a program, it counts the allocations of every library, the calls
// that the program itself makes to others, and what is read and written, and lets the one that a driver has
// chosen fail. The driver (torture.py) and this file share struct control in a file; neither knows what the
// program is for.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <idn2.h>
#include <libpq-fe.h>
#include <link.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <poll.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utf8proc.h>

#define MODULES_MAXIMUM 64
#define NAME_SIZE       48
#define FRAMES_MAXIMUM  48
#define STACKS_MAXIMUM  65536
#define MAGIC           0x746f7274u

enum counting { COUNTING_OFF, COUNTING_ON, COUNTING_FROM_MAIN };
enum notes { NOTES_OFF, NOTES_WHOLE, NOTES_OURS };

// What the driver reads and writes; torture.py knows the order.
struct control {
    uint64_t counting; // enum counting; COUNTING_FROM_MAIN: from the first call of the program itself on
    uint64_t fail_at;  // the call to fail, from 1; 0: none
    uint64_t keeps_failing;
    uint64_t counted;
    uint64_t has_failed;
    uint64_t is_idle; // the program waits for work
    uint64_t rounds;  // how often it may still begin to work
    uint64_t live;    // allocations that were not freed
    uint64_t notes;   // enum notes: whether `stacks` is to be filled; NOTES_OURS: libraries left out
    char name[NAME_SIZE];
    char caller[NAME_SIZE];
    uint64_t frame_count;
    uint64_t frames[FRAMES_MAXIMUM]; // addresses in the modules of the next line
    char frame_modules[FRAMES_MAXIMUM][NAME_SIZE];
    uint64_t stacks[STACKS_MAXIMUM]; // of each call a digest of who called it; its lowest bit: a rare one
};

struct module {
    uintptr_t base;
    uintptr_t begin;
    uintptr_t end;
    char name[NAME_SIZE];
};

// Before each piece of memory.
struct header {
    uint32_t magic;
    uint32_t is_counted;
    uint64_t size;
};

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *piece, size_t size);
extern void __libc_free(void *piece);

static struct control unused;
static struct control *control = &unused;
static struct module modules[MODULES_MAXIMUM];
static size_t module_count;
static _Thread_local bool is_inside; // what this file itself calls is not counted

static void copy_name(char to[static NAME_SIZE], const char *name)
{
    size_t length = strnlen(name, NAME_SIZE - 1);
    memcpy(to, name, length);
    to[length] = '\0';
}

static int note_module(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    if (module_count == MODULES_MAXIMUM) {
        return 1;
    }
    struct module *module = &modules[module_count];
    const char *slash = strrchr(info->dlpi_name, '/');
    // The program itself comes first and has no name.
    const char *name = module_count == 0 ? "ours" : slash == NULL ? info->dlpi_name : slash + 1;
    *module = (struct module){.base = info->dlpi_addr, .begin = UINTPTR_MAX};
    copy_name(module->name, name);
    char *dot = strchr(module->name, '.');
    if (dot != NULL) {
        *dot = '\0';
    }
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD) {
            uintptr_t begin = info->dlpi_addr + part->p_vaddr;
            module->begin = begin < module->begin ? begin : module->begin;
            module->end = begin + part->p_memsz > module->end ? begin + part->p_memsz : module->end;
        }
    }
    module_count++;
    return 0;
}

static const struct module *find_module(uintptr_t address)
{
    for (int again = 0; again < 2; again++) {
        for (size_t i = 0; i < module_count; i++) {
            if (address >= modules[i].begin && address < modules[i].end) {
                return &modules[i];
            }
        }
        module_count = 0;
        (void)dl_iterate_phdr(note_module, NULL);
    }
    static const struct module unknown = {.name = "unknown"};
    return &unknown;
}

// Whose allocations are so few that a choice of calls must not leave them out.
static bool is_rare(const struct module *module)
{
    static const char *const common[] = {"ours", "libpq", "libcrypto", "libfcgi", "libzxcvbn"};
    for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
        if (strcmp(module->name, common[i]) == 0) {
            return false;
        }
    }
    return true;
}

static bool is_ours(const struct module *module)
{
    return module == &modules[0];
}

__attribute__((constructor)) static void begin(void)
{
    is_inside = true;
    const char *path = getenv("TORTURE_CONTROL");
    int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    void *shared =
        file < 0 ? MAP_FAILED : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    void *frames[2];
    (void)backtrace(frames, 2); // loads what it needs
    (void)dl_iterate_phdr(note_module, NULL);
    if (shared != MAP_FAILED) {
        ((struct control *)shared)->live = control->live;
        control = shared;
    }
    if (file >= 0) {
        (void)close(file);
    }
    is_inside = false;
}

static void note_failure(const char *name, const struct module *caller)
{
    void *frames[FRAMES_MAXIMUM];
    is_inside = true;
    int count = backtrace(frames, FRAMES_MAXIMUM);
    copy_name(control->name, name);
    copy_name(control->caller, caller->name);
    control->frame_count = (uint64_t)(count < 0 ? 0 : count);
    for (int i = 0; i < count; i++) {
        const struct module *module = find_module((uintptr_t)frames[i]);
        control->frames[i] = (uintptr_t)frames[i] - module->base;
        copy_name(control->frame_modules[i], module->name);
    }
    is_inside = false;
}

static uint64_t digest_more(uint64_t digest, uint64_t number)
{
    return (digest ^ number) * 1099511628211U;
}

// Where a call came from, in one number: loops come by one place many times, and need not fail as often.
static void note_stack(const char *name, uint64_t number, bool is_common)
{
    void *frames[FRAMES_MAXIMUM];
    uint64_t digest = 14695981039346656037U;
    for (const char *at = name; *at != '\0'; at++) {
        digest = digest_more(digest, (unsigned char)*at);
    }
    is_inside = true;
    int count = backtrace(frames, FRAMES_MAXIMUM);
    is_inside = false;
    for (int i = 0; i < count; i++) {
        const struct module *module = find_module((uintptr_t)frames[i]);
        if (control->notes == NOTES_WHOLE || is_ours(module)) {
            digest = digest_more(digest, (uintptr_t)frames[i] - module->base);
        }
    }
    if (number <= STACKS_MAXIMUM) {
        control->stacks[number - 1] = (digest & ~UINT64_C(1)) | (is_common ? 0 : 1);
    }
}

// What a build that counts does behind main is not the program's work.
static void end_counting(void)
{
    control->counting = COUNTING_OFF;
}

static void begin_counting(void)
{
    is_inside = true;
    (void)atexit(end_counting);
    is_inside = false;
    control->counting = COUNTING_ON;
}

// Counts a call of `name`; true when it is to fail. `ours_only`: only where the program itself calls it.
static bool fails(const char *name, bool ours_only, const void *return_address)
{
    if (is_inside || control->counting == COUNTING_OFF) {
        return false;
    }
    const struct module *caller = find_module((uintptr_t)return_address);
    if (ours_only && !is_ours(caller)) {
        return false;
    }
    if (control->counting == COUNTING_FROM_MAIN) {
        if (!is_ours(caller)) {
            return false;
        }
        begin_counting();
    }
    uint64_t number = ++control->counted;
    if (control->notes != NOTES_OFF) {
        note_stack(name, number, strstr(name, "alloc") != NULL && !is_rare(caller));
    }
    bool is_chosen = number == control->fail_at;
    if (is_chosen) {
        control->has_failed = 1;
        note_failure(name, caller);
    }
    return is_chosen || (control->keeps_failing != 0 && control->fail_at != 0 && number > control->fail_at);
}

static bool memory_fails(const char *name, const void *return_address)
{
    bool is_failing = fails(name, false, return_address);
    if (is_failing) {
        errno = ENOMEM;
    }
    return is_failing;
}

// --- memory
// --------------------------------------------------------------------------------------------------------

static void *note_piece(struct header *header, size_t size)
{
    if (header == NULL) {
        return NULL;
    }
    *header = (struct header){MAGIC, 1, size};
    (void)__atomic_add_fetch(&control->live, 1, __ATOMIC_RELAXED);
    return header + 1;
}

void *malloc(size_t size)
{
    if (memory_fails("malloc", __builtin_return_address(0))) {
        return NULL;
    }
    return note_piece(__libc_malloc(size + sizeof(struct header)), size);
}

void *calloc(size_t count, size_t size)
{
    size_t whole = 0;
    if (__builtin_mul_overflow(count, size, &whole) || whole > SIZE_MAX - sizeof(struct header) ||
        memory_fails("calloc", __builtin_return_address(0))) {
        return NULL;
    }
    return note_piece(__libc_calloc(1, whole + sizeof(struct header)), whole);
}

static struct header *header_of(void *piece)
{
    struct header *header = (struct header *)piece - 1;
    return header->magic == MAGIC ? header : NULL;
}

void free(void *piece)
{
    struct header *header = piece == NULL ? NULL : header_of(piece);
    if (header == NULL) {
        __libc_free(piece); // it was there before this file was
        return;
    }
    header->magic = 0;
    (void)__atomic_sub_fetch(&control->live, 1, __ATOMIC_RELAXED);
    __libc_free(header);
}

void *realloc(void *piece, size_t size)
{
    struct header *header = piece == NULL ? NULL : header_of(piece);
    if (memory_fails("realloc", __builtin_return_address(0))) {
        return NULL;
    }
    if (piece == NULL) {
        return note_piece(__libc_malloc(size + sizeof(struct header)), size);
    }
    if (header == NULL) {
        return __libc_realloc(piece, size);
    }
    struct header *moved = __libc_realloc(header, size + sizeof(struct header));
    if (moved != NULL) {
        moved->size = size;
    }
    return moved == NULL ? NULL : moved + 1;
}

void *reallocarray(void *piece, size_t count, size_t size)
{
    size_t whole = 0;
    return __builtin_mul_overflow(count, size, &whole) ? NULL : realloc(piece, whole);
}

// --- what a program calls
// ------------------------------------------------------------------------------------------

static void *next_of(const char *name)
{
    bool was_inside = is_inside;
    is_inside = true;
    void *next = dlsym(RTLD_NEXT, name);
    is_inside = was_inside;
    return next;
}

// clang-format off
// Defines NAME, which fails by giving FAILURE (with errno as ERROR) when its turn has come.
#define CALL_BY(ours_only, error, type, name, parameters, arguments, failure) \
    type name parameters                                                      \
    {                                                                         \
        static type(*next) parameters;                                        \
        if (next == NULL) {                                                   \
            *(void **)&next = next_of(#name);                                 \
        }                                                                     \
        if (fails(#name, ours_only, __builtin_return_address(0))) {           \
            __typeof__(next arguments) given = failure;                       \
            errno = error;                                                    \
            return given;                                                     \
        }                                                                     \
        return next arguments;                                                \
    }
#define CALL(type, name, parameters, arguments, failure) \
    CALL_BY(true, ENOMEM, type, name, parameters, arguments, failure)

#define ANYBODY false
CALL_BY(ANYBODY, EIO, ssize_t, read, (int file, void *bytes, size_t size), (file, bytes, size), -1)
CALL_BY(ANYBODY, ENOSPC, ssize_t, write, (int file, const void *bytes, size_t size), (file, bytes, size), -1)
// A connection that broke is broken for both.
#define BREAK(file) (shutdown(file, SHUT_RDWR), -1)
CALL_BY(ANYBODY, ECONNRESET, ssize_t, recv, (int file, void *bytes, size_t size, int flags), (file, bytes, size, flags), BREAK(file))
CALL_BY(ANYBODY, EPIPE, ssize_t, send, (int file, const void *bytes, size_t size, int flags), (file, bytes, size, flags), BREAK(file))
CALL_BY(ANYBODY, EMFILE, int, socket, (int domain, int kind, int protocol), (domain, kind, protocol), -1)
CALL_BY(ANYBODY, ECONNREFUSED, int, connect, (int file, const struct sockaddr *to, socklen_t size), (file, to, size), -1)
CALL_BY(ANYBODY, ENOMEM, void *, mmap, (void *at, size_t size, int protection, int flags, int file, off_t offset),
        (at, size, protection, flags, file, offset), MAP_FAILED)
CALL(int, ftruncate, (int file, off_t size), (file, size), -1)
CALL(int, fstat, (int file, struct stat *status), (file, status), -1)
CALL(int, stat, (const char *path, struct stat *status), (path, status), -1)
CALL(int, fchmod, (int file, mode_t mode), (file, mode), -1)
CALL(int, mkdir, (const char *path, mode_t mode), (path, mode), -1)
CALL(int, rename, (const char *from, const char *to), (from, to), -1)
CALL(int, signalfd, (int file, const sigset_t *signals, int flags), (file, signals, flags), -1)
CALL(int, epoll_create1, (int flags), (flags), -1)
CALL(int, epoll_ctl, (int events, int deed, int file, struct epoll_event *event), (events, deed, file, event), -1)

CALL(int, RAND_priv_bytes, (unsigned char *bytes, int size), (bytes, size), 0)
CALL(int, RAND_bytes, (unsigned char *bytes, int size), (bytes, size), 0)
CALL(int, EVP_Digest, (const void *data, size_t size, unsigned char *digest, unsigned *length, const EVP_MD *kind, ENGINE *engine),
     (data, size, digest, length, kind, engine), 0)
CALL(EVP_MD *, EVP_MD_fetch, (OSSL_LIB_CTX *context, const char *name, const char *wanted), (context, name, wanted), NULL)
CALL(EVP_MAC *, EVP_MAC_fetch, (OSSL_LIB_CTX *context, const char *name, const char *wanted), (context, name, wanted), NULL)
CALL(EVP_MAC_CTX *, EVP_MAC_CTX_new, (EVP_MAC *mac), (mac), NULL)
CALL(int, EVP_MAC_init, (EVP_MAC_CTX *context, const unsigned char *key, size_t size, const OSSL_PARAM *parameters),
     (context, key, size, parameters), 0)
CALL(int, EVP_MAC_update, (EVP_MAC_CTX *context, const unsigned char *data, size_t size), (context, data, size), 0)
CALL(int, EVP_MAC_final, (EVP_MAC_CTX *context, unsigned char *out, size_t *length, size_t room), (context, out, length, room), 0)
CALL(EVP_KDF *, EVP_KDF_fetch, (OSSL_LIB_CTX *context, const char *name, const char *wanted), (context, name, wanted), NULL)
CALL(EVP_KDF_CTX *, EVP_KDF_CTX_new, (EVP_KDF *kdf), (kdf), NULL)
CALL(int, EVP_KDF_derive, (EVP_KDF_CTX *context, unsigned char *key, size_t size, const OSSL_PARAM *parameters),
     (context, key, size, parameters), 0)

CALL(int, sodium_init, (void), (), -1)
CALL(int, crypto_pwhash_str_alg, (char out[crypto_pwhash_STRBYTES], const char *const password, unsigned long long size,
     unsigned long long passes, size_t memory, int kind), (out, password, size, passes, memory, kind), -1)
CALL(int, crypto_pwhash, (unsigned char *const out, unsigned long long room, const char *const password,
     unsigned long long size, const unsigned char *const salt, unsigned long long passes, size_t memory, int kind),
     (out, room, password, size, salt, passes, memory, kind), -1)
CALL(int, crypto_pwhash_str_verify, (const char hash[crypto_pwhash_STRBYTES], const char *const password, unsigned long long size),
     (hash, password, size), -1)

CALL(utf8proc_ssize_t, utf8proc_map, (const utf8proc_uint8_t *text, utf8proc_ssize_t size, utf8proc_uint8_t **mapped,
     utf8proc_option_t options), (text, size, mapped, options), UTF8PROC_ERROR_NOMEM)
CALL(int, idn2_lookup_u8, (const uint8_t *name, uint8_t **ascii, int flags), (name, ascii, flags), IDN2_MALLOC)

CALL(PQconninfoOption *, PQconninfoParse, (const char *url, char **fault), (url, fault), NULL)
CALL(PGconn *, PQconnectStartParams, (const char *const *names, const char *const *values, int expand), (names, values, expand), NULL)
CALL(PostgresPollingStatusType, PQconnectPoll, (PGconn *libpq), (libpq), PGRES_POLLING_FAILED)
CALL(PGconn *, PQconnectdb, (const char *url), (url), NULL)
CALL(int, PQsetnonblocking, (PGconn *libpq, int on), (libpq, on), -1)
CALL(int, PQenterPipelineMode, (PGconn *libpq), (libpq), 0)
CALL(int, PQsendPrepare, (PGconn *libpq, const char *name, const char *text, int count, const Oid *types),
     (libpq, name, text, count, types), 0)
CALL(int, PQsendQueryPrepared, (PGconn *libpq, const char *name, int count, const char *const *values, const int *lengths,
     const int *formats, int format), (libpq, name, count, values, lengths, formats, format), 0)
CALL(int, PQpipelineSync, (PGconn *libpq), (libpq), 0)
CALL(int, PQflush, (PGconn *libpq), (libpq), -1)
CALL(int, PQconsumeInput, (PGconn *libpq), (libpq), 0)
CALL(PGresult *, PQgetResult, (PGconn *libpq), (libpq), NULL)
CALL(PGresult *, PQexec, (PGconn *libpq, const char *text), (libpq, text), NULL)
CALL(PGresult *, PQexecParams, (PGconn *libpq, const char *text, int count, const Oid *types, const char *const *values,
     const int *lengths, const int *formats, int format), (libpq, text, count, types, values, lengths, formats, format), NULL)
CALL(ConnStatusType, PQstatus, (const PGconn *libpq), (libpq), CONNECTION_BAD)
CALL(int, PQsocket, (const PGconn *libpq), (libpq), -1)

CALL(CURLcode, curl_global_init, (long flags), (flags), CURLE_OUT_OF_MEMORY)
CALL(CURL *, curl_easy_init, (void), (), NULL)
CALL(CURLcode, curl_easy_perform, (CURL *curl), (curl), CURLE_OUT_OF_MEMORY)
CALL(struct curl_slist *, curl_slist_append, (struct curl_slist *list, const char *text), (list, text), NULL)
// clang-format on

CURLcode curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
    static CURLcode (*next)(CURL *, CURLoption, ...);
    va_list list;
    va_start(list, option);
    void *value = va_arg(list, void *);
    va_end(list);
    if (next == NULL) {
        *(void **)&next = next_of("curl_easy_setopt");
    }
    return fails("curl_easy_setopt", true, __builtin_return_address(0)) ? CURLE_OUT_OF_MEMORY
                                                                        : next(curl, option, value);
}

int open(const char *path, int flags, ...)
{
    static int (*next)(const char *, int, ...);
    va_list list;
    va_start(list, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0;
    va_end(list);
    if (next == NULL) {
        *(void **)&next = next_of("open");
    }
    if (fails("open", true, __builtin_return_address(0))) {
        errno = EMFILE;
        return -1;
    }
    return next(path, flags, mode);
}

// Waiting for work is no call to fail: it is where the driver finds the program done, and lets it go on.
static void rest(void)
{
    while (control != &unused && __atomic_load_n(&control->rounds, __ATOMIC_ACQUIRE) == 0) {
        (void)usleep(1000);
    }
    control->rounds--;
    control->is_idle = 0;
}

int epoll_wait(int events, struct epoll_event *ready, int maximum, int timeout)
{
    static int (*next)(int, struct epoll_event *, int, int);
    if (next == NULL) {
        *(void **)&next = next_of("epoll_wait");
    }
    control->is_idle = 1;
    int count = next(events, ready, maximum, timeout);
    rest();
    return count;
}

int poll(struct pollfd *files, nfds_t count, int timeout)
{
    static int (*next)(struct pollfd *, nfds_t, int);
    if (next == NULL) {
        *(void **)&next = next_of("poll");
    }
    if (count == 0) {
        control->is_idle = 1;
        int ready = next(files, count, timeout);
        rest();
        return ready;
    }
    if (fails("poll", false, __builtin_return_address(0))) {
        errno = ENOMEM;
        return -1;
    }
    return next(files, count, timeout);
}

// Whoever fails slowly need not in a test.
int nanosleep(const struct timespec *time, struct timespec *left)
{
    static int (*next)(const struct timespec *, struct timespec *);
    if (next == NULL) {
        *(void **)&next = next_of("nanosleep");
    }
    return control == &unused ? next(time, left) : 0;
}
