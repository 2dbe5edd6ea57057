// Hexadecimal, base64url and percent-encoding: the vectors of the standards, round trips over every length,
// and above all the forms that a decoder must not take, so that one value has one form.
#include "support.h"

#include "storefront/base/encode.h"

struct pair {
    const char *bytes;
    const char *encoded;
};

// RFC 4648, section 10, without padding.
static const struct pair base64[] = {
    {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
    {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xff\xef\xfe", "_-_-"},
};

static void base64url_follows_the_standard(void **state)
{
    struct arena *arena = *state;
    for (size_t i = 0; i < ROWS(base64); i++) {
        unsigned char bytes[16] = {0};
        size_t size = strlen(base64[i].bytes);
        assert_text(encode_base64url(arena, text_from(base64[i].bytes)), base64[i].encoded);
        assert_true(decode_base64url(text_from(base64[i].encoded), bytes, size));
        assert_memory_equal(bytes, base64[i].bytes, size);
    }
}

static void every_length_comes_back(void **state)
{
    struct arena *arena = *state;
    unsigned char bytes[100];
    unsigned char back[100];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(i * 37 + 11);
    }
    for (size_t size = 0; size <= sizeof bytes; size++) {
        struct text text = text_of(bytes, size);
        assert_int_equal(encode_base64url(arena, text).length, BASE64URL_LENGTH(size));
        assert_true(decode_base64url(encode_base64url(arena, text), back, size));
        assert_memory_equal(back, bytes, size);
        assert_true(decode_hexadecimal(encode_hexadecimal(arena, text), back, size));
        assert_memory_equal(back, bytes, size);
    }
}

struct refusal {
    const char *encoded;
    size_t size;
};

static const struct refusal not_base64url[] = {
    {"Zm9v", 2}, {"Zm9v", 4}, {"Zm9vY", 3}, {"Zg==", 1},    {"Zg=", 1}, {"Zh", 1},    {"Zm9", 2},
    {"+/+/", 3}, {"Zm9 ", 3}, {"Zm9\n", 3}, {"Zm9\xc3", 3}, {"", 1},    {"Zm9v.", 3}, {"Z", 0},
};

static void base64url_takes_one_form_only(void **state)
{
    (void)state;
    unsigned char bytes[16];
    for (size_t i = 0; i < ROWS(not_base64url); i++) {
        assert_row(!decode_base64url(text_from(not_base64url[i].encoded), bytes, not_base64url[i].size),
                   not_base64url[i].encoded);
    }
    assert_false(decode_base64url(text_of("Zm\0v", 4), bytes, 3));
}

static void hexadecimal_is_lower_case_out_and_either_in(void **state)
{
    unsigned char bytes[4] = {0};
    assert_text(encode_hexadecimal(*state, TEXT("\x01\xab\xff")), "01abff");
    assert_true(decode_hexadecimal(TEXT("01AbfF"), bytes, 3));
    assert_memory_equal(bytes, "\x01\xab\xff", 3);
}

static void hexadecimal_refuses_the_rest(void **state)
{
    (void)state;
    static const struct refusal rows[] = {{"0", 1},  {"000", 1}, {"0g", 1},   {"g0", 1},
                                          {" 0", 1}, {"0x", 1},  {"0000", 1}, {"00", 2},
                                          {"-1", 1}, {":0", 1},  {"@0", 1},   {"`0", 1}};
    unsigned char bytes[4];
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_row(!decode_hexadecimal(text_from(rows[i].encoded), bytes, rows[i].size), rows[i].encoded);
    }
}

static void percent_is_decoded(void **state)
{
    struct arena *arena = *state;
    struct text decoded = {NULL, 0};
    assert_true(decode_percent(arena, TEXT("a%20b%2B+c%c3%A4"), false, &decoded));
    assert_text(decoded, "a b++c\xc3\xa4");
    assert_true(decode_percent(arena, TEXT("a+b%2b"), true, &decoded));
    assert_text(decoded, "a b+");
    assert_true(decode_percent(arena, TEXT("%00"), false, &decoded));
    assert_texts(decoded, text_of("\0", 1));
    assert_true(decode_percent(arena, TEXT("%2525"), false, &decoded));
    assert_text(decoded, "%25");
    assert_true(decode_percent(arena, TEXT(""), false, &decoded));
    assert_int_equal(decoded.length, 0);
}

static void stray_percents_are_refused(void **state)
{
    static const char *const rows[] = {"%", "a%", "%2", "%2g", "%g2", "%%", "%%20", "% 2", "%+2", "abc%f"};
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct text decoded = TEXT("untouched");
        assert_row(!decode_percent(*state, text_from(rows[i]), true, &decoded), rows[i]);
        assert_text(decoded, "untouched");
    }
}

static void a_spent_arena_decodes_nothing(void **state)
{
    (void)state;
    struct arena *arena = arena_open(4);
    struct text decoded = TEXT("untouched");
    bool done = decode_percent(arena, TEXT("abcdefgh"), false, &decoded);
    struct text encoded = encode_base64url(arena, TEXT("abcdefgh"));
    struct text digits = encode_hexadecimal(arena, TEXT("abcdefgh"));
    arena_close(&arena);
    assert_false(done);
    assert_text(decoded, "untouched");
    assert_int_equal(encoded.length + digits.length, 0);
}

static void locations_are_printable_ascii(void **state)
{
    struct arena *arena = *state;
    assert_text(encode_location(arena, TEXT("/a-b_c.d~e?f=1&g=(h)")), "/a-b_c.d~e?f=1&g=(h)");
    assert_text(encode_location(arena, TEXT("/caf\xc3\xa9 bar")), "/caf%c3%a9%20bar");
}

static void locations_hold_nothing_but_allowed_bytes(void **state)
{
    struct arena *arena = *state;
    for (int byte = 0; byte < 256; byte++) {
        char raw = (char)byte;
        struct text location = encode_location(arena, text_of(&raw, 1));
        for (size_t i = 0; i < location.length; i++) {
            assert_true(location.bytes[i] > ' ' && location.bytes[i] < 0x7f);
            assert_null(strchr("\"<>\\^`{|}", location.bytes[i]));
        }
    }
}

static void values_of_a_query_come_back_as_they_were(void **state)
{
    struct arena *arena = *state;
    assert_text(encode_query_value(arena, TEXT("/a?b=c&d=e+f#g")), "/a?b=c%26d=e%2bf%23g");
    for (int byte = 0; byte < 256; byte++) {
        char raw = (char)byte;
        struct text decoded = {NULL, 0};
        struct text value = encode_query_value(arena, text_of(&raw, 1));
        assert_true(decode_percent(arena, value, true, &decoded));
        assert_texts(decoded, text_of(&raw, 1));
        for (size_t i = 0; i < value.length; i++) {
            assert_true(value.bytes[i] > ' ' && value.bytes[i] < 0x7f);
            assert_null(strchr("&#+\"'<>", value.bytes[i]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(base64url_follows_the_standard),
        WITH_ARENA(every_length_comes_back),
        cmocka_unit_test(base64url_takes_one_form_only),
        WITH_ARENA(hexadecimal_is_lower_case_out_and_either_in),
        cmocka_unit_test(hexadecimal_refuses_the_rest),
        WITH_ARENA(percent_is_decoded),
        WITH_ARENA(stray_percents_are_refused),
        cmocka_unit_test(a_spent_arena_decodes_nothing),
        WITH_ARENA(locations_are_printable_ascii),
        WITH_ARENA(locations_hold_nothing_but_allowed_bytes),
        WITH_ARENA(values_of_a_query_come_back_as_they_were),
    };
    return cmocka_run_group_tests_name("encode", tests, NULL, NULL);
}
