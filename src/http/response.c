// See response.h. Header values come from constants, from encoders that leave printable ASCII, or are cut at
// a line end.
#include "storefront/http/response.h"

struct status_words {
    int status;
    const char *words;
};

static const struct status_words statuses[] = {
    {200, "OK"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {421, "Misdirected Request"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
};

const char *response_status_words(int status)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (statuses[i].status == status) {
            return statuses[i].words;
        }
    }
    return "Unknown";
}

struct response response_open(struct arena *arena)
{
    return (struct response){.status = 200, .body = buffer_open(arena, RESPONSE_BODY_MAXIMUM)};
}

void response_set_cookie(struct response *response, struct response_cookie cookie)
{
    size_t at = 0;
    while (at < response->cookie_count && !text_equals(response->cookies[at].name, cookie.name)) {
        at++;
    }
    if (at < RESPONSE_COOKIES_MAXIMUM) {
        response->cookies[at] = cookie;
        response->cookie_count = at == response->cookie_count ? at + 1 : response->cookie_count;
    }
}

// A header ends where a byte stands that no header may hold.
static struct text header_safe(struct text value)
{
    size_t length = 0;
    while (length < value.length && value.bytes[length] >= ' ' && value.bytes[length] != 0x7f) {
        length++;
    }
    return text_cut(value, 0, length);
}

static void add_header(struct buffer *head, struct text name, struct text value)
{
    if (value.length > 0) {
        buffer_add(head, name);
        buffer_add(head, header_safe(value));
        buffer_add(head, TEXT("\r\n"));
    }
}

static void add_cookie(struct buffer *head, const struct response_cookie *cookie, bool is_secure)
{
    buffer_add(head, TEXT("Set-Cookie: "));
    buffer_add(head, header_safe(cookie->name));
    buffer_add(head, TEXT("="));
    buffer_add(head, header_safe(cookie->value));
    buffer_add(head, TEXT("; Path=/; SameSite=Lax; Max-Age="));
    buffer_add_number(head, cookie->value.length == 0 ? 0 : cookie->max_age);
    buffer_add(head, cookie->is_for_scripts ? TEXT("") : TEXT("; HttpOnly"));
    buffer_add(head, is_secure ? TEXT("; Secure\r\n") : TEXT("\r\n"));
}

static void add_kind(const struct response *response, struct buffer *head)
{
    if (response->kind == RESPONSE_METRICS) {
        buffer_add(head, TEXT("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                              "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"));
        return;
    }
    if (response->kind == RESPONSE_JSON) {
        buffer_add(head, TEXT("Content-Type: application/json\r\n"
                              "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"));
        return;
    }
    buffer_add(head, TEXT("Content-Type: text/html; charset=utf-8\r\n"
                          "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
                          "img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
                          "base-uri 'none'; object-src 'none'\r\n"
                          "X-Frame-Options: DENY\r\n"));
}

void response_write_head(const struct response *response, struct buffer *head)
{
    buffer_add(head, TEXT("Status: "));
    buffer_add_number(head, response->status);
    buffer_add_byte(head, ' ');
    buffer_add(head, text_from(response_status_words(response->status)));
    buffer_add(head, TEXT("\r\n"));
    add_kind(response, head);
    buffer_add(head, TEXT("Cache-Control: no-store, private\r\n"
                          "X-Content-Type-Options: nosniff\r\n"
                          "Referrer-Policy: same-origin\r\n"
                          "Cross-Origin-Opener-Policy: same-origin\r\n"
                          "Cross-Origin-Resource-Policy: same-origin\r\n"
                          "Content-Length: "));
    buffer_add_number(head, (int64_t)response->body.length);
    buffer_add(head, TEXT("\r\n"));
    add_header(head, TEXT("Location: "), response->location);
    add_header(head, TEXT("Allow: "), response->allow);
    add_header(head, TEXT("Content-Language: "), response->language);
    if (response->retry_after > 0) {
        buffer_add(head, TEXT("Retry-After: "));
        buffer_add_number(head, response->retry_after);
        buffer_add(head, TEXT("\r\n"));
    }
    for (size_t i = 0; i < response->cookie_count; i++) {
        add_cookie(head, &response->cookies[i], response->is_secure);
    }
    buffer_add(head, TEXT("\r\n"));
}
