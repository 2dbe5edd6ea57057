// What is read out of a request's headers: cookies, query, media types and their parameters, and who wants
// JSON. Most rows are of clients that are wrong or wish us ill. It knows no routes.
#include "support.h"

#include "storefront/http/request.h"

struct cookie_row {
    const char *header;
    const char *value; // NULL: there is none
};

static const struct cookie_row cookies[] = {
    {"sessionid=abc", "abc"},
    {"a=1; sessionid=abc; b=2", "abc"},
    {"sessionid=abc; sessionid=def", "abc"},
    {"sessionid=\"abc\"", "abc"},
    {"sessionid=\"abc", "\"abc"},
    {"sessionid=\"", "\""},
    {"sessionid=\"\"", ""},
    {"sessionid=", ""},
    {"sessionid", ""},
    {"sessionid=a=b", "a=b"},
    {";;  ; sessionid=x ;", "x"},
    {"a=\"; sessionid=x", "x"},
    {"xsessionid=abc", NULL},
    {"sessionidx=abc", NULL},
    {"session=abc", NULL},
    {"SessionID=abc", NULL},
    {" =sessionid", NULL},
    {"__Host-sessionid=abc", NULL},
    {"a=sessionid=abc", NULL},
    {"", NULL},
};

static void cookies_are_found_by_their_whole_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(cookies); i++) {
        const struct request request = {.cookies = text_from(cookies[i].header)};
        struct text value = request_cookie(&request, TEXT("sessionid"));
        assert_row((value.bytes == NULL) == (cookies[i].value == NULL), cookies[i].header);
        assert_text(value, cookies[i].value);
    }
}

static const struct cookie_row queries[] = {
    {"next=/a", "/a"},
    {"a=1&next=%2Fa%26b", "/a&b"},
    {"next=a+b", "a b"},
    {"next=%zz&next=/b", "/b"},
    {"next=", ""},
    {"next", ""},
    {"next=/a&next=/b", "/a"},
    {"xnext=/a", NULL},
    {"nex=/a", NULL},
    {"n%65xt=/a", NULL},
    {"next=%", NULL},
    {"", NULL},
};

static void query_gives_the_first_that_can_be_read(void **state)
{
    for (size_t i = 0; i < ROWS(queries); i++) {
        const struct request request = {.query = text_from(queries[i].header)};
        struct text value = request_query(&request, *state, TEXT("next"));
        assert_row((value.bytes == NULL) == (queries[i].value == NULL), queries[i].header);
        assert_text(value, queries[i].value);
    }
}

struct parameter_row {
    const char *header;
    const char *type;
    const char *boundary; // NULL: there is none
};

static const struct parameter_row parameters[] = {
    {"multipart/form-data; boundary=abc", "multipart/form-data", "abc"},
    {" multipart/form-data ;BOUNDARY=\"a;b c\"; x=y", "multipart/form-data", "a;b c"},
    {"multipart/form-data; x=\"; boundary=no\"; boundary=yes", "multipart/form-data", "yes"},
    {"multipart/form-data; boundary = abc ", "multipart/form-data", "abc"},
    {"multipart/form-data; boundary=\"\"", "multipart/form-data", ""},
    {"multipart/form-data; xboundary=abc", "multipart/form-data", NULL},
    {"multipart/form-data; boundar=abc", "multipart/form-data", NULL},
    {"multipart/form-data; boundary", "multipart/form-data", NULL},
    {"multipart/form-data; boundary=", "multipart/form-data", NULL},
    {"boundary=abc", "boundary=abc", NULL},
    {"text/plain", "text/plain", NULL},
    {";boundary=abc", "", "abc"},
    {"", "", NULL},
};

static void parameters_mind_quotes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(parameters); i++) {
        struct text boundary = request_parameter(text_from(parameters[i].header), TEXT("boundary"));
        assert_text(request_media_type(text_from(parameters[i].header)), parameters[i].type);
        assert_row((boundary.bytes == NULL) == (parameters[i].boundary == NULL), parameters[i].header);
        assert_text(boundary, parameters[i].boundary);
    }
}

struct wish_row {
    const char *content_type;
    const char *requested_with;
    const char *accept;
    bool wants_json;
};

static const struct wish_row wishes[] = {
    {NULL, NULL, NULL, false},
    {NULL, NULL, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false},
    {NULL, NULL, "*/*", false},
    {NULL, NULL, "application/json", true},
    {NULL, NULL, "Application/JSON ; charset=utf-8", true},
    {NULL, NULL, "application/json, text/plain, */*", true},
    {NULL, NULL, "application/json, text/html", false},
    {NULL, NULL, "text/html;q=0.5, application/json", true},
    {NULL, NULL, "text/html;q=0.5, application/json;q=0.50", false},
    {NULL, NULL, "text/html;q=0.5, application/json;q=0.501", true},
    {NULL, NULL, "text/*;q=0.9, application/json;q=0.8", false},
    {NULL, NULL, "application/json;q=0", false},
    {NULL, NULL, "application/json;q=nonsense", false},
    {NULL, NULL, "application/jsonx", false},
    {NULL, NULL, "application/*", false},
    {NULL, "XMLHttpRequest", "text/html", true},
    {NULL, "xmlhttprequest", NULL, true},
    {NULL, "XMLHttpRequests", NULL, false},
    {"application/json", NULL, "text/html", true},
    {"application/json; charset=utf-8", NULL, NULL, true},
    {"application/x-www-form-urlencoded", NULL, NULL, false},
    {"text/plain; application/json", NULL, NULL, false},
};

static void json_is_for_those_who_show_that_they_want_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(wishes); i++) {
        const struct request request = {.content_type = text_from(wishes[i].content_type),
                                        .requested_with = text_from(wishes[i].requested_with),
                                        .accept = text_from(wishes[i].accept)};
        assert_row(request_wants_json(&request) == wishes[i].wants_json,
                   wishes[i].accept == NULL ? "no Accept" : wishes[i].accept);
    }
}

struct wait_row {
    const char *sent;
    int64_t waited;
};

static const struct wait_row waits[] = {
    {"1000.000", 5123},     {"1004.123", 1000}, {"1005.122", 1},  {"1005.123", 0}, {"1005.124", 0},
    {"2000000000.999", 0},  {"0.000", 1005123}, {NULL, 0},        {"", 0},         {"1000", 0},
    {"1000.", 0},           {"1000.00", 0},     {"1000.0000", 0}, {".000", 0},     {"1000,000", 0},
    {"1000.000.000", 0},    {" 1000.000", 0},   {"1000.0x0", 0},  {"1000.-01", 0}, {"-1.000", 0},
    {"99999999999.000", 0}, {"1e3.000", 0},
};

static void waiting_is_counted_from_what_nginx_says(void **state)
{
    const int64_t now = 1005123;
    (void)state;
    for (size_t i = 0; i < ROWS(waits); i++) {
        assert_row(request_wait(text_from(waits[i].sent), now) == waits[i].waited,
                   waits[i].sent == NULL ? "nothing" : waits[i].sent);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cookies_are_found_by_their_whole_name),
        WITH_ARENA(query_gives_the_first_that_can_be_read),
        cmocka_unit_test(parameters_mind_quotes),
        cmocka_unit_test(json_is_for_those_who_show_that_they_want_it),
        cmocka_unit_test(waiting_is_counted_from_what_nginx_says),
    };
    return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
