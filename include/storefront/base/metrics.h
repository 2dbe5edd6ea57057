// What all processes of a host count together, in one file that each maps into its memory; and the writing of
// it in Prometheus' text format (version 0.0.4). It promises that counting never waits, never fails, and
// survives the death of any process; a process that ended is no longer counted as a worker, for the kernel
// frees the lock on its seat. It refuses to know what a count means: names come from the callers, and
// metrics.c has a line of help for each family.
#ifndef STOREFRONT_BASE_METRICS_H
#define STOREFRONT_BASE_METRICS_H

#include "storefront/base/text.h"

struct metrics;

#define METRICS_BUCKETS ((size_t)14)

// One histogram of times: where its counters stand.
struct metrics_histogram {
    size_t buckets[METRICS_BUCKETS];
    size_t sum;
    size_t count;
};

// Maps the file `path`, made where it is missing; NULL or empty, or a file that cannot be used (which is
// logged): memory of this process alone. NULL only without memory. The caller ends it with metrics_close().
struct metrics *metrics_open(const char *path);

// Unmaps the file and frees `*metrics`, which becomes NULL; what was counted stays in the file. NULL is
// allowed.
void metrics_close(struct metrics **metrics);

// The counter `name`, labels included, as in storefront_mails_total{outcome="sent"}: a name that metrics.c
// lists. When there is no room for one more, all that find none share one that nobody reads.
size_t metrics_counter(struct metrics *metrics, struct text name);

// The sum of all counters of the family `name` whose labels hold `label`.
int64_t metrics_sum(struct metrics *metrics, const char *name, struct text label);

// Adds `amount` to a counter; of times: microseconds.
void metrics_add(struct metrics *metrics, size_t counter, int64_t amount);

// The histogram `name` with `labels` (as in pool="pages"; maybe empty).
void metrics_histogram(struct metrics *metrics, const char *name, const char *labels,
                       struct metrics_histogram *histogram);

// Counts one time of `microseconds`.
void metrics_observe(struct metrics *metrics, const struct metrics_histogram *histogram,
                     int64_t microseconds);

// From now on this process is a worker of `pool`, idle; until it ends.
void metrics_sit(struct metrics *metrics, const char *pool);

// Says whether this worker is at work.
void metrics_set_busy(struct metrics *metrics, bool is_busy);

// Writes everything that was counted.
void metrics_write(struct metrics *metrics, struct buffer *out);

// Writes one gauge that the caller knows: its help, type and value.
void metrics_write_gauge(struct buffer *out, const char *name, const char *help, int64_t value);

#endif
