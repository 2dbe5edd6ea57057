// Headers by which a request is judged, and headers into which something of it might get. Input: a byte that
// chooses the shop, then a line each: Host, Origin, Accept-Language, Content-Type, Accept, the client's
// address, and what stands in headers of the answer.
#include "support.h"

#include "storefront/account/throttle.h"
#include "storefront/http/request.h"
#include "storefront/http/response.h"
#include "storefront/page/site.h"
#include "storefront/view/language.h"

#include <string.h>

static const struct languages *open_languages(void)
{
    static const struct languages *languages;
    if (languages == NULL) {
        const struct text folders[] = {TEXT(""), TEXT(SOURCE_FOLDER "/www")};
        languages = languages_open(arena_open((size_t)1024 * 1024), folders, 2, TEXT("en"));
        promise(languages != NULL);
    }
    return languages;
}

static void check_site(struct arena *arena, struct text host, struct text origin, unsigned shop)
{
    static const char *const urls[] = {"https://shop.example", "http://127.0.0.1:8080",
                                       "https://[2001:db8::1]:8443", "http://localhost/"};
    struct settings settings = *fuzz_settings();
    struct site site;
    settings.public_url = text_from(urls[shop & 3]);
    settings.loopback_hosts = (shop & 4) != 0;
    promise(site_open(arena, &settings, &site));
    const struct text own[] = {site.scheme, TEXT("://"), host};
    if (site_has_host(&site, host)) {
        promise(fuzz_is_one_line(host) && strpbrk(text_string(arena, host), "/\\@?# ,\"<") == NULL);
        promise(site_has_origin(&site, host, text_join(arena, own, 3)));
        promise(!site_has_origin(&site, host, origin) ||
                text_equals_ignoring_case(text_join(arena, own, 3), origin));
    }
}

static void check_types(struct text type, struct text accept)
{
    const struct request request = {.content_type = type, .accept = accept};
    struct text media = request_media_type(type);
    struct text charset = request_parameter(type, TEXT("charset"));
    promise(!fuzz_holds(media, TEXT(";")) && text_equals(media, text_trim(media)));
    promise(charset.length == 0 || fuzz_holds(type, charset));
    if (text_equals_ignoring_case(media, TEXT("application/json"))) {
        promise(request_wants_json(&request));
    }
    (void)request_wants_json(&request);
}

static void check_address(struct arena *arena, struct text address)
{
    // The worker's parameters are strings of C: nothing stands behind a zero.
    struct text counted = throttle_address(arena, text_cut(address, 0, text_find(address, '\0')));
    promise(counted.length == 0 || counted.length == 4 || counted.length == 8);
}

// Whatever the values are, there are as many lines as headers, and each has its name.
static void check_head(struct arena *arena, struct text value)
{
    struct response response = response_open(arena);
    struct buffer head = buffer_open(arena, (size_t)256 * 1024);
    response.location = value;
    response.language = value;
    response.allow = value;
    response_set_cookie(&response, (struct response_cookie){.name = TEXT("a"), .value = value});
    response_set_cookie(&response, (struct response_cookie){.name = value, .value = TEXT("b")});
    response_write_head(&response, &head);
    struct text rest = buffer_text(&head);
    // A value that is the first cookie's name takes that cookie's place.
    size_t expected = value.length == 0 ? 12 : text_equals(value, TEXT("a")) ? 14 : 15;
    size_t lines = 0;
    while (rest.length > 0) {
        size_t end = text_find_text(rest, TEXT("\r\n"));
        struct text line = text_cut(rest, 0, end);
        promise(fuzz_is_one_line(line));
        promise(line.length == 0 || fuzz_holds(line, TEXT(": ")));
        lines += line.length > 0;
        rest = text_after(rest, end + 2);
        promise(line.length > 0 || rest.length == 0);
    }
    promise(!head.overflowed && lines == expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text rest = text_of(bytes, size);
    struct arena *arena = fuzz_begin();
    unsigned shop = fuzz_byte(&rest);
    struct text host = text_next(&rest, '\n');
    struct text origin = text_next(&rest, '\n');
    struct text language = text_next(&rest, '\n');
    struct text type = text_next(&rest, '\n');
    struct text accept = text_next(&rest, '\n');
    struct text address = text_next(&rest, '\n');
    check_site(arena, host, origin, shop);
    promise(languages_choose(open_languages(), language) < languages_count(open_languages()));
    check_types(type, accept);
    check_address(arena, address);
    check_head(arena, rest);
    fuzz_end();
    return 0;
}
