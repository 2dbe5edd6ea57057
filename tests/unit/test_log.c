// The log: every line whole, one event, valid JSON in UTF-8 whatever a field holds, cut at a field and never
// in one; below its level, nothing. What is logged is the callers' business.
#include "support.h"

#include "storefront/base/json.h"
#include "storefront/base/log.h"
#include "storefront/base/unicode.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static int log_as_shipped(void **state)
{
    log_open("storefront", LOG_FORMAT_JSON, LOG_INFO);
    return arena_for_test(state);
}

#define WITH_LOG(test) cmocka_unit_test_setup_teardown(test, log_as_shipped, arena_after_test)

// Logs one line with `fields` and returns it.
static struct text logged(struct arena *arena, enum log_level level, const struct log_field *fields,
                          size_t count)
{
    struct capture capture = capture_begin();
    log_write(level, "something happened", fields, count);
    return capture_end(arena, &capture);
}

static struct value parsed(struct arena *arena, struct text line)
{
    struct value value = {.kind = VALUE_NOTHING};
    assert_int_equal(text_find(line, '\n'), line.length - 1);
    assert_true(unicode_is_valid(line));
    assert_true(json_read(arena, line, 2, &value, NULL));
    assert_int_equal(value.kind, VALUE_OBJECT);
    return value;
}

static void a_line_is_one_object(void **state)
{
    const struct log_field fields[] = {LOG_STRING("reason", "why"), LOG_NUMBER("count", -3)};
    struct value line = parsed(*state, logged(*state, LOG_WARNING, fields, 2));
    assert_text(value_find(&line, TEXT("level"))->text, "warning");
    assert_text(value_find(&line, TEXT("program"))->text, "storefront");
    assert_text(value_find(&line, TEXT("event"))->text, "something happened");
    assert_text(value_find(&line, TEXT("reason"))->text, "why");
    assert_int_equal(value_find(&line, TEXT("count"))->number, -3);
    assert_int_equal(value_find(&line, TEXT("process"))->number, getpid());
    assert_int_equal(value_find(&line, TEXT("time"))->text.length, strlen("2024-01-01T00:00:00Z"));
}

static const char *const nasty[] = {
    "\n{\"event\":\"forged\"}", "\",\"event\":\"forged", "\\", "\x1b[31m", "%s%n", "\xe2\x80\xa8"};

static void no_field_breaks_out_of_its_line(void **state)
{
    for (size_t i = 0; i < ROWS(nasty); i++) {
        const struct log_field fields[] = {LOG_STRING("value", nasty[i])};
        struct value line = parsed(*state, logged(*state, LOG_INFO, fields, 1));
        assert_text(value_find(&line, TEXT("value"))->text, nasty[i]);
        assert_text(value_find(&line, TEXT("event"))->text, "something happened");
    }
}

static void a_field_that_is_not_utf8_leaves_the_line_in_utf8(void **state)
{
    const struct log_field fields[] = {LOG_STRING("value", "a\xff\xc3"), LOG_NUMBER("next", 1)};
    struct value line = parsed(*state, logged(*state, LOG_INFO, fields, 2));
    assert_text(value_find(&line, TEXT("value"))->text, "61ffc3");
    assert_int_equal(value_find(&line, TEXT("next"))->number, 1);
}

static void a_field_with_a_zero_is_still_a_line(void **state)
{
    const struct log_field fields[] = {LOG_TEXT("value", text_of("a\0b", 3)), LOG_STRING("none", NULL)};
    struct value line = parsed(*state, logged(*state, LOG_INFO, fields, 2));
    assert_text(value_find(&line, TEXT("value"))->text, "610062");
    assert_text(value_find(&line, TEXT("none"))->text, "");
}

static void long_lines_are_cut_at_a_field(void **state)
{
    struct arena *arena = *state;
    const struct log_field fields[] = {LOG_STRING("first", "kept"),
                                       LOG_TEXT("long", repeated(arena, "x", 9000)),
                                       LOG_STRING("last", "lost")};
    struct text text = logged(arena, LOG_INFO, fields, 3);
    struct value line = parsed(arena, text);
    assert_true(text.length <= 8 * 1024 + 2);
    assert_text(value_find(&line, TEXT("first"))->text, "kept");
    assert_null(value_find(&line, TEXT("long")));
    assert_null(value_find(&line, TEXT("last")));
}

static void a_line_of_the_greatest_length_ends(void **state)
{
    struct arena *arena = *state;
    for (size_t length = 7900; length < 8200; length += 1) {
        const struct log_field fields[] = {LOG_TEXT("long", repeated(arena, "x", length))};
        (void)parsed(arena, logged(arena, LOG_INFO, fields, 1));
        arena_empty(arena);
    }
}

static void below_the_level_nothing_is_written(void **state)
{
    assert_int_equal(logged(*state, LOG_DEBUG, NULL, 0).length, 0);
    log_open("storefront", LOG_FORMAT_JSON, LOG_ERROR);
    assert_int_equal(logged(*state, LOG_WARNING, NULL, 0).length, 0);
    assert_int_not_equal(logged(*state, LOG_ERROR, NULL, 0).length, 0);
}

static void words_are_for_a_terminal(void **state)
{
    const struct log_field fields[] = {LOG_STRING("reason", "a \"b\"\n"), LOG_NUMBER("count", 2)};
    log_open("storefront-mail", LOG_FORMAT_WORDS, LOG_INFO);
    assert_text(logged(*state, LOG_INFO, fields, 2),
                "storefront-mail: something happened reason=\"a \\\"b\\\"\\u000a\" count=2\n");
    assert_text(logged(*state, LOG_WARNING, NULL, 0), "storefront-mail: warning: something happened\n");
    assert_text(logged(*state, LOG_ERROR, NULL, 0), "storefront-mail: error: something happened\n");
}

static void the_macros_count_their_fields(void **state)
{
    struct capture capture = capture_begin();
    log_event(LOG_INFO, "counted", LOG_NUMBER("a", 1), LOG_NUMBER("b", 2), LOG_NUMBER("c", 3));
    log_line(LOG_INFO, "bare");
    struct text text = capture_end(*state, &capture);
    assert_true(holds(text, ",\"a\":1,\"b\":2,\"c\":3}\n"));
    assert_true(holds(text, "\"event\":\"bare\"}\n"));
}

static void a_signal_handlers_line_looks_like_any_other(void **state)
{
    struct capture capture = capture_begin();
    log_from_signal("forbidden", "call", "fork");
    log_open("storefront", LOG_FORMAT_WORDS, LOG_INFO);
    log_from_signal("forbidden", "call", "fork");
    assert_text(capture_end(*state, &capture),
                "{\"level\":\"error\",\"program\":\"storefront\",\"event\":\"forbidden\",\"call\":\"fork\"}\n"
                "storefront: error: forbidden call=\"fork\"\n");
}

// As systemd says it: "device:inode" of what standard error is.
static void name_journal(ino_t inode)
{
    char named[64];
    struct stat error;
    (void)fstat(STDERR_FILENO, &error);
    (void)snprintf(named, sizeof named, "%ju:%ju", (uintmax_t)error.st_dev,
                   (uintmax_t)(inode == 0 ? error.st_ino : inode));
    (void)setenv("JOURNAL_STREAM", named, 1);
    log_open("storefront", LOG_FORMAT_WORDS, LOG_DEBUG);
}

static void the_journal_learns_the_priority_of_a_line(void **state)
{
    struct capture capture = capture_begin();
    name_journal(0);
    log_line(LOG_DEBUG, "d");
    log_line(LOG_INFO, "i");
    log_line(LOG_WARNING, "w");
    log_line(LOG_ERROR, "e");
    log_from_signal("s", "call", "fork");
    name_journal(1);
    log_line(LOG_INFO, "another file");
    (void)setenv("JOURNAL_STREAM", "nonsense", 1);
    log_open("storefront", LOG_FORMAT_JSON, LOG_INFO);
    log_line(LOG_INFO, "json");
    (void)unsetenv("JOURNAL_STREAM");
    log_open("storefront", LOG_FORMAT_JSON, LOG_INFO);
    struct text text = capture_end(*state, &capture);
    assert_true(text_starts_with(text, TEXT("<7>storefront: d\n<6>storefront: i\n<4>storefront: warning: w\n"
                                            "<3>storefront: error: e\n<3>storefront: error: s call=\"fork\"\n"
                                            "storefront: another file\n{\"time\"")));
}

static void a_log_that_takes_no_line_stops_nobody(void **state)
{
    struct capture capture = capture_begin();
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    (void)dup2(full, STDERR_FILENO);
    log_line(LOG_ERROR, "lost");
    (void)dup2(capture.file, STDERR_FILENO);
    log_line(LOG_ERROR, "kept");
    (void)close(full);
    struct text text = capture_end(*state, &capture);
    assert_false(holds(text, "lost"));
    assert_true(holds(text, "kept"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOG(a_line_is_one_object),
        WITH_LOG(no_field_breaks_out_of_its_line),
        WITH_LOG(a_field_that_is_not_utf8_leaves_the_line_in_utf8),
        WITH_LOG(a_field_with_a_zero_is_still_a_line),
        WITH_LOG(long_lines_are_cut_at_a_field),
        WITH_LOG(a_line_of_the_greatest_length_ends),
        WITH_LOG(below_the_level_nothing_is_written),
        WITH_LOG(words_are_for_a_terminal),
        WITH_LOG(the_macros_count_their_fields),
        WITH_LOG(a_signal_handlers_line_looks_like_any_other),
        WITH_LOG(the_journal_learns_the_priority_of_a_line),
        WITH_LOG(a_log_that_takes_no_line_stops_nobody),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
