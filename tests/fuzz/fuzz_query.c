// The query and where `next` leads: never to another host. Input: the query; and, as it is, a path that
// somebody wants.
#include "support.h"

#include "storefront/base/encode.h"
#include "storefront/http/request.h"
#include "storefront/http/response.h"
#include "storefront/page/next.h"

#include <string.h>

// How a browser reads a Location: tabs and line ends are dropped, a backslash is a slash.
static void check_path(struct text path)
{
    promise(path.length > 0 && path.bytes[0] == '/');
    promise(path.length == 1 || (path.bytes[1] != '/' && path.bytes[1] != '\\'));
    for (size_t i = 0; i < path.length; i++) {
        promise(path.bytes[i] > ' ' && path.bytes[i] < 0x7f && path.bytes[i] != '\\' &&
                path.bytes[i] != '"' && path.bytes[i] != '<');
    }
}

static void check_next(struct arena *arena, struct text wanted)
{
    struct text path = next_path(arena, wanted);
    struct text again = next_path(arena, path);
    struct text decoded = {NULL, 0};
    check_path(path);
    promise(text_equals(path, again));
    if (decode_percent(arena, path, false, &decoded)) {
        promise(text_equals(decoded, TEXT("/")) || next_path(arena, decoded).length > 0);
        promise(decoded.length < 2 || (decoded.bytes[1] != '/' && decoded.bytes[1] != '\\'));
    }
    struct response response = response_open(arena);
    struct buffer head = buffer_open(arena, (size_t)16 * 1024);
    response.location = path;
    response_write_head(&response, &head);
    promise(!head.overflowed && fuzz_holds(buffer_text(&head), path));
}

static void check_query(struct arena *arena, struct text query, struct text name)
{
    const struct request request = {.query = query};
    struct text value = request_query(&request, arena, name);
    promise(value.length <= query.length);
    promise(query.length > 0 || value.bytes == NULL);
    check_next(arena, value);
}

// What goes along in the query of a page's links: it stands there without an escape, and comes back as it
// was.
static void check_along(struct arena *arena, struct text query)
{
    struct text decoded = {NULL, 0};
    struct text value = encode_query_value(arena, query);
    promise(decode_percent(arena, value, true, &decoded) && text_equals(decoded, query));
    for (size_t i = 0; i < value.length; i++) {
        promise(value.bytes[i] > ' ' && value.bytes[i] < 0x7f && strchr("&#\"'<>", value.bytes[i]) == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text query = text_of(bytes, size);
    struct arena *arena = fuzz_begin();
    check_query(arena, query, TEXT("next"));
    check_query(arena, query, TEXT("language"));
    check_query(arena, query, TEXT("sent"));
    check_next(arena, query);
    check_along(arena, query);
    struct text location = encode_location(fuzz_room(), query);
    promise(text_equals(location, encode_location(fuzz_room(), location)));
    fuzz_end();
    return 0;
}
