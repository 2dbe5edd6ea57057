// A code as people type and paste it: blanks and dashes of every script fall away, full-width digits are
// digits, and what is not a digit stays to be refused. Whether the code is right is not known here.
#include "support.h"

#include "storefront/account/verify.h"

struct typed_row {
    const char *typed;
    const char *digits;
};

static const struct typed_row rows[] = {
    {"1234", "1234"},
    {"0012", "0012"},
    {" 12 34 ", "1234"},
    {"12\t34\r\n", "1234"},
    {"12-34", "1234"},
    {"--1-2-3-4--", "1234"},
    {"12\xe2\x80\x90"
     "34",
     "1234"}, // U+2010 hyphen
    {"12\xe2\x80\x91"
     "34",
     "1234"}, // U+2011 that does not break
    {"12\xe2\x80\x92"
     "34",
     "1234"}, // U+2012 figure dash
    {"12\xe2\x80\x93"
     "34",
     "1234"}, // U+2013
    {"12\xe2\x80\x94"
     "34",
     "1234"}, // U+2014
    {"12\xe2\x80\x95"
     "34",
     "1234"}, // U+2015
    {"12\xe2\x88\x92"
     "34",
     "1234"}, // U+2212 minus
    {"12\xef\xbc\x8d"
     "34",
     "1234"}, // U+FF0D full width
    {"12\xef\xb9\xa3"
     "34",
     "1234"}, // U+FE63 small
    {"12\xef\xb9\x98"
     "34",
     "1234"}, // U+FE58 small em dash
    {"12\xc2\xa0"
     "34",
     "1234"}, // U+00A0 that does not break
    {"12\xe2\x80\xaf"
     "34",
     "1234"}, // U+202F narrow
    {"12\xe3\x80\x80"
     "34",
     "1234"}, // U+3000 ideographic
    {"12\xe2\x80\xa8"
     "34",
     "1234"}, // U+2028 line separator
    {"12\xe2\x80\x8b"
     "34",
     "1234"}, // U+200B zero width
    {"\xe2\x80\x8e"
     "1234\xef\xbb\xbf",
     "1234"}, // marks that come along when pasting
    {"12\xc2\xad"
     "34",
     "1234"}, // soft hyphen
    {"\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93\xef\xbc\x94", "1234"},
    {"\xef\xbc\x91 2-\xef\xbc\x93 4", "1234"},
    {"", ""},
    {" - ", ""},
    {"\xe2\x91\xa0\xc2\xb2"
     "34",
     "\xe2\x91\xa0\xc2\xb2"
     "34"}, // digits in circles and above the line are none
    {"12a4", "12a4"},
    {"12.34", "12.34"},
    {"12,34", "12,34"},
    {"+1234", "+1234"},
    {"12_34", "12_34"},
    {"1e3", "1e3"},
    {"\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4", "\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4"}, // Arabic-Indic digits are none
    {"\xe0\xa5\xa7\xe0\xa5\xa8\xe0\xa5\xa9\xe0\xa5\xaa", "\xe0\xa5\xa7\xe0\xa5\xa8\xe0\xa5\xa9\xe0\xa5\xaa"},
    {"12\xe2\x80\xae"
     "34",
     "12\xe2\x80\xae"
     "34"}, // an override turns the digits around: not to be passed over
    {"l234", "l234"},
    {"O012", "O012"},
};

static void codes_are_read_as_people_type_them(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_text(verify_digits(&fixture->account, text_from(rows[i].typed)), rows[i].digits);
    }
}

static void what_is_too_long_stays_too_long(void **state)
{
    struct fixture *fixture = *state;
    struct text most = repeated(fixture->arena, "1", 64);
    assert_texts(verify_digits(&fixture->account, most), most);
    assert_texts(verify_digits(&fixture->account, repeated(fixture->arena, "1", 60000)), most);
    assert_int_equal(verify_digits(&fixture->account, repeated(fixture->arena, " ", 60000)).length, 0);
    assert_false(arena_failed(fixture->arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(codes_are_read_as_people_type_them),
        WITH_FIXTURE(what_is_too_long_stays_too_long),
    };
    return cmocka_run_group_tests_name("verify_digits", tests, NULL, NULL);
}
