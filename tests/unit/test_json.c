// Strict JSON in and out: round trips of every kind, and a table of what is refused: doubles, zero bytes, bad
// UTF-8, depth, trailing bytes. That a fault never quotes the text is tested too: the text may be a password.
// And every refusal of memory ends a text at once.
#include "support.h"

#include "storefront/base/json.h"

// Which of the next calls fails; 0 where none does.
static unsigned failing_malloc;

// The linker puts it in the place of malloc(), also for what jansson is given.
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
    return failing_malloc > 0 && --failing_malloc == 0 ? NULL : __real_malloc(size);
}

static bool reads(struct arena *arena, struct text text, unsigned depth)
{
    struct value value = {.kind = VALUE_NOTHING};
    return json_read(arena, text, depth, &value, NULL);
}

static struct text written(struct arena *arena, const struct value *value)
{
    struct buffer buffer = buffer_open(arena, 4096);
    json_write(&buffer, value);
    return buffer_text(&buffer);
}

static const char *const round_trips[] = {
    "null",
    "true",
    "false",
    "0",
    "-7",
    "9223372036854775807",
    "-9223372036854775808",
    "1.5",
    "\"\"",
    "\"a\\u000ab\"",
    "[]",
    "{}",
    "[1,[2,[3]],{}]",
    "{\"b\":1,\"a\":{\"c\":[true,null]}}",
    "\"\xc3\xa4\xf0\x9f\x98\x80\"",
};

static void what_is_read_is_written(void **state)
{
    struct arena *arena = *state;
    for (size_t i = 0; i < ROWS(round_trips); i++) {
        struct value value = {.kind = VALUE_NOTHING};
        assert_row(json_read(arena, text_from(round_trips[i]), 4, &value, NULL), round_trips[i]);
        assert_text(written(arena, &value), round_trips[i]);
    }
}

static void escapes_become_characters(void **state)
{
    struct value value = {.kind = VALUE_NOTHING};
    assert_true(json_read(*state, TEXT(" \"\\u00e4\\ud83d\\ude00\\/\\n\" "), 1, &value, NULL));
    assert_text(value.text, "\xc3\xa4\xf0\x9f\x98\x80/\n");
}

static const char *const refused[] = {
    "",
    " ",
    "{",
    "[1,]",
    "{\"a\":1,}",
    "{'a':1}",
    "{a:1}",
    "{\"a\" 1}",
    "[1 2]",
    "1 2",
    "{} x",
    "{}{}",
    "nul",
    "NaN",
    "Infinity",
    "01",
    "+1",
    "1.",
    ".5",
    "0x1",
    "\"",
    "\"\n\"",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\ud83d\"",
    "\"\\ude00\\ud83d\"",
    "\"a\\u0000b\"",
    "{\"a\\u0000\":1}",
    "\"\xff\"",
    "\"\xc0\xaf\"",
    "\"\xed\xa0\x80\"",
    "{\"a\":1,\"a\":2}",
    "{\"a\":1,\"b\":{\"c\":1,\"c\":2}}",
    "{\"a\":1,\"\\u0061\":2}",
    "// x\n1",
    "/* x */1",
    "9223372036854775808",
    "1e999",
    "\xef\xbb\xbf{}",
};

static void what_is_not_strict_is_refused(void **state)
{
    for (size_t i = 0; i < ROWS(refused); i++) {
        assert_row(!reads(*state, text_from(refused[i]), 8), refused[i]);
    }
    assert_false(reads(*state, (struct text){NULL, 0}, 8));
    assert_false(reads(*state, text_of("{}\0", 3), 8));
    assert_false(reads(*state, text_of("\"a\0b\"", 5), 8));
}

static void depth_is_bounded(void **state)
{
    struct arena *arena = *state;
    assert_true(reads(arena, TEXT("1"), 0));
    assert_false(reads(arena, TEXT("[]"), 0));
    assert_true(reads(arena, TEXT("[[[]]]"), 3));
    assert_false(reads(arena, TEXT("[[[]]]"), 2));
    assert_false(reads(arena, TEXT("{\"a\":{\"b\":{}}}"), 2));
    assert_false(reads(arena, repeated(arena, "[", 60000), 8));
    assert_false(reads(arena, repeated(arena, "{\"a\":", 12000), 8));
}

static void faults_say_where_and_quote_nothing(void **state)
{
    struct value value = {.kind = VALUE_NOTHING};
    struct text fault = {NULL, 0};
    assert_false(json_read(*state, TEXT("{\n\"password\": hunter2}"), 8, &value, &fault));
    assert_true(holds(fault, "line 2"));
    assert_true(holds(fault, "column"));
    assert_false(holds(fault, "hunter2"));
    assert_false(json_read(*state, TEXT("[[[[\"hunter2\"]]]]"), 2, &value, &fault));
    assert_text(fault, "nested too deep");
}

static void a_spent_arena_is_no_value(void **state)
{
    (void)state;
    struct arena *arena = arena_open(200);
    struct value value = {.kind = VALUE_NOTHING};
    assert_false(json_read(arena, TEXT("[1,2,3,4,5,6,7,8,9,10,11,12]"), 8, &value, NULL));
    assert_true(arena_failed(arena));
    arena_close(&arena);
}

// Strings of each length: the closing quote of one is the byte that has no room, and so is that of the other.
static void without_memory_nothing_is_read(void **state)
{
    (void)state;
    char letters[140];
    char text[512];
    memset(letters, 'a', sizeof letters);
    for (int length = 0; length < (int)sizeof letters; length++) {
        bool has_failed = true;
        for (unsigned call = 1; has_failed; call++) {
            struct arena *arena = arena_open((size_t)4096);
            (void)snprintf(text, sizeof text, "{\"%.*s\":1234567890.123456789,\"b\":\"%.*s\"}", length,
                           letters, (int)sizeof letters - length, letters);
            failing_malloc = call;
            bool done = reads(arena, text_from(text), 2);
            has_failed = failing_malloc == 0;
            failing_malloc = 0;
            assert_int_equal(done, !has_failed);
            assert_int_equal(arena_failed(arena), has_failed);
            arena_close(&arena);
        }
    }
}

static void names_are_escaped_too(void **state)
{
    struct value *object = value_object(*state);
    value_set_text(object, "<a>\"", TEXT("</script>"));
    assert_text(written(*state, object), "{\"\\u003ca\\u003e\\\"\":\"\\u003c/script\\u003e\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(what_is_read_is_written),
        WITH_ARENA(escapes_become_characters),
        WITH_ARENA(what_is_not_strict_is_refused),
        WITH_ARENA(depth_is_bounded),
        WITH_ARENA(faults_say_where_and_quote_nothing),
        cmocka_unit_test(a_spent_arena_is_no_value),
        cmocka_unit_test(without_memory_nothing_is_read),
        WITH_ARENA(names_are_escaped_too),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
