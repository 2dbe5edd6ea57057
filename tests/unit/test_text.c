// Texts and buffers: equality that no prefix passes, cutting that never leaves the text, numbers in one form
// only, and buffers that refuse what is beyond their maximum. It knows no encodings: those have their own
// test.
#include "support.h"

static void equality_is_of_the_whole(void **state)
{
    (void)state;
    assert_true(text_equals(TEXT("abc"), TEXT("abc")));
    assert_false(text_equals(TEXT("abc"), TEXT("ab")));
    assert_false(text_equals(TEXT("ab"), TEXT("abc")));
    assert_false(text_equals(TEXT("abc"), TEXT("abd")));
    assert_false(text_equals(TEXT("abc"), TEXT("ABC")));
    assert_true(text_equals(TEXT(""), (struct text){NULL, 0}));
    assert_false(text_equals(text_of("a\0b", 3), text_of("a\0c", 3)));
}

static void case_is_ignored_for_ascii_alone(void **state)
{
    (void)state;
    assert_true(text_equals_ignoring_case(TEXT("Content-TYPE"), TEXT("content-type")));
    assert_false(text_equals_ignoring_case(TEXT("abc"), TEXT("abcd")));
    assert_false(text_equals_ignoring_case(TEXT("@"), TEXT("`")));
    assert_false(text_equals_ignoring_case(TEXT("["), TEXT("{")));
    assert_false(text_equals_ignoring_case(TEXT("\xc3\x84"), TEXT("\xc3\xa4")));
}

static void cutting_stays_inside(void **state)
{
    (void)state;
    assert_text(text_cut(TEXT("abcdef"), 2, 3), "cde");
    assert_text(text_cut(TEXT("abcdef"), 4, 100), "ef");
    assert_text(text_cut(TEXT("abcdef"), 4, SIZE_MAX), "ef");
    assert_text(text_cut(TEXT("abcdef"), 6, 1), "");
    assert_text(text_cut(TEXT("abcdef"), SIZE_MAX, SIZE_MAX), "");
    assert_text(text_after(TEXT("abc"), 1), "bc");
    assert_text(text_after(TEXT("abc"), 4), "");
    assert_text(text_after((struct text){NULL, 0}, 0), "");
}

static void finding_says_the_length_when_there_is_none(void **state)
{
    (void)state;
    assert_int_equal(text_find(TEXT("a=b=c"), '='), 1);
    assert_int_equal(text_find(TEXT("abc"), '='), 3);
    assert_int_equal(text_find((struct text){NULL, 0}, '='), 0);
    assert_int_equal(text_find_text(TEXT("xx--xx--"), TEXT("--")), 2);
    assert_int_equal(text_find_text(TEXT("xx-"), TEXT("--")), 3);
    assert_int_equal(text_find_text(TEXT("abc"), TEXT("")), 0);
    assert_int_equal(text_find_text((struct text){NULL, 0}, TEXT("a")), 0);
    assert_true(text_starts_with(TEXT("abc"), TEXT("ab")));
    assert_false(text_starts_with(TEXT("ab"), TEXT("abc")));
    assert_false(text_starts_with(TEXT("xab"), TEXT("ab")));
    assert_true(text_starts_with(TEXT("ab"), TEXT("")));
}

static void next_takes_piece_by_piece(void **state)
{
    (void)state;
    struct text rest = TEXT("a;;b");
    assert_text(text_next(&rest, ';'), "a");
    assert_text(text_next(&rest, ';'), "");
    assert_text(rest, "b");
    assert_text(text_next(&rest, ';'), "b");
    assert_int_equal(rest.length, 0);
    assert_text(text_next(&rest, ';'), "");
    assert_int_equal(rest.length, 0);
}

static void trimming_takes_ascii_blanks(void **state)
{
    (void)state;
    assert_text(text_trim(TEXT(" \t\r\n a b \n")), "a b");
    assert_text(text_trim(TEXT(" \t ")), "");
    assert_text(text_trim(TEXT("")), "");
    assert_text(text_trim(TEXT("\xc2\xa0x")), "\xc2\xa0x");
}

struct number_row {
    const char *typed;
    int64_t lowest, highest;
    bool is_number;
    int64_t number;
};

static const struct number_row numbers[] = {
    {"0", 0, 9, true, 0},
    {"9", 0, 9, true, 9},
    {"10", 0, 9, false, 0},
    {"-1", 0, 9, false, 0},
    {"-1", -5, 9, true, -1},
    {"007", 0, 9, true, 7},
    {"9223372036854775807", 0, INT64_MAX, true, INT64_MAX},
    {"9223372036854775808", 0, INT64_MAX, false, 0},
    {"99999999999999999999", 0, INT64_MAX, false, 0},
    {"000000000000000000001", 0, 9, false, 0},
    {"", 0, 9, false, 0},
    {"-", -9, 9, false, 0},
    {"--1", -9, 9, false, 0},
    {"+1", 0, 9, false, 0},
    {" 1", 0, 9, false, 0},
    {"1 ", 0, 9, false, 0},
    {"1\n", 0, 9, false, 0},
    {"1.0", 0, 9, false, 0},
    {"0x1", 0, 9, false, 0},
    {"1e0", 0, 9, false, 0},
    {"\xd9\xa1", 0, 9, false, 0},
};

static void numbers_have_one_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(numbers); i++) {
        const struct number_row *row = &numbers[i];
        int64_t number = 4711;
        bool is_number = text_to_number(text_from(row->typed), row->lowest, row->highest, &number);
        assert_row(is_number == row->is_number, row->typed);
        assert_row(number == (row->is_number ? row->number : 4711), row->typed);
    }
    int64_t untouched = 4711;
    assert_false(text_to_number(text_of("1\0", 2), 0, 9, &untouched));
    assert_int_equal(untouched, 4711);
}

static void copies_are_their_own(void **state)
{
    struct arena *arena = *state;
    char original[] = "abc";
    struct text copy = text_copy(arena, text_of(original, 3));
    const char *string = text_string(arena, text_of(original, 2));
    original[0] = 'x';
    assert_text(copy, "abc");
    assert_string_equal(string, "ab");
    assert_string_equal(text_string(arena, (struct text){NULL, 0}), "");
    assert_null(text_copy(arena, TEXT("")).bytes);
}

static void joining_keeps_order_and_empties(void **state)
{
    struct arena *arena = *state;
    const struct text parts[] = {TEXT("a"), {NULL, 0}, TEXT("bc"), TEXT(""), text_of("\0d", 2)};
    assert_texts(text_join(arena, parts, ROWS(parts)), text_of("abc\0d", 5));
    assert_int_equal(text_join(arena, parts, 0).length, 0);
}

static void nothing_comes_of_a_spent_arena(void **state)
{
    (void)state;
    struct arena *arena = arena_open(8);
    const struct text parts[] = {TEXT("aaaaa"), TEXT("bbbbb")};
    assert_int_equal(text_join(arena, parts, 2).length, 0);
    assert_int_equal(text_copy(arena, TEXT("a")).length, 0);
    assert_null(text_string(arena, TEXT("a")));
    assert_int_equal(text_number(arena, 1).length, 0);
    assert_true(arena_failed(arena));
    arena_close(&arena);
}

static void numbers_are_written_to_their_ends(void **state)
{
    struct arena *arena = *state;
    assert_text(text_number(arena, 0), "0");
    assert_text(text_number(arena, -1), "-1");
    assert_text(text_number(arena, INT64_MAX), "9223372036854775807");
    assert_text(text_number(arena, INT64_MIN), "-9223372036854775808");
}

static void buffer_refuses_the_whole_of_what_does_not_fit(void **state)
{
    struct buffer buffer = buffer_open(*state, 5);
    buffer_add(&buffer, TEXT("abc"));
    buffer_add(&buffer, TEXT("def"));
    assert_true(buffer.overflowed);
    assert_text(buffer_text(&buffer), "abc");
    buffer_add_byte(&buffer, 'd');
    assert_text(buffer_text(&buffer), "abc");
}

static void buffer_takes_its_maximum(void **state)
{
    struct arena *arena = *state;
    struct buffer buffer = buffer_open(arena, 100000);
    for (int i = 0; i < 100000; i++) {
        buffer_add_byte(&buffer, (char)('a' + i % 26));
    }
    assert_false(buffer.overflowed);
    assert_int_equal(buffer_text(&buffer).length, 100000);
    assert_int_equal(buffer.bytes[99999], 'a' + 99999 % 26);
    buffer_add_byte(&buffer, 'x');
    assert_true(buffer.overflowed);
    assert_int_equal(buffer.length, 100000);
}

static void buffer_says_when_the_arena_is_spent(void **state)
{
    (void)state;
    struct arena *arena = arena_open(300);
    struct buffer buffer = buffer_open(arena, 5000);
    for (int i = 0; i < 1000; i++) {
        buffer_add_byte(&buffer, 'x');
    }
    assert_true(buffer.overflowed);
    assert_int_equal(buffer.length, 256);
    arena_close(&arena);
}

struct json_row {
    const char *text;
    const char *json;
};

static const struct json_row strings[] = {
    {"", "\"\""},
    {"plain", "\"plain\""},
    {"a\"b\\c", "\"a\\\"b\\\\c\""},
    {"a\nb\tc\x01", "\"a\\u000ab\\u0009c\\u0001\""},
    {"\x7f", "\"\\u007f\""},
    {"</script>&", "\"\\u003c/script\\u003e\\u0026\""},
    {"\xe2\x80\xa8\xe2\x80\xa9", "\"\\u2028\\u2029\""},
    {"\xe2\x82\xac\xe2\x80\xa7", "\"\xe2\x82\xac\xe2\x80\xa7\""},
    {"\xc3\xa4\xf0\x9f\x98\x80", "\"\xc3\xa4\xf0\x9f\x98\x80\""},
};

static void json_strings_escape_what_scripts_and_pages_mind(void **state)
{
    struct arena *arena = *state;
    for (size_t i = 0; i < ROWS(strings); i++) {
        struct buffer buffer = buffer_open(arena, 200);
        buffer_add_json_string(&buffer, text_from(strings[i].text));
        assert_text(buffer_text(&buffer), strings[i].json);
    }
    struct buffer buffer = buffer_open(arena, 200);
    buffer_add_json_string(&buffer, text_of("a\0b", 3));
    assert_text(buffer_text(&buffer), "\"a\\u0000b\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality_is_of_the_whole),
        cmocka_unit_test(case_is_ignored_for_ascii_alone),
        cmocka_unit_test(cutting_stays_inside),
        cmocka_unit_test(finding_says_the_length_when_there_is_none),
        cmocka_unit_test(next_takes_piece_by_piece),
        cmocka_unit_test(trimming_takes_ascii_blanks),
        cmocka_unit_test(numbers_have_one_form),
        WITH_ARENA(copies_are_their_own),
        WITH_ARENA(joining_keeps_order_and_empties),
        cmocka_unit_test(nothing_comes_of_a_spent_arena),
        WITH_ARENA(numbers_are_written_to_their_ends),
        WITH_ARENA(buffer_refuses_the_whole_of_what_does_not_fit),
        WITH_ARENA(buffer_takes_its_maximum),
        cmocka_unit_test(buffer_says_when_the_arena_is_spent),
        WITH_ARENA(json_strings_escape_what_scripts_and_pages_mind),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
