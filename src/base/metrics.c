// See metrics.h. A counter is claimed under its name by whoever needs it first, so that programs of different
// versions can share the file; only a change of the layout below needs another number at the file's end.
#include "storefront/base/metrics.h"
#include "storefront/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNTERS     ((size_t)2048)
#define SEATS        ((size_t)1024)
#define NAME_SIZE    ((size_t)152)
#define POOL_SIZE    ((size_t)16)
#define LAYOUT       "1"
#define MODE         0660
#define MICROSECONDS 1000000

enum claim { CLAIM_FREE, CLAIM_TAKEN, CLAIM_READY };

struct counter {
    atomic_int claim;
    char name[NAME_SIZE]; // ends with a NUL; never changes once CLAIM_READY
    atomic_int_least64_t value;
};

struct seat {
    char pool[POOL_SIZE];
    atomic_int is_busy;
};

struct shared {
    struct counter counters[COUNTERS];
    struct seat seats[SEATS];
};

struct metrics {
    struct shared *shared;
    int file;    // -1: none
    size_t seat; // SEATS: none
};

struct family {
    const char *name;
    enum { COUNTER, TIME, HISTOGRAM } kind; // TIME: a counter of microseconds, told in seconds
    const char *help;
};

static const struct family families[] = {
    {"storefront_requests_total", COUNTER, "Requests that a worker has answered."},
    {"storefront_request_seconds", HISTOGRAM,
     "Time from the acceptance of a request to its answer, by pool."},
    {"storefront_database_seconds_total", TIME, "Time that requests have waited for the database."},
    {"storefront_database_round_trips_total", COUNTER,
     "Turns of statements and answers between workers and database."},
    {"storefront_database_connections_total", COUNTER, "Connections to the database that were made."},
    {"storefront_database_failures_total", COUNTER,
     "Tries to connect to the database that failed on every host."},
    {"storefront_password_hashes_total", COUNTER, "Requests that have hashed a password."},
    {"storefront_password_hash_seconds_total", TIME, "Time spent with hashing passwords."},
    {"storefront_password_hash_processor_seconds_total", TIME,
     "Time that processors worked on hashing passwords."},
    {"storefront_throttled_reported_total", COUNTER,
     "Refusals by a limit that the daily figures hold already."},
    {"storefront_mails_total", COUNTER, "What became of mails that a mailer took in hand."},
    {"storefront_mail_delay_seconds", HISTOGRAM,
     "Time from the wish for a mail to its acceptance by the mail server."},
    {"storefront_maintenance_total", COUNTER, "Runs of storefront maintain, by how they ended."},
};

// Upper bounds in microseconds; above the last but one everything.
static const int64_t bounds[METRICS_BUCKETS] = {500,    1000,   2500,   5000,    10000,   25000,   50000,
                                                100000, 250000, 500000, 1000000, 2500000, 5000000, INT64_MAX};
static const char *const bound_names[METRICS_BUCKETS] = {"0.0005", "0.001", "0.0025", "0.005", "0.01",
                                                         "0.025",  "0.05",  "0.1",    "0.25",  "0.5",
                                                         "1",      "2.5",   "5",      "+Inf"};

static int open_file(const char *path)
{
    char name[FILENAME_MAX];
    int length = snprintf(name, sizeof name, "%s.%s", path, LAYOUT);
    if (length < 0 || (size_t)length >= sizeof name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int file = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, MODE);
    if (file < 0) {
        return -1;
    }
    // The umask took the group's right to write away, which the mailer and the workers share.
    (void)fchmod(file, MODE);
    if (ftruncate(file, sizeof(struct shared)) != 0) {
        (void)close(file);
        return -1;
    }
    return file;
}

struct metrics *metrics_open(const char *path)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);
    if (metrics == NULL) {
        return NULL;
    }
    metrics->seat = SEATS;
    metrics->file = path == NULL || path[0] == '\0' ? -1 : open_file(path);
    if (metrics->file < 0 && path != NULL && path[0] != '\0') {
        log_event(LOG_WARNING, "nothing is counted for metrics", LOG_STRING("file", path),
                  LOG_STRING("reason", strerrordesc_np(errno)));
    }
    int flags = metrics->file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
    void *shared = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, flags, metrics->file, 0);
    metrics->shared = shared == MAP_FAILED ? NULL : shared;
    if (metrics->shared == NULL) {
        metrics_close(&metrics);
    }
    return metrics;
}

void metrics_close(struct metrics **metrics)
{
    if (*metrics == NULL) {
        return;
    }
    if ((*metrics)->shared != NULL) {
        (void)munmap((*metrics)->shared, sizeof(struct shared));
    }
    if ((*metrics)->file >= 0) {
        (void)close((*metrics)->file);
    }
    free(*metrics);
    *metrics = NULL;
}

// Whether the counter has a name by now. Whoever is just writing one has done it in a moment; whoever died of
// it never will.
static bool is_named(struct counter *counter)
{
    const int looks = 100000;
    int claim = atomic_load(&counter->claim);
    for (int i = 0; i < looks && claim == CLAIM_TAKEN; i++) {
        claim = atomic_load(&counter->claim);
    }
    return claim == CLAIM_READY;
}

size_t metrics_counter(struct metrics *metrics, struct text name)
{
    const size_t nobodys = COUNTERS - 1;
    if (name.length >= NAME_SIZE) {
        return nobodys;
    }
    for (size_t i = 0; i < nobodys; i++) {
        struct counter *counter = &metrics->shared->counters[i];
        int expected = CLAIM_FREE;
        if (atomic_compare_exchange_strong(&counter->claim, &expected, CLAIM_TAKEN)) {
            memcpy(counter->name, name.bytes, name.length);
            atomic_store(&counter->claim, CLAIM_READY);
            return i;
        }
        if (is_named(counter) && text_equals(text_from(counter->name), name)) {
            return i;
        }
    }
    return nobodys;
}

void metrics_add(struct metrics *metrics, size_t counter, int64_t amount)
{
    (void)atomic_fetch_add_explicit(&metrics->shared->counters[counter].value, amount, memory_order_relaxed);
}

static size_t find_part(struct metrics *metrics, const char *name, const char *part, const char *labels,
                        const char *bound)
{
    char full[NAME_SIZE];
    const char *comma = labels[0] != '\0' && bound != NULL ? "," : "";
    bool has_labels = labels[0] != '\0' || bound != NULL;
    int length = snprintf(full, sizeof full, "%s%s%s%s%s%s%s%s%s", name, part, has_labels ? "{" : "", labels,
                          comma, bound == NULL ? "" : "le=\"", bound == NULL ? "" : bound,
                          bound == NULL ? "" : "\"", has_labels ? "}" : "");
    return metrics_counter(metrics, text_of(full, length < 0 ? 0 : (size_t)length));
}

void metrics_histogram(struct metrics *metrics, const char *name, const char *labels,
                       struct metrics_histogram *histogram)
{
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        histogram->buckets[i] = find_part(metrics, name, "_bucket", labels, bound_names[i]);
    }
    histogram->sum = find_part(metrics, name, "_sum", labels, NULL);
    histogram->count = find_part(metrics, name, "_count", labels, NULL);
}

void metrics_observe(struct metrics *metrics, const struct metrics_histogram *histogram, int64_t microseconds)
{
    size_t bucket = 0;
    while (microseconds > bounds[bucket]) {
        bucket++;
    }
    metrics_add(metrics, histogram->buckets[bucket], 1);
    metrics_add(metrics, histogram->sum, microseconds);
    metrics_add(metrics, histogram->count, 1);
}

// A lock on one byte, which the kernel frees when its process ends, however that may be.
static struct flock lock_of(size_t seat)
{
    return (struct flock){.l_type = F_WRLCK,
                          .l_whence = SEEK_SET,
                          .l_start = (off_t)(sizeof(struct shared) + seat),
                          .l_len = 1};
}

void metrics_sit(struct metrics *metrics, const char *pool)
{
    bool is_seated = metrics->file < 0;
    for (size_t i = 0; i < SEATS && !is_seated; i++) {
        struct flock lock = lock_of(i);
        is_seated = fcntl(metrics->file, F_OFD_SETLK, &lock) == 0;
        metrics->seat = is_seated ? i : SEATS;
    }
    if (metrics->seat < SEATS) {
        struct seat *seat = &metrics->shared->seats[metrics->seat];
        atomic_store(&seat->is_busy, 0);
        (void)snprintf(seat->pool, sizeof seat->pool, "%s", pool);
    }
}

void metrics_set_busy(struct metrics *metrics, bool is_busy)
{
    if (metrics->seat < SEATS) {
        atomic_store_explicit(&metrics->shared->seats[metrics->seat].is_busy, is_busy, memory_order_relaxed);
    }
}

static void add_words(struct buffer *out, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_add(out, text_from(words[i]));
    }
}

static void write_head(struct buffer *out, const char *name, const char *help, const char *type)
{
    const char *const words[] = {"# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n"};
    add_words(out, words, sizeof words / sizeof *words);
}

static void add_value(struct buffer *out, int64_t value, bool is_time)
{
    char digits[16];
    buffer_add_byte(out, ' ');
    buffer_add_number(out, is_time ? value / MICROSECONDS : value);
    if (is_time) {
        (void)snprintf(digits, sizeof digits, ".%06d", (int)(value % MICROSECONDS));
        buffer_add(out, text_from(digits));
    }
    buffer_add_byte(out, '\n');
}

// Whether the counter `name` is of `family`; what stands behind the family's name then.
static bool is_of(const struct family *family, struct text name, struct text *suffix)
{
    if (!text_starts_with(name, text_from(family->name))) {
        return false;
    }
    *suffix = text_after(name, strlen(family->name));
    bool is_plain = suffix->length == 0 || suffix->bytes[0] == '{';
    bool is_part = text_starts_with(*suffix, TEXT("_bucket{")) || text_starts_with(*suffix, TEXT("_sum")) ||
                   text_starts_with(*suffix, TEXT("_count"));
    return family->kind == HISTOGRAM ? is_part : is_plain;
}

// What was counted under `stem` and what stands behind it in the name; by two where a name was claimed twice.
static int64_t count_named(struct shared *shared, struct text stem, struct text rest)
{
    int64_t sum = 0;
    for (size_t i = 0; i < COUNTERS - 1 && atomic_load(&shared->counters[i].claim) != CLAIM_FREE; i++) {
        struct text name = text_from(shared->counters[i].name);
        bool is_meant = atomic_load(&shared->counters[i].claim) == CLAIM_READY &&
                        text_starts_with(name, stem) && text_equals(text_after(name, stem.length), rest);
        sum += is_meant ? atomic_load(&shared->counters[i].value) : 0;
    }
    return sum;
}

// Whether a counter before number `end` has a name that begins with `stem`, or is it where nothing may
// follow.
static bool was_told(struct shared *shared, size_t end, struct text stem, bool may_go_on)
{
    for (size_t i = 0; i < end; i++) {
        struct text name = text_from(shared->counters[i].name);
        if (atomic_load(&shared->counters[i].claim) == CLAIM_READY && text_starts_with(name, stem) &&
            (may_go_on || name.length == stem.length)) {
            return true;
        }
    }
    return false;
}

// All buckets of the histogram whose names begin with `stem`, in their order: each holds what those below it
// hold. They stand where they were claimed, perhaps among those of another process.
static void write_buckets(struct shared *shared, struct text stem, struct buffer *out)
{
    int64_t value = 0;
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        const struct text parts[] = {text_from(bound_names[i]), TEXT("\"}")};
        struct text rest = text_join(out->arena, parts, 2);
        value += count_named(shared, stem, rest);
        buffer_add(out, stem);
        buffer_add(out, rest);
        add_value(out, value, false);
    }
}

static void write_family(struct shared *shared, const struct family *family, struct buffer *out)
{
    const struct text bound = TEXT("le=\"");
    write_head(out, family->name, family->help, family->kind == HISTOGRAM ? "histogram" : "counter");
    for (size_t i = 0; i < COUNTERS - 1 && atomic_load(&shared->counters[i].claim) != CLAIM_FREE; i++) {
        struct text name = text_from(shared->counters[i].name);
        struct text suffix;
        if (atomic_load(&shared->counters[i].claim) != CLAIM_READY || !is_of(family, name, &suffix)) {
            continue;
        }
        bool is_bucket = text_starts_with(suffix, TEXT("_bucket"));
        struct text stem = is_bucket ? text_cut(name, 0, text_find_text(name, bound) + bound.length) : name;
        if (was_told(shared, i, stem, is_bucket)) {
            continue;
        }
        if (is_bucket) {
            write_buckets(shared, stem, out);
        } else {
            buffer_add(out, name);
            add_value(out, count_named(shared, name, TEXT("")),
                      family->kind == TIME || text_starts_with(suffix, TEXT("_sum")));
        }
    }
}

static bool is_taken(const struct metrics *metrics, size_t seat)
{
    struct flock lock = lock_of(seat);
    return seat == metrics->seat ||
           (metrics->file >= 0 && fcntl(metrics->file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK);
}

// How many workers of the pool of `seat` there are, or are busy; -1 where a seat before it has told that
// already.
static int64_t count_pool(const struct metrics *metrics, const bool taken[static SEATS], size_t seat,
                          bool busy)
{
    struct seat *seats = metrics->shared->seats;
    int64_t count = 0;
    for (size_t i = 0; i < SEATS; i++) {
        if (!taken[i] || !text_equals(text_from(seats[i].pool), text_from(seats[seat].pool))) {
            continue;
        }
        if (i < seat) {
            return -1;
        }
        count += !busy || atomic_load(&seats[i].is_busy) != 0;
    }
    return count;
}

int64_t metrics_sum(struct metrics *metrics, const char *name, struct text label)
{
    const struct family family = {.name = name, .kind = COUNTER};
    int64_t sum = 0;
    for (size_t i = 0; i < COUNTERS - 1; i++) {
        struct counter *counter = &metrics->shared->counters[i];
        struct text suffix;
        if (atomic_load(&counter->claim) == CLAIM_READY &&
            is_of(&family, text_from(counter->name), &suffix) &&
            (label.length == 0 || text_find_text(suffix, label) < suffix.length)) {
            sum += atomic_load(&counter->value);
        }
    }
    return sum;
}

static void write_workers(const struct metrics *metrics, struct buffer *out)
{
    static const char *const names[] = {"storefront_workers", "storefront_workers_busy"};
    static const char *const helps[] = {"Workers that are there, by pool.",
                                        "Workers that are answering, by pool."};
    bool taken[SEATS];
    for (size_t i = 0; i < SEATS; i++) {
        taken[i] = is_taken(metrics, i);
    }
    for (int busy = 0; busy < 2; busy++) {
        write_head(out, names[busy], helps[busy], "gauge");
        for (size_t i = 0; i < SEATS; i++) {
            int64_t count = taken[i] ? count_pool(metrics, taken, i, busy != 0) : -1;
            if (count >= 0) {
                const char *const words[] = {names[busy], "{pool=\"", metrics->shared->seats[i].pool, "\"}"};
                add_words(out, words, sizeof words / sizeof *words);
                add_value(out, count, false);
            }
        }
    }
}

void metrics_write(struct metrics *metrics, struct buffer *out)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        write_family(metrics->shared, &families[i], out);
    }
    write_workers(metrics, out);
}

void metrics_write_gauge(struct buffer *out, const char *name, const char *help, int64_t value)
{
    write_head(out, name, help, "gauge");
    buffer_add(out, text_from(name));
    add_value(out, value, false);
}
