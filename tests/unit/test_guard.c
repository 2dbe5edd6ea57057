// The guard before every page, with a database that is away: all that is refused before anybody is asked, in
// the contract's order, and all that a visitor without a session is shown without a single question. What
// needs an answer from the database is for the journeys.
#include "support.h"

#include "storefront/account/csrf.h"
#include "storefront/base/json.h"
#include "storefront/page/answer.h"
#include "storefront/page/guard.h"
#include "storefront/security/password.h"
#include "storefront/view/assets.h"

#define HOST   "127.0.0.1:8080"
#define OURS   "http://127.0.0.1:8080"
#define SOMEID "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// A worker of each pool, with all but a database.
struct house {
    struct arena *arena;   // of the house
    struct arena *request; // of one request, as the worker has it
    struct folder folder;
    struct settings settings;
    struct keyring *keyring;
    struct service service;
    struct view_template templates[ROUTE_TEMPLATES_MAXIMUM];
    struct response response;
};

static struct house house;

static const struct view *open_view(void)
{
    routes_list_templates(house.templates);
    const struct view_settings settings = {.settings = &house.settings,
                                           .folder = "templates",
                                           .templates = house.templates,
                                           .common_names = layout_names,
                                           .needs_static = true};
    (void)mkdir(folder_path(house.arena, &house.folder, "files"), 0700);
    return assets_publish(house.arena, &house.settings) ? view_open(house.arena, &settings) : NULL;
}

static int open_house(void **state)
{
    static const char *const variables[] = {"STOREFRONT_ADDRESS_LIMITS=off",
                                            "STOREFRONT_PASSWORD_MEMORY_KIB=1024",
                                            "STOREFRONT_PASSWORD_PASSES=1", NULL};
    (void)state;
    house.arena = arena_open(8 * SUPPORT_ARENA);
    house.request = arena_open((size_t)2 * 1024 * 1024);
    house.folder = folder_make();
    house.settings = settings_of(house.arena, variables);
    house.settings.www_folder = TEXT(SOURCE_FOLDER "/www");
    house.settings.static_folder = text_from(house.folder.path);
    house.keyring = keyring_open(folder_write(house.arena, &house.folder, "keys", TEXT("7 " FIXTURE_KEY)),
                                 1U << KEY_CODES | 1U << KEY_TOKENS | 1U << KEY_LIMITS);
    const struct database_settings database = {.url = TEXT("host=/nowhere/at/all"),
                                               .deadline_ms = 500,
                                               .user = STATEMENT_USER_WORKER,
                                               .application = "unit"};
    house.service = (struct service){.settings = &house.settings,
                                     .keyring = house.keyring,
                                     .database = database_open(&database),
                                     .view = open_view(),
                                     .pool = POOL_PAGES};
    bool is_ready = house.service.view != NULL && house.service.database != NULL && house.keyring != NULL &&
                    password_start((struct password_cost){1024, 1}) &&
                    site_open(house.arena, &house.settings, &house.service.site);
    return is_ready ? 0 : -1;
}

static int close_house(void **state)
{
    (void)state;
    folder_remove(&house.folder);
    database_close(&house.service.database);
    keyring_close(&house.keyring);
    arena_close(&house.request);
    arena_close(&house.arena);
    return 0;
}

// Sends `request`, with our Host unless it has one, to a worker of `pool`; the head of the answer.
static struct text ask_pool(enum pool pool, struct request request)
{
    struct buffer head;
    request.host = request.host.bytes == NULL ? TEXT(HOST) : request.host;
    request.address = TEXT("192.0.2.1");
    arena_empty(house.request);
    house.service.pool = pool;
    house.response = response_open(house.request);
    struct capture capture = capture_begin();
    guard_answer(&house.service, &request, house.request, &house.response);
    head = buffer_open(house.request, 8192);
    response_write_head(&house.response, &head);
    (void)capture_end(house.arena, &capture);
    assert_false(arena_failed(house.request) || head.overflowed || house.response.body.overflowed);
    return buffer_text(&head);
}

static struct text ask(struct request request)
{
    return ask_pool(POOL_PAGES, request);
}

// The member `name` of the JSON that was answered last; "(none)" where there is none.
static struct text member(const char *name)
{
    struct value root = {.kind = VALUE_NOTHING};
    assert_true(json_read(house.request, buffer_text(&house.response.body), 4, &root, NULL));
    const struct value *found = value_find(&root, text_from(name));
    return found == NULL ? TEXT("(none)") : found->text;
}

static struct request json_post(const char *path, const char *body)
{
    return (struct request){.method = METHOD_POST,
                            .path = text_from(path),
                            .content_type = TEXT("application/json"),
                            .body = text_from(body)};
}

// `request` with a good token for a browser without a session.
static struct request with_token(struct request request)
{
    struct account account = {.keyring = house.keyring, .settings = &house.settings, .arena = house.arena};
    const struct text none = {NULL, 0};
    struct text token = csrf_make(&account, none);
    const struct text cookie[] = {TEXT("csrftoken="), token};
    request.cookies = text_join(house.arena, cookie, 2);
    request.csrf_header = token;
    return request;
}

struct view_row {
    const char *path;
    int status;
    const char *location; // NULL: none
};

static const struct view_row views[] = {
    {"/", 200, NULL},
    {"/register/", 200, NULL},
    {"/login/", 200, NULL},
    {"/logout/", 200, NULL},
    {"/register/verify/", 302, "/register/"},
    {"/dashboard/", 302, "/login/?next=/dashboard/"},
    {"/session/", 200, NULL},
    {"/healthz", 200, NULL},
    {"/readyz", 503, NULL},
    {"/register", 301, "/register/"},
    {"/login", 301, "/login/"},
    {"/register/resend", 301, "/register/resend/"},
    {"/nowhere/", 404, NULL},
    {"/nowhere", 404, NULL},
    {"//evil.example", 404, NULL},
    {"", 301, "/"},
};

static void a_visitor_without_a_session_asks_nobody(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(views); i++) {
        for (enum method method = METHOD_GET; method <= METHOD_HEAD; method++) {
            struct text head = ask((struct request){.method = method, .path = text_from(views[i].path)});
            assert_row(house.response.status == views[i].status, views[i].path);
            assert_text(house.response.location, views[i].location);
            assert_row(holds(head, "Cache-Control: no-store, private\r\n"), views[i].path);
            assert_row(holds(head, "X-Content-Type-Options: nosniff\r\n"), views[i].path);
            assert_row((views[i].status == 503) == holds(head, "Retry-After: "), views[i].path);
        }
    }
}

static void a_missing_slash_keeps_query_and_method(void **state)
{
    (void)state;
    (void)ask(
        (struct request){.method = METHOD_GET, .path = TEXT("/login"), .query = TEXT("next=/a%0d%0ab\xff")});
    assert_text(house.response.location, "/login/?next=/a%0d%0ab%ff");
    (void)ask((struct request){.method = METHOD_POST, .path = TEXT("/login")});
    assert_int_equal(house.response.status, 308);
    assert_text(house.response.location, "/login/");
}

static void other_methods_are_told_which_are_allowed(void **state)
{
    (void)state;
    assert_true(holds(ask((struct request){.method = METHOD_OTHER, .path = TEXT("/login/")}),
                      "\r\nAllow: GET, HEAD, POST\r\n"));
    assert_int_equal(house.response.status, 405);
    assert_true(holds(ask((struct request){.method = METHOD_POST, .path = TEXT("/dashboard/")}),
                      "\r\nAllow: GET, HEAD\r\n"));
    assert_int_equal(house.response.status, 405);
    assert_true(holds(ask((struct request){.method = METHOD_GET, .path = TEXT("/register/resend/")}),
                      "\r\nAllow: POST\r\n"));
    assert_int_equal(house.response.status, 405);
}

struct refusal_row {
    const char *what;
    struct request request;
    enum pool pool;
    int status;
    const char *code;
};

#define POST(route, type, content)                                                                           \
    .method = METHOD_POST, .path = TEXT(route), .content_type = TEXT(type), .body = TEXT(content),           \
    .requested_with = TEXT("XMLHttpRequest")
#define JSON "application/json"

// Each row is wrong in more than one way; the first one in the contract's order is told.
static const struct refusal_row refusals[] = {
    {"a foreign host before a foreign path",
     {POST("/nowhere/", JSON, "{}"), .host = TEXT("evil.example")},
     POOL_PAGES,
     421,
     "unknown_host"},
    {"a foreign host before a missing slash",
     {POST("/login", JSON, "{}"), .host = TEXT("evil.example")},
     POOL_PAGES,
     421,
     "unknown_host"},
    {"a foreign path before its size",
     {POST("/nowhere/", JSON, ""), .is_too_large = true},
     POOL_PAGES,
     404,
     "not_found"},
    {"a method before its size",
     {POST("/dashboard/", JSON, ""), .is_too_large = true},
     POOL_PAGES,
     405,
     "method_not_allowed"},
    {"a size before its type",
     {POST("/logout/", "text/plain", "x"), .is_too_large = true},
     POOL_PAGES,
     413,
     "payload_too_large"},
    {"a type before its content",
     {POST("/logout/", "text/plain", "\xff")},
     POOL_PAGES,
     415,
     "unsupported_media_type"},
    {"a content before its token", {POST("/logout/", JSON, "{")}, POOL_PAGES, 400, "bad_request"},
    {"a content that was cut",
     {POST("/logout/", JSON, "{}"), .is_cut = true},
     POOL_PAGES,
     400,
     "bad_request"},
    {"a token before a pending state",
     {POST("/register/verify/", JSON, "{\"otp\":\"1234\"}")},
     POOL_PAGES,
     403,
     "csrf_failed"},
    {"a token before fields", {POST("/register/", JSON, "{}")}, POOL_REGISTER, 403, "csrf_failed"},
    {"a token at login", {POST("/login/", JSON, "{}")}, POOL_LOGIN, 403, "csrf_failed"},
    {"a token for a mere resend", {POST("/register/resend/", "", "")}, POOL_PAGES, 403, "csrf_failed"},
    {"another pool's route", {POST("/login/", JSON, "{}")}, POOL_PAGES, 503, "unavailable"},
    {"another pool's route again", {POST("/register/", JSON, "{}")}, POOL_LOGIN, 503, "unavailable"},
    {"a page in a pool that hashes", {POST("/logout/", JSON, "{}")}, POOL_REGISTER, 503, "unavailable"},
};

static void refusals_come_in_the_contracts_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(refusals); i++) {
        const struct refusal_row *row = &refusals[i];
        struct text head = ask_pool(row->pool, row->request);
        assert_row(house.response.status == row->status, row->what);
        assert_row(holds(head, "Content-Type: application/json\r\n"), row->what);
        assert_text(member("code"), row->code);
        assert_text(member("errors"), "(none)");
    }
}

static void every_unsafe_route_needs_a_token(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        if (routes[i].method == METHOD_POST) {
            (void)ask_pool(routes[i].pool, json_post(routes[i].path, "{}"));
            assert_row(house.response.status == 403, routes[i].path);
            assert_text(member("code"), "csrf_failed");
        }
    }
}

struct token_row {
    const char *what;
    struct text origin;
    struct text fetch_site;
    bool is_accepted;
    bool gives_token;
};

static const struct token_row origins[] = {
    {"nothing said", {NULL, 0}, {NULL, 0}, true, true},
    {"our origin", TEXT(OURS), TEXT("same-origin"), true, true},
    {"typed into the address", {NULL, 0}, TEXT("none"), true, true},
    {"a foreign origin", TEXT("http://evil.example"), {NULL, 0}, false, false},
    {"another port", TEXT("http://127.0.0.1:8081"), {NULL, 0}, false, false},
    {"another scheme", TEXT("https://127.0.0.1:8080"), {NULL, 0}, false, false},
    {"no origin in so many words", TEXT("null"), {NULL, 0}, false, false},
    {"an empty origin", TEXT(""), {NULL, 0}, false, false},
    {"another site", {NULL, 0}, TEXT("cross-site"), false, false},
    {"a sister site", TEXT(OURS), TEXT("same-site"), false, false},
    {"an empty site", {NULL, 0}, TEXT(""), false, false},
};

// Logging out without a session is the one deed that needs no database.
static void a_token_only_counts_from_here(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(origins); i++) {
        struct request request = with_token(json_post("/logout/", "{}"));
        request.origin = origins[i].origin;
        request.fetch_site = origins[i].fetch_site;
        (void)ask(request);
        assert_row((house.response.status == 200) == origins[i].is_accepted, origins[i].what);
        request.csrf_header = TEXT("wrong");
        struct text head = ask(request);
        assert_row(house.response.status == 403, origins[i].what);
        assert_row(text_equals(member("csrf_token"), TEXT("(none)")) == !origins[i].gives_token,
                   origins[i].what);
        assert_row(holds(head, "Set-Cookie: csrftoken=") == origins[i].gives_token, origins[i].what);
    }
}

static void a_token_comes_by_header_or_field_and_must_match_its_cookie(void **state)
{
    (void)state;
    struct request request = with_token(json_post("/logout/", "{}"));
    struct text token = request.csrf_header;
    struct text cookies = request.cookies;
    const struct text body[] = {TEXT("csrfmiddlewaretoken="), token};
    request.csrf_header = (struct text){NULL, 0};
    request.content_type = TEXT("application/x-www-form-urlencoded");
    request.body = text_join(house.arena, body, 2);
    (void)ask(request);
    assert_int_equal(house.response.status, 303);
    assert_text(house.response.location, "/");
    request.cookies = (struct text){NULL, 0};
    (void)ask(request);
    assert_int_equal(house.response.status, 403);
    request.cookies = with_token(request).cookies;
    (void)ask(request);
    assert_int_equal(house.response.status, 403);
    request.cookies = cookies;
    request.query = request.body;
    request.body = (struct text){NULL, 0};
    (void)ask(request);
    assert_int_equal(house.response.status, 403);
}

static void logging_out_clears_the_cookie_and_gives_a_new_token(void **state)
{
    (void)state;
    struct request request = with_token(json_post("/logout/", "{}"));
    struct text head = ask(request);
    assert_true(holds(head, "\r\nSet-Cookie: sessionid=; Path=/; SameSite=Lax; Max-Age=0; HttpOnly\r\n"));
    assert_true(holds(buffer_text(&house.response.body),
                      "{\"success\":true,\"message\":\"You have been logged out.\","
                      "\"redirect\":\"/\",\"csrf_token\":\""));
    assert_int_equal(member("csrf_token").length, 64);
}

static void a_new_visitor_gets_a_token_that_scripts_may_read(void **state)
{
    (void)state;
    struct text head = ask((struct request){.method = METHOD_GET, .path = TEXT("/login/")});
    struct text cookie = text_after(head, text_find_text(head, TEXT("Set-Cookie: csrftoken=")));
    assert_text(text_cut(cookie, strlen("Set-Cookie: csrftoken=") + 64, 52),
                "; Path=/; SameSite=Lax; Max-Age=31536000\r\n\r\n");
}

static void nginx_answers_in_every_language_by_itself(void **state)
{
    (void)state;
    struct buffer json = buffer_open(house.request, 4096);
    struct buffer page = buffer_open(house.request, 65536);
    size_t german = languages_find(view_languages(house.service.view), TEXT("de"));
    answer_for_nginx(house.service.view, house.request, german, OUTCOME_TOO_LARGE, true, &json);
    answer_for_nginx(house.service.view, house.request, german, OUTCOME_UNAVAILABLE, false, &page);
    assert_true(text_starts_with(buffer_text(&json),
                                 TEXT("{\"success\":false,\"code\":\"payload_too_large\",\"message\":\"")));
    assert_true(holds(buffer_text(&page), "lang=\"de\"") || holds(buffer_text(&page), "lang=de"));
    assert_false(holds(buffer_text(&page), "csrfmiddlewaretoken\" value=\"\""));
    assert_false(json.overflowed || page.overflowed);
}

static void without_a_pending_registration_no_code_is_taken(void **state)
{
    (void)state;
    static const char *const paths[] = {"/register/verify/", "/register/resend/"};
    for (size_t i = 0; i < ROWS(paths); i++) {
        (void)ask(with_token(json_post(paths[i], "{\"username\":\"john\",\"otp\":\"1234\"}")));
        assert_int_equal(house.response.status, 400);
        assert_text(member("code"), "no_pending_verification");
    }
}

static void fields_are_judged_before_the_database(void **state)
{
    (void)state;
    (void)ask_pool(POOL_REGISTER, with_token(json_post("/register/", "{\"name\":\"\\n\"}")));
    assert_int_equal(house.response.status, 400);
    assert_text(member("code"), "validation_error");
    struct text body = buffer_text(&house.response.body);
    assert_true(holds(body, "\"name\":[") && holds(body, "\"username\":[") && holds(body, "\"email\":[") &&
                holds(body, "\"password\":["));
    (void)ask_pool(POOL_LOGIN, with_token(json_post("/login/", "{\"username\":\" \"}")));
    assert_int_equal(house.response.status, 400);
    assert_text(member("code"), "validation_error");
    assert_true(holds(buffer_text(&house.response.body), "\"password\":["));
}

static void a_database_that_is_away_is_503(void **state)
{
    (void)state;
    (void)ask_pool(POOL_REGISTER,
                   with_token(json_post("/register/", "{\"name\":\"John Doe\",\"username\":\"johndoe\","
                                                      "\"email\":\"john@example.com\","
                                                      "\"password\":\"securepass123\"}")));
    assert_int_equal(house.response.status, 503);
    assert_text(member("code"), "unavailable");
    assert_int_equal(house.response.retry_after, 3);
    (void)ask_pool(POOL_LOGIN, with_token(json_post(
                                   "/login/", "{\"username\":\"john\",\"password\":\"securepass123\"}")));
    assert_int_equal(house.response.status, 503);
    struct request request = {.method = METHOD_GET, .path = TEXT("/"), .cookies = TEXT("sessionid=" SOMEID)};
    struct text head = ask(request);
    assert_int_equal(house.response.status, 503);
    assert_true(holds(head, "Retry-After: 3\r\n"));
    // A token cannot be judged or made while the session is not known.
    assert_false(holds(head, "csrftoken"));
}

static void a_cookie_that_is_no_session_is_none(void **state)
{
    (void)state;
    static const char *const cookies[] = {"sessionid=x", "sessionid=", "__Host-sessionid=" SOMEID,
                                          "sessionid=" SOMEID "A"};
    for (size_t i = 0; i < ROWS(cookies); i++) {
        (void)ask(
            (struct request){.method = METHOD_GET, .path = TEXT("/"), .cookies = text_from(cookies[i])});
        assert_row(house.response.status == 200, cookies[i]);
    }
}

static void operators_are_answered_under_any_host_in_any_pool(void **state)
{
    (void)state;
    for (enum pool pool = POOL_PAGES; pool < POOLS; pool++) {
        struct request request = {.method = METHOD_GET, .path = TEXT("/healthz"), .host = TEXT("10.0.0.1")};
        request.cookies = TEXT("sessionid=" SOMEID);
        (void)ask_pool(pool, request);
        assert_int_equal(house.response.status, 200);
        assert_text(buffer_text(&house.response.body), "{\"status\":\"ok\"}");
    }
}

struct language_row {
    const char *query;
    const char *cookies;
    const char *accept;
    const char *tag;
    bool sets_cookie;
};

static const struct language_row languages[] = {
    {"", "", "", "en", false},
    {"", "", "de-AT, en;q=0.5", "de", false},
    {"", "language=de", "en", "de", false},
    {"", "language=xx", "de", "de", false},
    {"language=de", "language=en", "en", "de", true},
    {"language=xx", "language=de", "en", "de", false},
    {"language=de%0d%0aX:y", "", "", "en", false},
};

static void the_language_follows_wish_cookie_and_header(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(languages); i++) {
        struct text head = ask((struct request){.method = METHOD_GET,
                                                .path = TEXT("/"),
                                                .query = text_from(languages[i].query),
                                                .cookies = text_from(languages[i].cookies),
                                                .accept_language = text_from(languages[i].accept)});
        assert_text(house.response.language, languages[i].tag);
        assert_int_equal(holds(head, "Set-Cookie: language=de;"), languages[i].sets_cookie);
    }
}

static void who_wants_json_gets_json(void **state)
{
    (void)state;
    (void)ask((struct request){.method = METHOD_GET, .path = TEXT("/session/")});
    assert_text(buffer_text(&house.response.body), "{\"authenticated\":false}");
    assert_int_equal(house.response.kind, RESPONSE_JSON);
    (void)ask((struct request){
        .method = METHOD_GET, .path = TEXT("/nowhere/"), .accept = TEXT("application/json")});
    assert_text(member("code"), "not_found");
    (void)ask((struct request){.method = METHOD_GET, .path = TEXT("/nowhere/"), .accept = TEXT("text/html")});
    assert_int_equal(house.response.kind, RESPONSE_PAGE);
    (void)ask(
        (struct request){.method = METHOD_GET, .path = TEXT("/login/"), .accept = TEXT("application/json")});
    assert_int_equal(house.response.kind, RESPONSE_JSON);
    assert_int_equal(member("csrf_token").length, 64);
}

static void a_form_shows_what_was_typed_but_no_password(void **state)
{
    (void)state;
    struct request request = with_token(json_post("/register/", ""));
    request.content_type = TEXT("application/x-www-form-urlencoded");
    request.body = TEXT("name=%3Cb%3E&username=a+b&email=nonsense&password=hunter2hunter2");
    (void)ask_pool(POOL_REGISTER, request);
    struct text page = buffer_text(&house.response.body);
    assert_int_equal(house.response.status, 400);
    assert_int_equal(house.response.kind, RESPONSE_PAGE);
    assert_true(holds(page, "&lt;b&gt;") && holds(page, "a b") && holds(page, "nonsense"));
    assert_false(holds(page, "<b>") || holds(page, "hunter2"));
}

struct code_row {
    enum outcome outcome;
    const char *code;
};

static const struct code_row codes[] = {
    {OUTCOME_INVALID, "validation_error"},
    {OUTCOME_CODE_WRONG, "otp_invalid"},
    {OUTCOME_CODE_EXPIRED, "otp_expired"},
    {OUTCOME_CODE_REPLACED, "otp_expired"},
    {OUTCOME_CODE_LOCKED, "otp_locked"},
    {OUTCOME_NOTHING_PENDING, "no_pending_verification"},
    {OUTCOME_DENIED, "invalid_credentials"},
    {OUTCOME_UNVERIFIED, "not_verified"},
    {OUTCOME_THROTTLED, "throttled"},
    {OUTCOME_UNAVAILABLE, "unavailable"},
    {OUTCOME_ALREADY_SIGNED_IN, "already_signed_in"},
    {OUTCOME_FORGED, "csrf_failed"},
    {OUTCOME_NOT_FOUND, "not_found"},
    {OUTCOME_METHOD, "method_not_allowed"},
    {OUTCOME_TOO_LARGE, "payload_too_large"},
    {OUTCOME_UNSUPPORTED, "unsupported_media_type"},
    {OUTCOME_UNREADABLE, "bad_request"},
    {OUTCOME_UNKNOWN_HOST, "unknown_host"},
};

static void codes_are_the_contracts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(codes); i++) {
        assert_string_equal(answer_code(codes[i].outcome), codes[i].code);
    }
    for (enum outcome outcome = OUTCOME_DONE; outcome < OUTCOMES; outcome++) {
        assert_non_null(answer_code(outcome));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_visitor_without_a_session_asks_nobody),
        cmocka_unit_test(a_missing_slash_keeps_query_and_method),
        cmocka_unit_test(other_methods_are_told_which_are_allowed),
        cmocka_unit_test(refusals_come_in_the_contracts_order),
        cmocka_unit_test(every_unsafe_route_needs_a_token),
        cmocka_unit_test(a_token_only_counts_from_here),
        cmocka_unit_test(a_token_comes_by_header_or_field_and_must_match_its_cookie),
        cmocka_unit_test(logging_out_clears_the_cookie_and_gives_a_new_token),
        cmocka_unit_test(a_new_visitor_gets_a_token_that_scripts_may_read),
        cmocka_unit_test(nginx_answers_in_every_language_by_itself),
        cmocka_unit_test(without_a_pending_registration_no_code_is_taken),
        cmocka_unit_test(fields_are_judged_before_the_database),
        cmocka_unit_test(a_database_that_is_away_is_503),
        cmocka_unit_test(a_cookie_that_is_no_session_is_none),
        cmocka_unit_test(operators_are_answered_under_any_host_in_any_pool),
        cmocka_unit_test(the_language_follows_wish_cookie_and_header),
        cmocka_unit_test(who_wants_json_gets_json),
        cmocka_unit_test(a_form_shows_what_was_typed_but_no_password),
        cmocka_unit_test(codes_are_the_contracts),
    };
    return cmocka_run_group_tests_name("guard", tests, open_house, close_house);
}
