// The figures that all processes of a host share: every count is told once, under its family, in the form
// that Prometheus reads; by several processes at once, also where one of them dies. And a file that cannot be
// had costs nothing but the figures.
#include "support.h"

#include "storefront/base/metrics.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define REQUESTS "storefront_requests_total{method=\"GET\",route=\"/\",status=\"200\",outcome=\"done\"}"

static struct text written(struct arena *arena, struct metrics *metrics)
{
    struct buffer out = buffer_open(arena, 1024 * 1024);
    metrics_write(metrics, &out);
    assert_false(out.overflowed);
    return buffer_text(&out);
}

static void a_counter_is_told_under_its_family(void **state)
{
    struct metrics *metrics = metrics_open(NULL);
    size_t counter = metrics_counter(metrics, TEXT(REQUESTS));
    metrics_add(metrics, counter, 2);
    metrics_add(metrics, metrics_counter(metrics, TEXT(REQUESTS)), 3);
    metrics_add(metrics, metrics_counter(metrics, TEXT("storefront_password_hash_seconds_total")), 1500001);
    struct text text = written(*state, metrics);
    assert_true(holds(text, "# TYPE storefront_requests_total counter\n" REQUESTS " 5\n"));
    assert_true(holds(text, "\nstorefront_password_hash_seconds_total 1.500001\n"));
    metrics_close(&metrics);
    assert_null(metrics);
}

static void a_histogram_adds_up(void **state)
{
    static const int64_t times[] = {0, 500, 501, 999999, 7000000};
    struct metrics *metrics = metrics_open(NULL);
    struct metrics_histogram histogram;
    metrics_histogram(metrics, "storefront_request_seconds", "pool=\"pages\"", &histogram);
    for (size_t i = 0; i < ROWS(times); i++) {
        metrics_observe(metrics, &histogram, times[i]);
    }
    struct text text = written(*state, metrics);
    assert_true(holds(text, "# TYPE storefront_request_seconds histogram\n"));
    assert_true(holds(text, "_bucket{pool=\"pages\",le=\"0.0005\"} 2\n"));
    assert_true(holds(text, "_bucket{pool=\"pages\",le=\"0.001\"} 3\n"));
    assert_true(holds(text, "_bucket{pool=\"pages\",le=\"0.5\"} 3\n"));
    assert_true(holds(text, "_bucket{pool=\"pages\",le=\"5\"} 4\n"));
    assert_true(holds(text, "_bucket{pool=\"pages\",le=\"+Inf\"} 5\n"));
    assert_true(holds(text, "_sum{pool=\"pages\"} 8.001000\n"));
    assert_true(holds(text, "_count{pool=\"pages\"} 5\n"));
    metrics_close(&metrics);
}

// Two pools start at the same moment: their buckets stand as they were claimed.
static void histograms_of_two_pools_do_not_mix(void **state)
{
    struct metrics *metrics = metrics_open(NULL);
    struct metrics_histogram pages;
    struct metrics_histogram login;
    (void)metrics_counter(metrics, TEXT("storefront_request_seconds_bucket{pool=\"login\",le=\"+Inf\"}"));
    (void)metrics_counter(metrics, TEXT("storefront_request_seconds_bucket{pool=\"login\",le=\"0.005\"}"));
    metrics_histogram(metrics, "storefront_request_seconds", "pool=\"pages\"", &pages);
    metrics_histogram(metrics, "storefront_request_seconds", "pool=\"login\"", &login);
    metrics_observe(metrics, &pages, 1);
    metrics_observe(metrics, &login, 4000);
    metrics_observe(metrics, &login, 9000000);
    struct text text = written(*state, metrics);
    assert_true(holds(text, "{pool=\"login\",le=\"0.0005\"} 0\n"
                            "storefront_request_seconds_bucket{pool=\"login\",le=\"0.001\"} 0\n"
                            "storefront_request_seconds_bucket{pool=\"login\",le=\"0.0025\"} 0\n"
                            "storefront_request_seconds_bucket{pool=\"login\",le=\"0.005\"} 1\n"));
    assert_true(holds(text, "{pool=\"login\",le=\"+Inf\"} 2\n"));
    assert_true(holds(text, "{pool=\"pages\",le=\"0.0005\"} 1\n"));
    assert_true(holds(text, "{pool=\"pages\",le=\"+Inf\"} 1\n"));
    metrics_close(&metrics);
}

static void a_histogram_needs_no_labels(void **state)
{
    struct metrics *metrics = metrics_open(NULL);
    struct metrics_histogram histogram;
    metrics_histogram(metrics, "storefront_mail_delay_seconds", "", &histogram);
    metrics_observe(metrics, &histogram, 1500000);
    struct text text = written(*state, metrics);
    assert_true(holds(text, "\nstorefront_mail_delay_seconds_bucket{le=\"2.5\"} 1\n"));
    assert_true(holds(text, "\nstorefront_mail_delay_seconds_sum 1.500000\n"));
    assert_true(holds(text, "\nstorefront_mail_delay_seconds_count 1\n"));
    metrics_close(&metrics);
}

static void a_gauge_is_told_with_its_help(void **state)
{
    struct buffer out = buffer_open(*state, 1024);
    metrics_write_gauge(&out, "storefront_waiting", "Who waits.", 3);
    assert_text(buffer_text(&out), "# HELP storefront_waiting Who waits.\n"
                                   "# TYPE storefront_waiting gauge\nstorefront_waiting 3\n");
}

static void a_sum_is_over_the_family_and_one_label(void **state)
{
    static const char *const counters[] = {
        "storefront_mails_total{outcome=\"sent\"}", "storefront_mails_total{outcome=\"refused\"}",
        "storefront_mails_total_others{outcome=\"sent\"}", "storefront_database_failures_total"};
    struct metrics *metrics = metrics_open(NULL);
    (void)state;
    for (size_t i = 0; i < ROWS(counters); i++) {
        metrics_add(metrics, metrics_counter(metrics, text_from(counters[i])), (int64_t)1 << i);
    }
    assert_int_equal(metrics_sum(metrics, "storefront_mails_total", TEXT("")), 3);
    assert_int_equal(metrics_sum(metrics, "storefront_mails_total", TEXT("outcome=\"sent\"")), 1);
    assert_int_equal(metrics_sum(metrics, "storefront_mails_total", TEXT("outcome=\"dropped\"")), 0);
    assert_int_equal(metrics_sum(metrics, "storefront_database_failures_total", TEXT("")), 8);
    assert_int_equal(metrics_sum(metrics, "storefront_requests_total", TEXT("")), 0);
    metrics_close(&metrics);
}

static void what_does_not_fit_is_left_out(void **state)
{
    struct metrics *metrics = metrics_open(NULL);
    char name[64];
    metrics_add(metrics, metrics_counter(metrics, repeated(*state, "storefront_requests_total", 20)), 7);
    for (int i = 0; i < 3000; i++) {
        (void)snprintf(name, sizeof name, "storefront_mails_total{outcome=\"%d\"}", i);
        metrics_add(metrics, metrics_counter(metrics, text_from(name)), 1);
    }
    struct text text = written(*state, metrics);
    assert_true(holds(text, "{outcome=\"2046\"} 1\n"));
    assert_false(holds(text, "{outcome=\"2047\"}"));
    assert_false(holds(text, " 7\n"));
    metrics_close(&metrics);
}

// A process of its own that counts `times` and sits down as a worker; it then waits to be killed.
static pid_t start_counting(const char *path, int times, int ready)
{
    pid_t process = fork();
    if (process == 0) {
        struct metrics *metrics = metrics_open(path);
        size_t counter = metrics_counter(metrics, TEXT(REQUESTS));
        for (int i = 0; i < times; i++) {
            metrics_add(metrics, counter, 1);
        }
        metrics_sit(metrics, "login");
        metrics_set_busy(metrics, true);
        (void)!write(ready, "", 1);
        for (;;) {
            (void)pause();
        }
    }
    return process;
}

static void processes_count_together_and_the_dead_are_no_workers(void **state)
{
    const struct folder folder = folder_make();
    const char *path = folder_path(*state, &folder, "figures");
    int ready[2];
    char byte;
    pid_t workers[3];
    assert_int_equal(pipe(ready), 0);
    for (size_t i = 0; i < ROWS(workers); i++) {
        workers[i] = start_counting(path, 1000, ready[1]);
    }
    for (size_t i = 0; i < ROWS(workers); i++) {
        assert_int_equal(read(ready[0], &byte, 1), 1);
    }
    struct metrics *metrics = metrics_open(path);
    metrics_sit(metrics, "pages");
    struct text text = written(*state, metrics);
    assert_true(holds(text, REQUESTS " 3000\n"));
    assert_true(holds(text, "storefront_workers{pool=\"login\"} 3\n"));
    assert_true(holds(text, "storefront_workers{pool=\"pages\"} 1\n"));
    assert_true(holds(text, "storefront_workers_busy{pool=\"login\"} 3\n"));
    assert_true(holds(text, "storefront_workers_busy{pool=\"pages\"} 0\n"));
    for (size_t i = 0; i < ROWS(workers); i++) {
        (void)kill(workers[i], SIGKILL);
        (void)waitpid(workers[i], NULL, 0);
    }
    text = written(*state, metrics);
    assert_true(holds(text, REQUESTS " 3000\n"));
    assert_false(holds(text, "{pool=\"login\"}"));
    metrics_close(&metrics);
    (void)close(ready[0]);
    (void)close(ready[1]);
    folder_remove(&folder);
}

// Counts with a file that cannot be had.
static void count_without(struct arena *arena, const char *path, const char *reason)
{
    struct capture capture = capture_begin();
    struct metrics *metrics = metrics_open(path);
    struct text logged = capture_end(arena, &capture);
    assert_non_null(metrics);
    assert_row(holds(logged, "nothing is counted"), path);
    assert_row(holds(logged, reason), path);
    metrics_add(metrics, metrics_counter(metrics, TEXT(REQUESTS)), 1);
    metrics_sit(metrics, "pages");
    metrics_set_busy(metrics, true);
    assert_row(holds(written(arena, metrics), REQUESTS " 1\n"), path);
    metrics_close(&metrics);
}

static void a_file_that_cannot_be_had_costs_the_figures_alone(void **state)
{
    const struct folder folder = folder_make();
    const char *pipe_path = folder_path(*state, &folder, "figures");
    count_without(*state, "/nonexistent/figures", "No such file");
    count_without(*state, text_string(*state, repeated(*state, "/tmp", 2000)), "File name too long");
    // The layout's number stands behind the name.
    assert_int_equal(mkfifo(folder_path(*state, &folder, "figures.1"), 0600), 0);
    count_without(*state, pipe_path, "Invalid argument");
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_counter_is_told_under_its_family),
        WITH_ARENA(a_histogram_adds_up),
        WITH_ARENA(histograms_of_two_pools_do_not_mix),
        WITH_ARENA(a_histogram_needs_no_labels),
        WITH_ARENA(a_gauge_is_told_with_its_help),
        WITH_ARENA(a_sum_is_over_the_family_and_one_label),
        WITH_ARENA(what_does_not_fit_is_left_out),
        WITH_ARENA(processes_count_together_and_the_dead_are_no_workers),
        WITH_ARENA(a_file_that_cannot_be_had_costs_the_figures_alone),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
