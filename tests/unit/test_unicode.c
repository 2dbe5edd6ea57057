// Unicode as the shop sees it: what is UTF-8 and what is not, lengths, classes, normal forms and case
// folding, and domain names in ASCII. It knows no rule about usernames: that is test_identity.
#include "support.h"

#include "storefront/base/unicode.h"

struct bytes_row {
    const char *what;
    const char *bytes;
    size_t length;
};

static const struct bytes_row malformed[] = {
    {"a lone continuation", "\x80", 1},
    {"a lead without continuation", "a\xc3", 2},
    {"a lead before a letter", "\xc3(", 2},
    {"an overlong slash of two", "\xc0\xaf", 2},
    {"an overlong slash of three", "\xe0\x80\xaf", 3},
    {"an overlong slash of four", "\xf0\x80\x80\xaf", 4},
    {"an overlong zero", "\xc0\x80", 2},
    {"a surrogate", "\xed\xa0\x80", 3},
    {"a surrogate pair", "\xed\xa0\xbd\xed\xb8\x80", 6},
    {"beyond the last code point", "\xf4\x90\x80\x80", 4},
    {"a lead of five", "\xf8\x88\x80\x80\x80", 5},
    {"ff", "\xff", 1},
    {"a cut euro", "\xe2\x82", 2},
    {"a zero", "a\0b", 3},
    {"Latin 1", "caf\xe9", 4},
};

static const struct bytes_row well_formed[] = {
    {"nothing", "", 0},
    {"ASCII with controls", "\x01\x7f\n", 3},
    {"every length", "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 10},
    {"the last code point", "\xf4\x8f\xbf\xbf", 4},
    {"the ends of the surrogates", "\xed\x9f\xbf\xee\x80\x80", 6},
    {"a noncharacter", "\xef\xbf\xbf", 3},
};

static void only_utf8_without_zero_is_valid(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(malformed); i++) {
        assert_row(!unicode_is_valid(text_of(malformed[i].bytes, malformed[i].length)), malformed[i].what);
    }
    for (size_t i = 0; i < ROWS(well_formed); i++) {
        assert_row(unicode_is_valid(text_of(well_formed[i].bytes, well_formed[i].length)),
                   well_formed[i].what);
    }
}

static void code_points_are_counted_and_taken(void **state)
{
    (void)state;
    struct text rest = TEXT("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    assert_int_equal(unicode_count(rest), 4);
    assert_int_equal(unicode_next(&rest), 'a');
    assert_int_equal(unicode_next(&rest), 0xe4);
    assert_int_equal(unicode_next(&rest), 0x20ac);
    assert_int_equal(unicode_next(&rest), 0x1f600);
    assert_int_equal(rest.length, 0);
    rest = TEXT("\xff"
                "b");
    assert_int_equal(unicode_next(&rest), 0xfffd);
    assert_text(rest, "b");
}

struct class_row {
    int32_t code_point;
    enum unicode_class class;
};

static const struct class_row classes[] = {
    {'a', UNICODE_LETTER},        {0x416, UNICODE_LETTER},     {0x4e2d, UNICODE_LETTER},
    {0x2b0, UNICODE_LETTER},      {0x301, UNICODE_MARK},       {0x93f, UNICODE_MARK},
    {'7', UNICODE_DIGIT},         {0x663, UNICODE_DIGIT},      {0xff14, UNICODE_DIGIT},
    {0xb2, UNICODE_OTHER},        {0x2160, UNICODE_OTHER},     {' ', UNICODE_SPACE},
    {0xa0, UNICODE_SPACE},        {0x3000, UNICODE_SPACE},     {0x2028, UNICODE_CONTROL},
    {0x2029, UNICODE_CONTROL},    {'-', UNICODE_DASH},         {0x2011, UNICODE_DASH},
    {0x2014, UNICODE_DASH},       {'_', UNICODE_OTHER},        {'@', UNICODE_OTHER},
    {0, UNICODE_CONTROL},         {'\n', UNICODE_CONTROL},     {0x7f, UNICODE_CONTROL},
    {0x85, UNICODE_CONTROL},      {0x202a, UNICODE_CONTROL},   {0x202e, UNICODE_CONTROL},
    {0x2066, UNICODE_CONTROL},    {0x2069, UNICODE_CONTROL},   {0xe000, UNICODE_CONTROL},
    {0xd800, UNICODE_CONTROL},    {0x378, UNICODE_OTHER},      {0xfffe, UNICODE_CONTROL},
    {0x10fffe, UNICODE_CONTROL},  {0xad, UNICODE_INVISIBLE},   {0x200b, UNICODE_INVISIBLE},
    {0x200d, UNICODE_INVISIBLE},  {0x200e, UNICODE_INVISIBLE}, {0x2060, UNICODE_INVISIBLE},
    {0xfeff, UNICODE_INVISIBLE},  {0x3164, UNICODE_INVISIBLE}, {0x115f, UNICODE_INVISIBLE},
    {0xe0041, UNICODE_INVISIBLE}, {0xfe0f, UNICODE_INVISIBLE}, {0x1f600, UNICODE_OTHER},
    {'$', UNICODE_OTHER},
};

static void classes_are_the_shops(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(classes); i++) {
        if (unicode_classify(classes[i].code_point) != classes[i].class) {
            fail_msg("U+%04X is of class %d", (unsigned)classes[i].code_point,
                     (int)unicode_classify(classes[i].code_point));
        }
    }
}

static void white_space_of_any_script_is_trimmed(void **state)
{
    (void)state;
    assert_text(unicode_trim(TEXT(" \t\r\n\v\f\xc2\x85\xc2\xa0\xe3\x80\x80x\xc2\xa0y\xe2\x80\xa8")),
                "x\xc2\xa0y");
    assert_int_equal(unicode_trim(TEXT("\xe3\x80\x80 \xc2\xa0")).length, 0);
    assert_int_equal(unicode_trim(TEXT("")).length, 0);
    assert_text(unicode_trim(TEXT("\xe2\x80\x8bx")), "\xe2\x80\x8bx");
}

struct mapping {
    const char *from;
    const char *to;
};

static const struct mapping normal_forms[] = {
    {"plain", "plain"},
    {"e\xcc\x81", "\xc3\xa9"},                                    // e and an acute are one letter
    {"\xef\xbd\x8a\xef\xbd\x8f\xef\xbd\x88\xef\xbd\x8e", "john"}, // full width
    {"\xef\xac\x81", "fi"},                                       // a ligature
    {"\xe2\x84\xab", "\xc3\x85"},                                 // the Angstrom sign
    {"\xe2\x91\xa0", "1"},                                        // a circled one
    {"\xc2\xb2", "2"},                                            // a superscript
    {"\xef\xbc\xa0", "@"},                                        // a full-width at
    {"Stra\xc3\x9f"
     "e",
     "Stra\xc3\x9f"
     "e"},
    {"\xe1\x84\x80\xe1\x85\xa1", "\xea\xb0\x80"}, // Hangul
    {"", ""},
};

static void normal_form_is_nfkc(void **state)
{
    for (size_t i = 0; i < ROWS(normal_forms); i++) {
        assert_text(unicode_normalise(*state, text_from(normal_forms[i].from)), normal_forms[i].to);
    }
}

static const struct mapping folded[] = {
    {"JohnDoe", "johndoe"},
    {"\xc3\x84", "\xc3\xa4"},
    {"STRASSE", "strasse"},
    {"Stra\xc3\x9f"
     "e",
     "strasse"},
    {"STRA\xe1\xba\x9e"
     "E",
     "strasse"},
    {"\xce\xa3\xce\xaf\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x82",
     "\xcf\x83\xce\xaf\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x83"},
    {"\xe2\x84\xaa", "k"},                      // the Kelvin sign
    {"\xe1\xb4\xac", "a"},                      // a modifier capital
    {"\xef\xbc\xa1", "a"},                      // a full-width capital
    {"a\xe2\x80\x8b\xc2\xad\xef\xbb\xbf", "a"}, // what cannot be seen
    {"\xd0\x96", "\xd0\xb6"},
    {"\xc4\xb0", "i\xcc\x87"}, // a capital I with a dot
};

static void folding_makes_spellings_one(void **state)
{
    for (size_t i = 0; i < ROWS(folded); i++) {
        assert_text(unicode_fold(*state, text_from(folded[i].from)), folded[i].to);
    }
}

// Spellings whose normal forms are equal must fold to the same: else two customers could bear one name.
static const char *const equivalent[][2] = {
    {"\xce\xb1\xcd\x85\xcc\x81", "\xe1\xbe\xb4"}, // alpha, iota below, acute: marks in another order
    {"\xce\xb1\xcc\x81\xcd\x85", "\xe1\xbe\xb4"},
    {"e\xcc\x81", "\xc3\xa9"},
    {"a\xcc\xa3\xcc\x87", "a\xcc\x87\xcc\xa3"},
    {"\xef\xb7\xba",
     "\xd8\xb5\xd9\x84\xd9\x89 \xd8\xa7\xd9\x84\xd9\x84\xd9\x87 \xd8\xb9\xd9\x84\xd9\x8a\xd9\x87 "
     "\xd9\x88\xd8\xb3\xd9\x84\xd9\x85"},
};

static void equal_names_have_equal_keys(void **state)
{
    struct arena *arena = *state;
    for (size_t i = 0; i < ROWS(equivalent); i++) {
        struct text one = text_from(equivalent[i][0]);
        struct text other = text_from(equivalent[i][1]);
        assert_texts(unicode_normalise(arena, one), unicode_normalise(arena, other));
        assert_texts(unicode_fold(arena, one), unicode_fold(arena, other));
        assert_texts(unicode_fold(arena, unicode_normalise(arena, one)), unicode_fold(arena, one));
    }
}

static void folding_twice_changes_nothing(void **state)
{
    struct arena *arena = *state;
    for (int32_t code_point = 0x20; code_point < 0x30000; code_point++) {
        char bytes[4];
        size_t length = 0;
        if (code_point >= 0xd800 && code_point < 0xe000) {
            continue;
        }
        if (code_point < 0x80) {
            bytes[length++] = (char)code_point;
        } else if (code_point < 0x800) {
            bytes[length++] = (char)(0xc0 | code_point >> 6);
        } else if (code_point < 0x10000) {
            bytes[length++] = (char)(0xe0 | code_point >> 12);
        } else {
            bytes[length++] = (char)(0xf0 | code_point >> 18);
            bytes[length++] = (char)(0x80 | (code_point >> 12 & 63));
        }
        if (code_point >= 0x800) {
            bytes[length++] = (char)(0x80 | (code_point >> 6 & 63));
        }
        if (code_point >= 0x80) {
            bytes[length++] = (char)(0x80 | (code_point & 63));
        }
        struct text once = unicode_fold(arena, text_of(bytes, length));
        assert_texts(unicode_fold(arena, once), once);
        assert_texts(unicode_fold(arena, unicode_normalise(arena, text_of(bytes, length))), once);
        arena_empty(arena);
    }
}

static const struct mapping domains[] = {
    {"b\xc3\xbc"
     "cher.example",
     "xn--bcher-kva.example"},
    {"B\xc3\x9c"
     "CHER.Example",
     "xn--bcher-kva.example"},
    {"stra\xc3\x9f"
     "e.example",
     "xn--strae-oqa.example"},
    {"\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88", "xn--r8jz45g.xn--zckzah"},
    {"\xef\xbd\x85xample.com", "example.com"},
    {"plain.example", "plain.example"},
    {"0\xc3\xbc.az09", "xn--0-eha.az09"},
    {"9\xc3\xbc.example", "xn--9-eha.example"},
    {"b\xc3\xbc cher.example", ""},
    {"b\xc3\xbc..example", ""},
    {"b\xc3\xbc_.example", ""},
    {"b\xc3\xbc@other.example", ""},
    {"b\xc3\xbc<x>.example", ""},
    {"b\xc3\xbc\xc2\xa0x.example", ""},
    {"b\xc3\xbc\xef\xbc\xbfx.example", ""},
    {"b\xc3\xbc.example.", ""},
    {"\xcc\x81"
     "b\xc3\xbc.example",
     ""},
    {"\xe2\x80\x8e.example", ""},
    {"-b\xc3\xbc.example", ""},
};

static void domains_are_written_in_ascii(void **state)
{
    for (size_t i = 0; i < ROWS(domains); i++) {
        assert_text(unicode_domain(*state, text_from(domains[i].from)), domains[i].to);
    }
    assert_text(unicode_domain(*state, repeated(*state, "\xc3\xbc", 70)), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_utf8_without_zero_is_valid),
        cmocka_unit_test(code_points_are_counted_and_taken),
        cmocka_unit_test(classes_are_the_shops),
        cmocka_unit_test(white_space_of_any_script_is_trimmed),
        WITH_ARENA(normal_form_is_nfkc),
        WITH_ARENA(folding_makes_spellings_one),
        WITH_ARENA(equal_names_have_equal_keys),
        WITH_ARENA(folding_twice_changes_nothing),
        WITH_ARENA(domains_are_written_in_ascii),
    };
    return cmocka_run_group_tests_name("unicode", tests, NULL, NULL);
}
