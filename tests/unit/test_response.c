// The head of an answer, byte for byte: which headers each kind carries, how cookies look, and that nothing
// which a page puts into a header can end it. Which status stands for what is decided elsewhere.
#include "support.h"

#include "storefront/http/response.h"

static struct text head_of(struct arena *arena, const struct response *response)
{
    struct buffer head = buffer_open(arena, 8192);
    response_write_head(response, &head);
    assert_false(head.overflowed);
    return buffer_text(&head);
}

static void json_answers_have_their_headers(void **state)
{
    struct response response = response_open(*state);
    response.kind = RESPONSE_JSON;
    buffer_add(&response.body, TEXT("{}"));
    assert_text(head_of(*state, &response),
                "Status: 200 OK\r\n"
                "Content-Type: application/json\r\n"
                "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
                "Cache-Control: no-store, private\r\n"
                "X-Content-Type-Options: nosniff\r\n"
                "Referrer-Policy: same-origin\r\n"
                "Cross-Origin-Opener-Policy: same-origin\r\n"
                "Cross-Origin-Resource-Policy: same-origin\r\n"
                "Content-Length: 2\r\n"
                "\r\n");
}

static void pages_have_a_strict_policy(void **state)
{
    struct response response = response_open(*state);
    struct text head = head_of(*state, &response);
    assert_true(holds(head, "Content-Type: text/html; charset=utf-8\r\n"));
    assert_true(holds(head, "default-src 'none'; script-src 'self'; style-src 'self'"));
    assert_true(
        holds(head, "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'\r\n"));
    assert_true(holds(head, "Cache-Control: no-store, private\r\n"));
    assert_false(holds(head, "unsafe"));
    assert_false(holds(head, "*"));
    assert_false(holds(head, "Access-Control"));
}

static void optional_headers_come_when_they_are_set(void **state)
{
    struct response response = response_open(*state);
    struct text bare = head_of(*state, &response);
    assert_false(holds(bare, "Location") || holds(bare, "Allow") || holds(bare, "Retry-After") ||
                 holds(bare, "Content-Language") || holds(bare, "Set-Cookie"));
    response.status = 405;
    response.location = TEXT("/login/");
    response.allow = TEXT("GET, HEAD");
    response.language = TEXT("de");
    response.retry_after = 30;
    struct text head = head_of(*state, &response);
    assert_true(text_starts_with(head, TEXT("Status: 405 Method Not Allowed\r\n")));
    assert_true(holds(
        head, "\r\nLocation: /login/\r\nAllow: GET, HEAD\r\nContent-Language: de\r\nRetry-After: 30\r\n"));
}

static const char *const line_ends[] = {
    "/a\r\nSet-Cookie: x=1", "/a\nX: y", "/a\rX: y", "/a\x01", "/a\x7f", "/a\x1f"};

static void nothing_ends_a_header(void **state)
{
    for (size_t i = 0; i < ROWS(line_ends); i++) {
        struct response response = response_open(*state);
        response.location = text_from(line_ends[i]);
        response_set_cookie(&response,
                            (struct response_cookie){.name = TEXT("n"), .value = text_from(line_ends[i])});
        struct text head = head_of(*state, &response);
        assert_true(holds(head, "\r\nLocation: /a\r\n"));
        assert_true(holds(head, "\r\nSet-Cookie: n=/a; Path=/;"));
        assert_false(holds(head, "X: y") || holds(head, "x=1"));
    }
}

static void cookies_have_their_attributes(void **state)
{
    struct response response = response_open(*state);
    response_set_cookie(&response,
                        (struct response_cookie){.name = TEXT("s"), .value = TEXT("v"), .max_age = 60});
    response_set_cookie(
        &response, (struct response_cookie){
                       .name = TEXT("csrftoken"), .value = TEXT("t"), .max_age = 5, .is_for_scripts = true});
    struct text head = head_of(*state, &response);
    assert_true(holds(head, "\r\nSet-Cookie: s=v; Path=/; SameSite=Lax; Max-Age=60; HttpOnly\r\n"));
    assert_true(holds(head, "\r\nSet-Cookie: csrftoken=t; Path=/; SameSite=Lax; Max-Age=5\r\n"));
    response.is_secure = true;
    head = head_of(*state, &response);
    assert_true(holds(head, "; HttpOnly; Secure\r\n"));
    assert_true(holds(head, "; Max-Age=5; Secure\r\n"));
}

static void an_empty_cookie_is_cleared(void **state)
{
    struct response response = response_open(*state);
    response_set_cookie(&response, (struct response_cookie){.name = TEXT("s"), .max_age = 60});
    assert_true(holds(head_of(*state, &response),
                      "\r\nSet-Cookie: s=; Path=/; SameSite=Lax; Max-Age=0; HttpOnly\r\n"));
}

static void a_later_cookie_takes_the_place_of_an_earlier_one(void **state)
{
    struct response response = response_open(*state);
    static const char *const names[] = {"a", "b", "a", "c", "d", "e"};
    static const char *const values[] = {"1", "2", "3", "4", "5", "6"};
    for (size_t i = 0; i < ROWS(names); i++) {
        response_set_cookie(
            &response, (struct response_cookie){.name = text_from(names[i]), .value = text_from(values[i])});
    }
    struct text head = head_of(*state, &response);
    assert_int_equal(response.cookie_count, RESPONSE_COOKIES_MAXIMUM);
    assert_true(holds(head, "a=3;") && holds(head, "b=2;") && holds(head, "c=4;") && holds(head, "d=5;"));
    assert_false(holds(head, "a=1;") || holds(head, "e=6;"));
}

static void statuses_have_words(void **state)
{
    (void)state;
    static const int statuses[] = {200, 301, 302, 303, 308, 400, 401, 403, 404, 405, 413, 415, 421, 429, 503};
    for (size_t i = 0; i < ROWS(statuses); i++) {
        assert_string_not_equal(response_status_words(statuses[i]), "Unknown");
    }
    assert_string_equal(response_status_words(421), "Misdirected Request");
    assert_string_equal(response_status_words(299), "Unknown");
}

static void a_body_beyond_its_maximum_is_marked(void **state)
{
    struct response response = response_open(*state);
    buffer_add(&response.body, repeated(*state, "x", RESPONSE_BODY_MAXIMUM));
    assert_false(response.body.overflowed);
    buffer_add_byte(&response.body, 'x');
    assert_true(response.body.overflowed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(json_answers_have_their_headers),
        WITH_ARENA(pages_have_a_strict_policy),
        WITH_ARENA(optional_headers_come_when_they_are_set),
        WITH_ARENA(nothing_ends_a_header),
        WITH_ARENA(cookies_have_their_attributes),
        WITH_ARENA(an_empty_cookie_is_cleared),
        WITH_ARENA(a_later_cookie_takes_the_place_of_an_earlier_one),
        cmocka_unit_test(statuses_have_words),
        WITH_ARENA(a_body_beyond_its_maximum_is_marked),
    };
    return cmocka_run_group_tests_name("response", tests, NULL, NULL);
}
