// See routes.h. To add a page: one row here, one file beside it with its lines in pages.h, its template, its
// rule, its statements; the tests say where else.
#include "storefront/page/routes.h"
#include "storefront/page/answer.h"
#include "storefront/page/pages.h"

#include <string.h>

// A row reads as one piece:
// clang-format off
const struct route routes[] = {
    {.path = "/", .method = METHOD_GET, .audience = AUDIENCE_ALL, .pool = POOL_PAGES, .page = &home_page},

    {.path = "/register/", .method = METHOD_GET, .audience = AUDIENCE_SIGNED_OUT, .pool = POOL_PAGES,
     .page = &register_page},
    {.path = "/register/", .method = METHOD_POST, .audience = AUDIENCE_SIGNED_OUT, .pool = POOL_REGISTER,
     .rate = RATE_REGISTRATIONS, .fields = register_fields, .act = submit_register, .page = &register_page},

    {.path = "/register/verify/", .method = METHOD_GET, .audience = AUDIENCE_PENDING, .pool = POOL_PAGES,
     .page = &verify_page},
    {.path = "/register/verify/", .method = METHOD_POST, .audience = AUDIENCE_PROVING, .pool = POOL_PAGES,
     .fields = verify_fields, .act = submit_verify, .page = &verify_page},
    {.path = "/register/resend/", .method = METHOD_POST, .audience = AUDIENCE_PENDING, .pool = POOL_PAGES,
     .fields = resend_fields, .act = submit_resend, .page = &verify_page},

    {.path = "/login/", .method = METHOD_GET, .audience = AUDIENCE_SIGNED_OUT, .pool = POOL_PAGES,
     .page = &login_page},
    {.path = "/login/", .method = METHOD_POST, .audience = AUDIENCE_SIGNED_OUT, .pool = POOL_LOGIN,
     .rate = RATE_SIGN_INS, .fields = login_fields, .act = submit_login, .page = &login_page},

    {.path = "/logout/", .method = METHOD_GET, .audience = AUDIENCE_ALL, .pool = POOL_PAGES,
     .page = &logout_page},
    {.path = "/logout/", .method = METHOD_POST, .audience = AUDIENCE_ALL, .pool = POOL_PAGES,
     .fields = no_fields, .act = submit_logout, .page = &logout_page},

    {.path = "/dashboard/", .method = METHOD_GET, .audience = AUDIENCE_SIGNED_IN, .pool = POOL_PAGES,
     .page = &dashboard_page},
    {.path = "/session/", .method = METHOD_GET, .audience = AUDIENCE_ALL, .pool = POOL_PAGES,
     .act = show_session},

    {.path = "/healthz", .method = METHOD_GET, .audience = AUDIENCE_OPERATORS, .pool = POOL_PAGES,
     .act = show_health},
    {.path = "/readyz", .method = METHOD_GET, .audience = AUDIENCE_OPERATORS, .pool = POOL_PAGES,
     .act = show_readiness},
};
// clang-format on

const size_t route_count = sizeof routes / sizeof *routes;

const struct field no_fields[] = {{.name = NULL}};

static const char *const pool_names[POOLS] = {
    [POOL_PAGES] = "pages", [POOL_REGISTER] = "register", [POOL_LOGIN] = "login"};

static const char *const audience_names[] = {
    [AUDIENCE_ALL] = "all",         [AUDIENCE_SIGNED_OUT] = "signed-out", [AUDIENCE_SIGNED_IN] = "signed-in",
    [AUDIENCE_PENDING] = "pending", [AUDIENCE_PROVING] = "proving",       [AUDIENCE_OPERATORS] = "operators",
};

const struct route *routes_find(struct text path, enum method method)
{
    enum method wanted = method == METHOD_HEAD ? METHOD_GET : method;
    for (size_t i = 0; i < route_count; i++) {
        if (routes[i].method == wanted && text_equals(text_from(routes[i].path), path)) {
            return &routes[i];
        }
    }
    return NULL;
}

bool routes_is_json(struct text path)
{
    bool is_there = false;
    for (size_t i = 0; i < route_count; i++) {
        bool is_meant = text_equals(text_from(routes[i].path), path);
        if (is_meant && routes[i].page != NULL) {
            return false;
        }
        is_there = is_there || is_meant;
    }
    return is_there;
}

struct text routes_methods(struct arena *arena, struct text path)
{
    bool has_get = routes_find(path, METHOD_GET) != NULL;
    bool has_post = routes_find(path, METHOD_POST) != NULL;
    const struct text parts[] = {has_get ? TEXT("GET, HEAD") : TEXT(""),
                                 has_get && has_post ? TEXT(", ") : TEXT(""),
                                 has_post ? TEXT("POST") : TEXT("")};
    return text_join(arena, parts, 3);
}

enum pool routes_pool(struct text name)
{
    enum pool pool = POOL_PAGES;
    while (pool < POOLS && !text_equals(text_from(pool_names[pool]), name)) {
        pool++;
    }
    return pool;
}

const char *routes_pool_name(enum pool pool)
{
    return pool_names[pool];
}

static bool is_listed(const struct view_template *templates, const struct page *page)
{
    for (; templates->name != NULL; templates++) {
        if (strcmp(templates->name, page->template) == 0) {
            return true;
        }
    }
    return false;
}

void routes_list_templates(struct view_template templates[static ROUTE_TEMPLATES_MAXIMUM])
{
    size_t count = 0;
    templates[count++] = (struct view_template){trouble_page.template, trouble_page.names};
    templates[count] = (struct view_template){NULL, NULL};
    for (size_t i = 0; i < route_count && count < ROUTE_TEMPLATES_MAXIMUM - 1; i++) {
        const struct page *page = routes[i].page;
        if (page != NULL && !is_listed(templates, page)) {
            templates[count++] = (struct view_template){page->template, page->names};
            templates[count] = (struct view_template){NULL, NULL};
        }
    }
}

const char *routes_method_name(enum method method)
{
    return method == METHOD_POST ? "POST" : "GET";
}

void routes_print(struct buffer *out)
{
    for (size_t i = 0; i < route_count; i++) {
        const char *const words[] = {routes_method_name(routes[i].method), routes[i].path,
                                     audience_names[routes[i].audience], pool_names[routes[i].pool]};
        for (size_t word = 0; word < sizeof words / sizeof *words; word++) {
            buffer_add(out, word == 0 ? TEXT("") : TEXT(" "));
            buffer_add(out, text_from(words[word]));
        }
        buffer_add(out, TEXT("\n"));
    }
}

// A line of a map, once for each path: at the last of its rows.
static void print_path(struct buffer *out, const struct route *route, struct text value)
{
    for (const struct route *later = route + 1; later < routes + route_count; later++) {
        if (strcmp(later->path, route->path) == 0) {
            return;
        }
    }
    buffer_add(out, TEXT("    \"~^"));
    buffer_add(out, text_from(route->path));
    buffer_add(out, TEXT("(\\?|$)\" \""));
    buffer_add(out, value);
    buffer_add(out, TEXT("\";\n"));
}

void routes_print_nginx(struct buffer *out)
{
    buffer_add(
        out,
        TEXT("# Made by `storefront routes --nginx`: which pool answers what. All else is the pool pages'.\n"
             "map \"$request_method:$uri\" $storefront_pool {\n    default pages;\n"));
    for (size_t i = 0; i < route_count; i++) {
        if (routes[i].pool == POOL_PAGES) {
            continue;
        }
        buffer_add(out, TEXT("    \""));
        buffer_add(out, text_from(routes_method_name(routes[i].method)));
        buffer_add(out, TEXT(":"));
        buffer_add(out, text_from(routes[i].path));
        buffer_add(out, TEXT("\" "));
        buffer_add(out, text_from(pool_names[routes[i].pool]));
        buffer_add(out, TEXT(";\n"));
    }
    buffer_add(
        out,
        TEXT("}\n\n# What may be done to a path, and where programs ask: for what nginx says by itself.\n"
             "map $request_uri $storefront_methods {\n    default \"GET, HEAD\";\n"));
    for (size_t i = 0; i < route_count; i++) {
        print_path(out, &routes[i], routes_methods(out->arena, text_from(routes[i].path)));
    }
    buffer_add(out, TEXT("}\nmap $request_uri $storefront_only_json {\n    default \"\";\n"));
    for (size_t i = 0; i < route_count; i++) {
        if (routes_is_json(text_from(routes[i].path))) {
            print_path(out, &routes[i], TEXT("json"));
        }
    }
    buffer_add(out, TEXT("}\n"));
}
