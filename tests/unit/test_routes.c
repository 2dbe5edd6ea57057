// The map of URLs: what must hold for every row, whatever rows there are; that rows are found by equality
// alone; and that nginx's map says the same. What the pages behind the rows do is for the journeys.
#include "support.h"

#include "storefront/page/answer.h"
#include "storefront/page/routes.h"

static void no_row_stands_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        for (size_t other = 0; other < i; other++) {
            assert_row(strcmp(routes[i].path, routes[other].path) != 0 ||
                           routes[i].method != routes[other].method,
                       routes[i].path);
        }
    }
}

static bool is_for_operators(const struct route *route)
{
    return route->audience == AUDIENCE_OPERATORS;
}

static void paths_have_one_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        struct text path = text_from(routes[i].path);
        assert_row(path.length > 0 && path.bytes[0] == '/', routes[i].path);
        assert_row(is_for_operators(&routes[i]) || path.bytes[path.length - 1] == '/', routes[i].path);
        assert_row(!holds(path, "//") && !holds(path, ".."), routes[i].path);
        for (size_t at = 0; at < path.length; at++) {
            assert_row(strchr("abcdefghijklmnopqrstuvwxyz-/", path.bytes[at]) != NULL, routes[i].path);
        }
    }
}

static void every_row_can_be_answered(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &routes[i];
        assert_row(route->method == METHOD_GET || route->method == METHOD_POST, route->path);
        assert_row(route->act != NULL || route->page != NULL, route->path);
        assert_row(route->page == NULL || (route->page->template != NULL && route->page->names != NULL &&
                                           route->page->fill != NULL),
                   route->path);
        assert_row(route->pool < POOLS, route->path);
    }
}

static size_t field_count(const struct route *route)
{
    size_t count = 0;
    while (route->fields[count].name != NULL) {
        count++;
    }
    return count;
}

static void every_unsafe_row_has_fields_and_a_deed(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &routes[i];
        if (route->method != METHOD_POST) {
            assert_row(route->fields == NULL && route->rate == RATE_NONE, route->path);
            continue;
        }
        assert_row(route->act != NULL && route->fields != NULL, route->path);
        assert_row(field_count(route) <= FORM_FIELDS_MAXIMUM, route->path);
        for (size_t at = 0; at < field_count(route); at++) {
            assert_row(strcmp(route->fields[at].name, "csrfmiddlewaretoken") != 0, route->path);
        }
    }
}

static void operators_change_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        assert_row(!is_for_operators(&routes[i]) ||
                       (routes[i].method == METHOD_GET && routes[i].page == NULL),
                   routes[i].path);
    }
}

// A limit for a client address is only taken in a pool that hashes, and each such pool has its limit.
static void what_hashes_is_limited_and_has_its_pool(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &routes[i];
        assert_row((route->rate == RATE_NONE) == (route->pool == POOL_PAGES), route->path);
        assert_row(route->pool == POOL_PAGES || route->method == METHOD_POST, route->path);
    }
    assert_int_equal(routes_find(TEXT("/register/"), METHOD_POST)->pool, POOL_REGISTER);
    assert_int_equal(routes_find(TEXT("/login/"), METHOD_POST)->pool, POOL_LOGIN);
}

// The contract's own list: nothing is missing, nothing is there that it does not know.
struct contract_row {
    const char *path;
    enum method method;
    enum audience audience;
};

static const struct contract_row contract[] = {
    {"/", METHOD_GET, AUDIENCE_ALL},
    {"/register/", METHOD_GET, AUDIENCE_SIGNED_OUT},
    {"/register/", METHOD_POST, AUDIENCE_SIGNED_OUT},
    {"/register/verify/", METHOD_GET, AUDIENCE_PENDING},
    {"/register/verify/", METHOD_POST, AUDIENCE_PROVING},
    {"/register/resend/", METHOD_POST, AUDIENCE_PENDING},
    {"/login/", METHOD_GET, AUDIENCE_SIGNED_OUT},
    {"/login/", METHOD_POST, AUDIENCE_SIGNED_OUT},
    {"/logout/", METHOD_GET, AUDIENCE_ALL},
    {"/logout/", METHOD_POST, AUDIENCE_ALL},
    {"/dashboard/", METHOD_GET, AUDIENCE_SIGNED_IN},
    {"/session/", METHOD_GET, AUDIENCE_ALL},
    {"/healthz", METHOD_GET, AUDIENCE_OPERATORS},
    {"/readyz", METHOD_GET, AUDIENCE_OPERATORS},
};

static void the_map_is_the_contracts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(contract); i++) {
        const struct route *route = routes_find(text_from(contract[i].path), contract[i].method);
        assert_row(route != NULL && route->audience == contract[i].audience, contract[i].path);
    }
    assert_int_equal(route_count, ROWS(contract));
}

static const char *const unknown[] = {
    "",         "/register",   "/register//",   "register/", "/Register/",       "/register/x",
    "/regist",  "//register/", "/login/?next=", "/healthz/", "/register/verify", " /login/",
    "/login/ ",
};

static void rows_are_found_by_equality(void **state)
{
    for (size_t i = 0; i < ROWS(unknown); i++) {
        assert_row(routes_find(text_from(unknown[i]), METHOD_GET) == NULL, unknown[i]);
        assert_row(routes_find(text_from(unknown[i]), METHOD_POST) == NULL, unknown[i]);
        assert_int_equal(routes_methods(*state, text_from(unknown[i])).length, 0);
    }
    assert_null(routes_find(text_of("/login/\0", 8), METHOD_GET));
    assert_null(routes_find(TEXT("/login/"), METHOD_OTHER));
    assert_null(routes_find(TEXT("/dashboard/"), METHOD_POST));
    assert_ptr_equal(routes_find(TEXT("/login/"), METHOD_HEAD), routes_find(TEXT("/login/"), METHOD_GET));
    assert_ptr_not_equal(routes_find(TEXT("/login/"), METHOD_POST), routes_find(TEXT("/login/"), METHOD_GET));
}

static void methods_are_told(void **state)
{
    assert_text(routes_methods(*state, TEXT("/login/")), "GET, HEAD, POST");
    assert_text(routes_methods(*state, TEXT("/dashboard/")), "GET, HEAD");
    assert_text(routes_methods(*state, TEXT("/register/resend/")), "POST");
}

static void pools_have_names(void **state)
{
    (void)state;
    for (enum pool pool = POOL_PAGES; pool < POOLS; pool++) {
        assert_int_equal(routes_pool(text_from(routes_pool_name(pool))), pool);
    }
    assert_int_equal(routes_pool(TEXT("")), POOLS);
    assert_int_equal(routes_pool(TEXT("page")), POOLS);
    assert_int_equal(routes_pool(TEXT("Pages")), POOLS);
}

static void every_page_has_its_template_listed_once(void **state)
{
    (void)state;
    struct view_template templates[ROUTE_TEMPLATES_MAXIMUM];
    size_t count = 0;
    routes_list_templates(templates);
    while (templates[count].name != NULL) {
        for (size_t other = 0; other < count; other++) {
            assert_string_not_equal(templates[count].name, templates[other].name);
        }
        count++;
    }
    for (size_t i = 0; i < route_count; i++) {
        size_t at = 0;
        while (routes[i].page != NULL && at < count &&
               strcmp(templates[at].name, routes[i].page->template) != 0) {
            at++;
        }
        assert_row(routes[i].page == NULL || templates[at].names == routes[i].page->names, routes[i].path);
    }
    assert_string_equal(templates[0].name, trouble_page.template);
}

static void the_printed_map_has_a_line_a_row(void **state)
{
    struct buffer out = buffer_open(*state, 65536);
    routes_print(&out);
    struct text printed = buffer_text(&out);
    size_t lines = 0;
    for (size_t i = 0; i < printed.length; i++) {
        lines += printed.bytes[i] == '\n';
    }
    assert_int_equal(lines, route_count);
    assert_true(text_starts_with(printed, TEXT("GET / all pages\n")));
    assert_true(holds(printed, "\nPOST /register/ signed-out register\n"));
    assert_true(holds(printed, "\nGET /readyz operators pages\n"));
}

static void nginx_is_told_of_every_other_pool(void **state)
{
    struct buffer out = buffer_open(*state, 65536);
    routes_print_nginx(&out);
    struct text printed = buffer_text(&out);
    assert_true(holds(printed, "map \"$request_method:$uri\" $storefront_pool {\n    default pages;\n"
                               "    \"POST:/register/\" register;\n    \"POST:/login/\" login;\n}\n"));
    assert_false(holds(printed, "GET:"));
    assert_false(holds(printed, "verify/\" "));
}

static void nginx_is_told_what_may_be_done_to_a_path(void **state)
{
    struct buffer out = buffer_open(*state, 65536);
    routes_print_nginx(&out);
    struct text printed = buffer_text(&out);
    assert_true(holds(printed, "    \"~^/register/(\\?|$)\" \"GET, HEAD, POST\";\n"));
    assert_true(holds(printed, "    \"~^/register/resend/(\\?|$)\" \"POST\";\n"));
    assert_true(holds(printed, "    \"~^/session/(\\?|$)\" \"json\";\n"));
    assert_false(holds(printed, "    \"~^/(\\?|$)\" \"json\";\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_row_stands_twice),
        cmocka_unit_test(paths_have_one_form),
        cmocka_unit_test(every_row_can_be_answered),
        cmocka_unit_test(every_unsafe_row_has_fields_and_a_deed),
        cmocka_unit_test(operators_change_nothing),
        cmocka_unit_test(what_hashes_is_limited_and_has_its_pool),
        cmocka_unit_test(the_map_is_the_contracts),
        WITH_ARENA(rows_are_found_by_equality),
        WITH_ARENA(methods_are_told),
        cmocka_unit_test(pools_have_names),
        cmocka_unit_test(every_page_has_its_template_listed_once),
        WITH_ARENA(the_printed_map_has_a_line_a_row),
        WITH_ARENA(nginx_is_told_of_every_other_pool),
        WITH_ARENA(nginx_is_told_what_may_be_done_to_a_path),
    };
    return cmocka_run_group_tests_name("routes", tests, NULL, NULL);
}
