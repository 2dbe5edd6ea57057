// The judge of judge.h. It reads an answer as a web server would, and knows no route: what holds for all of
// them is all it asks.
#include "judge.h"
#include "script.h"
#include "support.h"

#include "storefront/base/json.h"
#include "storefront/http/response.h"

#include <string.h>

#define JSON_DEPTH 6

// The only header `name` of `head`; there may be none where it is not needed.
static struct text header(struct text head, const char *name, bool is_needed)
{
    struct text found = {NULL, 0};
    size_t count = 0;
    while (head.length > 0) {
        size_t end = text_find_text(head, TEXT("\r\n"));
        struct text value = text_cut(head, 0, end);
        head = text_after(head, end + 2);
        if (text_equals_ignoring_case(text_next(&value, ':'), text_from(name))) {
            found = text_trim(value);
            count++;
        }
    }
    promise(count == 1 || (count == 0 && !is_needed));
    return found;
}

static bool is_known_header(struct text name)
{
    static const char *const names[] = {"Status",
                                        "Content-Type",
                                        "Content-Security-Policy",
                                        "X-Frame-Options",
                                        "Cache-Control",
                                        "X-Content-Type-Options",
                                        "Referrer-Policy",
                                        "Cross-Origin-Opener-Policy",
                                        "Cross-Origin-Resource-Policy",
                                        "Content-Length",
                                        "Location",
                                        "Allow",
                                        "Content-Language",
                                        "Retry-After",
                                        "Set-Cookie"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (text_equals(text_from(names[i]), name)) {
            return true;
        }
    }
    return false;
}

static void judge_cookie(struct text value, bool is_secure)
{
    promise(fuzz_holds(value, TEXT("; Path=/; SameSite=Lax; Max-Age=")));
    promise(fuzz_holds(value, TEXT("; Secure")) == is_secure);
    promise(!fuzz_holds(value, TEXT("Domain")) && text_find(value, '"') == value.length);
    if (text_starts_with(value, TEXT("sessionid=")) || text_starts_with(value, TEXT("__Host-sessionid="))) {
        promise(fuzz_holds(value, TEXT("; HttpOnly")));
        promise(text_starts_with(value, TEXT("__Host-")) == is_secure);
    }
}

static void judge_lines(struct text head, bool is_secure)
{
    while (head.length > 0) {
        size_t end = text_find_text(head, TEXT("\r\n"));
        struct text value = text_cut(head, 0, end);
        promise(fuzz_is_one_line(value) && value.length > 0);
        head = text_after(head, end + 2);
        struct text name = text_next(&value, ':');
        promise(is_known_header(name));
        if (text_equals(name, TEXT("Set-Cookie"))) {
            judge_cookie(text_trim(value), is_secure);
        }
    }
}

static int judge_status(struct text head)
{
    struct text words = header(head, "Status", true);
    int64_t status = 0;
    promise(text_to_number(text_next(&words, ' '), 200, 503, &status));
    promise(text_equals(words, text_from(response_status_words((int)status))));
    promise(!text_equals(words, TEXT("Unknown")) && status != 500);
    return (int)status;
}

static void judge_safety(struct text head, bool is_page)
{
    struct text policy = header(head, "Content-Security-Policy", true);
    promise(text_equals(header(head, "Cache-Control", true), TEXT("no-store, private")));
    promise(text_equals(header(head, "X-Content-Type-Options", true), TEXT("nosniff")));
    promise(text_equals(header(head, "Referrer-Policy", true), TEXT("same-origin")));
    promise(text_equals(header(head, "Cross-Origin-Opener-Policy", true), TEXT("same-origin")));
    promise(text_equals(header(head, "Cross-Origin-Resource-Policy", true), TEXT("same-origin")));
    promise(text_starts_with(policy, TEXT("default-src 'none'")) && !fuzz_holds(policy, TEXT("unsafe")));
    promise(fuzz_holds(policy, TEXT("frame-ancestors 'none'")));
    promise((header(head, "X-Frame-Options", false).length > 0) == is_page);
}

static void judge_json(struct text body, int status)
{
    struct value root = {.kind = VALUE_NOTHING};
    promise(json_read(fuzz_room(), body, JSON_DEPTH, &root, NULL) && root.kind == VALUE_OBJECT);
    const struct value *success = value_find(&root, TEXT("success"));
    if (success != NULL) {
        promise(success->kind == VALUE_SWITCH && success->on == (status == 200));
        promise(value_find(&root, TEXT("message")) != NULL);
        promise(success->on || value_find(&root, TEXT("code")) != NULL);
    }
}

static void judge_page(struct text body)
{
    struct text end = TEXT("</html>\n");
    promise(text_starts_with(body, TEXT("<!doctype html>")) ||
            text_starts_with(body, TEXT("<!DOCTYPE html>")));
    promise(body.length > end.length && text_equals(text_after(body, body.length - end.length), end));
    promise(!fuzz_holds(body, TEXT("<zq")));
}

static void judge_location(struct text location, int status)
{
    bool is_redirect = status == 301 || status == 302 || status == 303 || status == 308;
    promise((location.length > 0) == is_redirect);
    if (is_redirect) {
        promise(location.bytes[0] == '/');
        promise(location.length == 1 || (location.bytes[1] != '/' && location.bytes[1] != '\\'));
    }
}

int judge_answer(struct text written, bool is_secure)
{
    size_t end = text_find_text(written, TEXT("\r\n\r\n"));
    struct text head = text_cut(written, 0, end + 2);
    struct text body = text_after(written, end + 4);
    promise(end < written.length);
    judge_lines(head, is_secure);
    int status = judge_status(head);
    struct text type = header(head, "Content-Type", true);
    bool is_page = text_equals(type, TEXT("text/html; charset=utf-8"));
    promise(is_page || text_equals(type, TEXT("application/json")));
    judge_safety(head, is_page);
    judge_location(header(head, "Location", false), status);
    struct text length = header(head, "Content-Length", false);
    int64_t announced = 0;
    promise(length.length == 0 || text_to_number(length, 0, INT32_MAX, &announced));
    // An answer to HEAD has no body; the one for want of memory does not say how long it is.
    promise(length.length == 0 || body.length == 0 || body.length == (size_t)announced);
    if (body.length > 0 && is_page) {
        judge_page(body);
    } else if (body.length > 0) {
        judge_json(body, status);
    }
    return status;
}
