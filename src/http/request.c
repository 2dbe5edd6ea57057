// See request.h.
#include "storefront/http/request.h"
#include "storefront/base/encode.h"

#define MILLISECONDS 1000

struct text request_next_cookie(struct text *rest, struct text name)
{
    while (rest->length > 0) {
        struct text value = text_trim(text_next(rest, ';'));
        if (text_equals(text_next(&value, '='), name)) {
            bool is_quoted =
                value.length >= 2 && value.bytes[0] == '"' && value.bytes[value.length - 1] == '"';
            value = is_quoted ? text_cut(value, 1, value.length - 2) : value;
            return value.bytes == NULL ? TEXT("") : value;
        }
    }
    return (struct text){NULL, 0};
}

struct text request_cookie(const struct request *request, struct text name)
{
    struct text rest = request->cookies;
    return request_next_cookie(&rest, name);
}

struct text request_query(const struct request *request, struct arena *arena, struct text name)
{
    struct text rest = request->query;
    while (rest.length > 0) {
        struct text value = text_next(&rest, '&');
        struct text decoded = {NULL, 0};
        if (text_equals(text_next(&value, '='), name) && decode_percent(arena, value, true, &decoded)) {
            return decoded;
        }
    }
    return (struct text){NULL, 0};
}

struct text request_media_type(struct text header)
{
    return text_trim(text_next(&header, ';'));
}

// Takes the next parameter off `*rest`; a `;` inside quotes does not end it.
static struct text next_parameter(struct text *rest)
{
    bool is_quoted = false;
    size_t end = 0;
    while (end < rest->length && (is_quoted || rest->bytes[end] != ';')) {
        is_quoted = is_quoted != (rest->bytes[end] == '"');
        end++;
    }
    struct text parameter = text_cut(*rest, 0, end);
    *rest = text_after(*rest, end + 1);
    return text_trim(parameter);
}

struct text request_parameter(struct text header, struct text name)
{
    (void)next_parameter(&header);
    while (header.length > 0) {
        struct text value = next_parameter(&header);
        if (!text_equals_ignoring_case(text_trim(text_next(&value, '=')), name)) {
            continue;
        }
        value = text_trim(value);
        bool is_quoted = value.length >= 2 && value.bytes[0] == '"' && value.bytes[value.length - 1] == '"';
        return is_quoted ? text_cut(value, 1, value.length - 2) : value;
    }
    return (struct text){NULL, 0};
}

// The quality of one entry of an Accept header in thousandths.
static int64_t quality(struct text entry)
{
    struct text value = request_parameter(entry, TEXT("q"));
    return value.bytes == NULL ? TEXT_QUALITY_FULL : text_to_quality(value);
}

// `*/*` says nothing of what is preferred, so only types that are named count.
static bool prefers_json(struct text accept)
{
    int64_t json = 0;
    int64_t page = 0;
    while (accept.length > 0) {
        struct text entry = text_trim(text_next(&accept, ','));
        struct text type = request_media_type(entry);
        if (text_equals_ignoring_case(type, TEXT("application/json"))) {
            json = quality(entry);
        } else if (text_equals_ignoring_case(type, TEXT("text/html")) ||
                   text_equals_ignoring_case(type, TEXT("text/*"))) {
            page = quality(entry) > page ? quality(entry) : page;
        }
    }
    return json > page;
}

bool request_wants_json(const struct request *request)
{
    return text_equals_ignoring_case(request_media_type(request->content_type), TEXT("application/json")) ||
           text_equals_ignoring_case(request->requested_with, TEXT("XMLHttpRequest")) ||
           prefers_json(request->accept);
}

int64_t request_wait(struct text sent, int64_t now)
{
    struct text thousandths = sent;
    struct text whole = text_next(&thousandths, '.');
    int64_t seconds = 0;
    int64_t fraction = 0;
    if (thousandths.length != 3 || !text_to_number(whole, 0, INT32_MAX, &seconds) ||
        !text_to_number(thousandths, 0, 999, &fraction)) {
        return 0;
    }
    int64_t waited = now - seconds * MILLISECONDS - fraction;
    return waited > 0 ? waited : 0;
}
