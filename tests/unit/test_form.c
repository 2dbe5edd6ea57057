// Bodies into fields, by all three ways in: one table of bodies for each, with what must come of it. A
// browser's own forms are few of the rows; most are what a careless or hostile client sends. It knows no
// journeys' fields.
#include "support.h"

#include "storefront/http/form.h"

static const struct field fields[] = {{"username", FIELD_TEXT}, {"otp", FIELD_DIGITS}, {.name = NULL}};

struct body_row {
    const char *what;
    const char *type;
    const char *body;
    enum form_outcome outcome;
    const char *username; // NULL: not given
    const char *otp;
    const char *token;
};

#define FORM "application/x-www-form-urlencoded"
#define JSON "application/json"
#define PART "multipart/form-data; boundary=b"

static const struct body_row rows[] = {
    {"a form", FORM, "username=john+doe&otp=1234&csrfmiddlewaretoken=t", FORM_READ, "john doe", "1234", "t"},
    {"percents", FORM, "user%6eame=%C3%A4%26%3d&otp=", FORM_READ, "\xc3\xa4&=", "", NULL},
    {"an equals sign in the value", FORM, "username=a=b", FORM_READ, "a=b", NULL, NULL},
    {"no equals sign", FORM, "username", FORM_READ, "", NULL, NULL},
    {"empty pairs", FORM, "&&username=x&", FORM_READ, "x", NULL, NULL},
    {"undeclared", FORM, "a=1&b=2&username=x", FORM_READ, "x", NULL, NULL},
    {"undeclared, twice", FORM, "a=1&a=2&username=x", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a name that only begins the same", FORM, "usernam=x&usernames=y", FORM_READ, NULL, NULL, NULL},
    {"another case", FORM, "Username=x", FORM_READ, NULL, NULL, NULL},
    {"an empty token", FORM, "csrfmiddlewaretoken=", FORM_READ, NULL, NULL, ""},
    {"UTF-8 said so", FORM "; charset=UTF-8", "username=x", FORM_READ, "x", NULL, NULL},
    {"type in capitals", "Application/X-WWW-Form-Urlencoded", "username=x", FORM_READ, "x", NULL, NULL},
    {"declared twice", FORM, "username=a&username=a", FORM_UNREADABLE, NULL, NULL, NULL},
    {"declared twice, once encoded", FORM, "username=a&%75sername=b", FORM_UNREADABLE, NULL, NULL, NULL},
    {"declared twice, both empty", FORM, "username=&username=", FORM_UNREADABLE, NULL, NULL, NULL},
    {"token twice", FORM, "csrfmiddlewaretoken=a&csrfmiddlewaretoken=b", FORM_UNREADABLE, NULL, NULL, NULL},
    {"token twice, first empty", FORM, "csrfmiddlewaretoken=&csrfmiddlewaretoken=b", FORM_UNREADABLE, NULL,
     NULL, NULL},
    {"a zero", FORM, "username=a%00b", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a zero in a name", FORM, "username%00=a", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a zero in what nobody reads", FORM, "other=%00", FORM_UNREADABLE, NULL, NULL, NULL},
    {"not UTF-8", FORM, "username=%ff", FORM_UNREADABLE, NULL, NULL, NULL},
    {"an overlong slash", FORM, "username=%c0%af", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a surrogate", FORM, "username=%ed%a0%80", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a stray percent", FORM, "username=100%", FORM_UNREADABLE, NULL, NULL, NULL},
    {"half a percent", FORM, "username=%4", FORM_UNREADABLE, NULL, NULL, NULL},

    {"an object", JSON, "{\"username\":\"j\\u00f6\",\"otp\":\"0012\"}", FORM_READ, "j\xc3\xb6", "0012", NULL},
    {"a number for digits", JSON, "{\"otp\":12}", FORM_READ, NULL, "12", NULL},
    {"zero for digits", JSON, "{\"otp\":0}", FORM_READ, NULL, "0", NULL},
    {"a token", JSON, "{\"csrfmiddlewaretoken\":\"t\"}", FORM_READ, NULL, NULL, "t"},
    {"undeclared of any type", JSON, "{\"a\":[{}],\"b\":null,\"c\":1.5,\"username\":\"x\"}", FORM_READ, "x",
     NULL, NULL},
    {"an empty object", JSON "; charset=utf-8", "{}", FORM_READ, NULL, NULL, NULL},
    {"empty text", JSON, "{\"username\":\"\"}", FORM_READ, "", NULL, NULL},
    {"a doubled key", JSON, "{\"username\":\"a\",\"username\":\"b\"}", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a doubled key, once escaped", JSON, "{\"username\":\"a\",\"\\u0075sername\":\"b\"}", FORM_UNREADABLE,
     NULL, NULL, NULL},
    {"a doubled key that nobody reads", JSON, "{\"x\":1,\"x\":2}", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a number for text", JSON, "{\"username\":1}", FORM_UNREADABLE, NULL, NULL, NULL},
    {"null for text", JSON, "{\"username\":null}", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a switch for text", JSON, "{\"username\":true}", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a list for text", JSON, "{\"username\":[\"a\"]}", FORM_UNREADABLE, NULL, NULL, NULL},
    {"an object for text", JSON, "{\"username\":{}}", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a negative number for digits", JSON, "{\"otp\":-1234}", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a fraction for digits", JSON, "{\"otp\":1234.0}", FORM_UNREADABLE, NULL, NULL, NULL},
    {"an exponent for digits", JSON, "{\"otp\":1e3}", FORM_UNREADABLE, NULL, NULL, NULL},
    {"null for digits", JSON, "{\"otp\":null}", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a huge number", JSON, "{\"otp\":99999999999999999999}", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a number for the token", JSON, "{\"csrfmiddlewaretoken\":1}", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a list", JSON, "[]", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a text", JSON, "\"username\"", FORM_UNREADABLE, NULL, NULL, NULL},
    {"null", JSON, "null", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a cut object", JSON, "{\"username\":\"a\"", FORM_UNREADABLE, NULL, NULL, NULL},
    {"two objects", JSON, "{}{}", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a form that says JSON", JSON, "username=a", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a zero in JSON", JSON, "{\"username\":\"a\\u0000b\"}", FORM_UNREADABLE, NULL, NULL, NULL},
    {"not UTF-8 in JSON", JSON, "{\"username\":\"\xff\"}", FORM_UNREADABLE, NULL, NULL, NULL},
    {"half a pair of surrogates", JSON, "{\"username\":\"\\ud83d\"}", FORM_UNREADABLE, NULL, NULL, NULL},
    {"blanks alone", JSON, "  ", FORM_UNREADABLE, NULL, NULL, NULL},
    {"nine levels", JSON, "{\"a\":[[[[[[[[]]]]]]]]}", FORM_UNREADABLE, NULL, NULL, NULL},

    {"JSON that says form", FORM, "{\"username\":\"a\"}", FORM_READ, NULL, NULL, NULL},
    {"plain text", "text/plain", "username=a", FORM_UNSUPPORTED, NULL, NULL, NULL},
    {"no type", "", "username=a", FORM_UNSUPPORTED, NULL, NULL, NULL},
    {"XML", "application/xml", "<a/>", FORM_UNSUPPORTED, NULL, NULL, NULL},
    {"a type that only begins the same", "application/jsonp", "{}", FORM_UNSUPPORTED, NULL, NULL, NULL},
    {"another JSON", "application/vnd.api+json", "{}", FORM_UNSUPPORTED, NULL, NULL, NULL},
    {"Latin 1", FORM "; charset=iso-8859-1", "username=a", FORM_UNSUPPORTED, NULL, NULL, NULL},
    {"UTF-16", JSON "; charset=\"utf-16\"", "{}", FORM_UNSUPPORTED, NULL, NULL, NULL},
    {"nothing of a type that nobody reads", "text/plain", "", FORM_READ, NULL, NULL, NULL},
    {"nothing", NULL, "", FORM_READ, NULL, NULL, NULL},

    {"parts", PART,
     "--b\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\njohn\r\n"
     "--b\r\nContent-Disposition: form-data; name=\"otp\"\r\n\r\n\r\n"
     "--b\r\ncontent-disposition: form-data; name=csrfmiddlewaretoken\r\n\r\nt\r\n--b--\r\n",
     FORM_READ, "john", "", "t"},
    {"a part with line ends and dashes", PART,
     "--b\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\na\r\n--\r\n--c\n--b\r\n--b--",
     FORM_READ, "a\r\n--\r\n--c\n--b", NULL, NULL},
    {"a part without content", PART,
     "--b\r\nContent-Disposition: form-data; name=\"otp\"\r\n\r\n--b\r\n"
     "Content-Disposition: form-data; name=\"username\"\r\n\r\nx\r\n--b--",
     FORM_READ, "x", "", NULL},
    {"no parts", PART, "--b--\r\n", FORM_READ, NULL, NULL, NULL},
    {"a quoted boundary", "multipart/form-data; boundary=\"b b\"",
     "--b b\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nx\r\n--b b--\r\n", FORM_READ, "x",
     NULL, NULL},
    {"a file that nobody declared", PART,
     "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n\xff\r\n--b--\r\n", FORM_READ,
     NULL, NULL, NULL},
    {"a file for a declared field", PART,
     "--b\r\nContent-Disposition: form-data; name=\"username\"; filename=\"x\"\r\n\r\nx\r\n--b--\r\n",
     FORM_UNREADABLE, NULL, NULL, NULL},
    {"an encoded file name", PART,
     "--b\r\nContent-Disposition: form-data; name=\"username\"; filename*=UTF-8''x\r\n\r\nx\r\n--b--\r\n",
     FORM_UNREADABLE, NULL, NULL, NULL},
    {"a part twice", PART,
     "--b\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\na\r\n"
     "--b\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nb\r\n--b--\r\n",
     FORM_UNREADABLE, NULL, NULL, NULL},
    {"no end", PART, "--b\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\na", FORM_UNREADABLE,
     NULL, NULL, NULL},
    {"no last boundary", PART, "--b\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\na\r\n--b\r\n",
     FORM_UNREADABLE, NULL, NULL, NULL},
    {"another boundary", PART,
     "--c\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\na\r\n--c--\r\n", FORM_UNREADABLE, NULL,
     NULL, NULL},
    {"a boundary that goes on", PART,
     "--bb\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\na\r\n--bb--\r\n", FORM_UNREADABLE,
     NULL, NULL, NULL},
    {"no name", PART, "--b\r\nContent-Disposition: form-data\r\n\r\na\r\n--b--\r\n", FORM_UNREADABLE, NULL,
     NULL, NULL},
    {"no disposition", PART, "--b\r\nContent-Type: text/plain\r\n\r\na\r\n--b--\r\n", FORM_UNREADABLE, NULL,
     NULL, NULL},
    {"another disposition", PART,
     "--b\r\nContent-Disposition: attachment; name=\"username\"\r\n\r\na\r\n--b--\r\n", FORM_UNREADABLE, NULL,
     NULL, NULL},
    {"line feeds alone", PART, "--b\nContent-Disposition: form-data; name=\"username\"\n\na\n--b--\n",
     FORM_UNREADABLE, NULL, NULL, NULL},
    {"no boundary said", "multipart/form-data", "--b--", FORM_UNREADABLE, NULL, NULL, NULL},
    {"an empty boundary", "multipart/form-data; boundary=\"\"", "----", FORM_UNREADABLE, NULL, NULL, NULL},
    {"a part that is not UTF-8", PART,
     "--b\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\n\xff\r\n--b--\r\n", FORM_UNREADABLE,
     NULL, NULL, NULL},
    {"mixed parts", "multipart/mixed; boundary=b", "--b--", FORM_UNSUPPORTED, NULL, NULL, NULL},
};

static void check_field(const struct body_row *row, struct field_value value, const char *expected)
{
    assert_row(value.is_given == (expected != NULL), row->what);
    if (expected != NULL) {
        assert_text(value.text, expected);
    }
}

static void each_body_comes_out_as_it_must(void **state)
{
    struct arena *arena = *state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct body_row *row = &rows[i];
        const struct request request = {.content_type = text_from(row->type), .body = text_from(row->body)};
        struct form form;
        assert_row(form_read(arena, &request, fields, &form) == row->outcome, row->what);
        if (row->outcome == FORM_READ) {
            check_field(row, form_value(&form, "username"), row->username);
            check_field(row, form_value(&form, "otp"), row->otp);
            assert_row((form.csrf_token.bytes == NULL) == (row->token == NULL), row->what);
            assert_text(form.csrf_token, row->token);
        }
        arena_empty(arena);
    }
}

// Every body that can be read must be refused, or read as fewer fields, when it is cut anywhere; never more.
static void cut_bodies_do_no_harm(void **state)
{
    struct arena *arena = *state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        size_t whole = strlen(rows[i].body);
        for (size_t length = 0; length < whole; length++) {
            struct text body = text_copy(arena, text_of(rows[i].body, length));
            const struct request request = {.content_type = text_from(rows[i].type), .body = body};
            struct form form;
            (void)form_read(arena, &request, fields, &form);
            arena_empty(arena);
        }
    }
}

static void a_body_that_ended_early_is_unreadable(void **state)
{
    struct form form;
    struct request request = {.content_type = TEXT(FORM), .body = TEXT("username=x"), .is_cut = true};
    assert_int_equal(form_read(*state, &request, fields, &form), FORM_UNREADABLE);
    request.body = TEXT("");
    assert_int_equal(form_read(*state, &request, fields, &form), FORM_UNREADABLE);
}

static void raw_zero_bytes_are_refused_in_every_kind(void **state)
{
    static const char form_body[] = "username=a\0b";
    static const char json_body[] = "{\"username\":\"a\0b\"}";
    static const char part_body[] =
        "--b\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\na\0b\r\n--b--\r\n";
    const struct request requests[] = {
        {.content_type = TEXT(FORM), .body = text_of(form_body, sizeof form_body - 1)},
        {.content_type = TEXT(JSON), .body = text_of(json_body, sizeof json_body - 1)},
        {.content_type = TEXT(PART), .body = text_of(part_body, sizeof part_body - 1)},
    };
    for (size_t i = 0; i < ROWS(requests); i++) {
        struct form form;
        assert_int_equal(form_read(*state, &requests[i], fields, &form), FORM_UNREADABLE);
    }
}

static void numbers_are_told_from_digits(void **state)
{
    struct form form;
    struct request request = {.content_type = TEXT(JSON), .body = TEXT("{\"otp\":7}")};
    assert_int_equal(form_read(*state, &request, fields, &form), FORM_READ);
    assert_true(form_value(&form, "otp").is_number);
    request.body = TEXT("{\"otp\":\"7\"}");
    assert_int_equal(form_read(*state, &request, fields, &form), FORM_READ);
    assert_false(form_value(&form, "otp").is_number);
}

// As many as there is room for by name, each another one; and one more is refused.
static void the_number_of_undeclared_fields_is_bounded(void **state)
{
    struct arena *arena = *state;
    struct buffer body = buffer_open(arena, 4096);
    for (int64_t i = 0; i <= (int64_t)FORM_OTHERS_MAXIMUM; i++) {
        struct form form;
        const struct request request = {.content_type = TEXT(FORM), .body = buffer_text(&body)};
        assert_int_equal(form_read(arena, &request, fields, &form), FORM_READ);
        buffer_add(&body, TEXT("&a"));
        buffer_add_number(&body, i);
        buffer_add(&body, TEXT("=1"));
    }
    struct form form;
    const struct request request = {.content_type = TEXT(FORM), .body = buffer_text(&body)};
    assert_int_equal(form_read(arena, &request, fields, &form), FORM_UNREADABLE);
}

static void the_number_of_pairs_is_bounded(void **state)
{
    struct arena *arena = *state;
    struct form form;
    const struct request allowed = {.content_type = TEXT(FORM), .body = repeated(arena, "=1&", 256)};
    assert_int_equal(form_read(arena, &allowed, fields, &form), FORM_READ);
    const struct request refused = {.content_type = TEXT(FORM), .body = repeated(arena, "=1&", 257)};
    assert_int_equal(form_read(arena, &refused, fields, &form), FORM_UNREADABLE);
}

static struct text parts_of(struct arena *arena, size_t count)
{
    const struct text pieces[] = {
        repeated(arena, "--b\r\nContent-Disposition: form-data; name=\"\"\r\n\r\nx\r\n", count),
        TEXT("--b--\r\n")};
    return text_join(arena, pieces, 2);
}

static void the_number_of_parts_and_their_heads_are_bounded(void **state)
{
    struct arena *arena = *state;
    struct form form;
    struct request request = {.content_type = TEXT(PART), .body = parts_of(arena, 63)};
    assert_int_equal(form_read(arena, &request, fields, &form), FORM_READ);
    request.body = parts_of(arena, 64);
    assert_int_equal(form_read(arena, &request, fields, &form), FORM_UNREADABLE);
    const struct text pieces[] = {TEXT("--b\r\nX: "), repeated(arena, "x", 3000),
                                  TEXT("\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b--\r\n")};
    request.body = text_join(arena, pieces, 3);
    assert_int_equal(form_read(arena, &request, fields, &form), FORM_UNREADABLE);
    const struct text type[] = {TEXT("multipart/form-data; boundary="), repeated(arena, "b", 71)};
    request.content_type = text_join(arena, type, 2);
    request.body = TEXT("--b--");
    assert_int_equal(form_read(arena, &request, fields, &form), FORM_UNREADABLE);
}

static void an_undeclared_field_is_never_given(void **state)
{
    struct form form;
    const struct request request = {.content_type = TEXT(FORM), .body = TEXT("other=x")};
    assert_int_equal(form_read(*state, &request, fields, &form), FORM_READ);
    assert_false(form_value(&form, "other").is_given);
    assert_false(form_value(&form, "").is_given);
    assert_false(form_value(&form, "csrfmiddlewaretoken").is_given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(each_body_comes_out_as_it_must),
        WITH_ARENA(cut_bodies_do_no_harm),
        WITH_ARENA(a_body_that_ended_early_is_unreadable),
        WITH_ARENA(raw_zero_bytes_are_refused_in_every_kind),
        WITH_ARENA(numbers_are_told_from_digits),
        WITH_ARENA(the_number_of_undeclared_fields_is_bounded),
        WITH_ARENA(the_number_of_pairs_is_bounded),
        WITH_ARENA(the_number_of_parts_and_their_heads_are_bounded),
        WITH_ARENA(an_undeclared_field_is_never_given),
    };
    return cmocka_run_group_tests_name("form", tests, NULL, NULL);
}
