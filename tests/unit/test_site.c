// Where the shop is: which public URLs are taken, which Host and Origin are the shop's, and which only look
// so. Every row that is refused is one that would send a customer, or a cookie, elsewhere.
#include "support.h"

#include "storefront/page/site.h"

struct url_row {
    const char *url;
    const char *host; // NULL: refused
};

static const struct url_row urls[] = {
    {"http://127.0.0.1:8080", "127.0.0.1:8080"},
    {"https://shop.example", "shop.example"},
    {"https://shop.example/", "shop.example"},
    {"http://[::1]:8080", "[::1]:8080"},
    {"http://[::1]", "[::1]"},
    {"http://localhost", "localhost"},
    {"https://az09-.example:65535", "az09-.example:65535"},
    {"https://xn--bcher-kva.example:8443", "xn--bcher-kva.example:8443"},
    {"https://shop.example:443", "shop.example"}, // browsers leave the scheme's own port out of Host
    {"http://shop.example:80/", "shop.example"},
    {"http://shop.example:443", "shop.example:443"},
    {"https://shop.example:80", "shop.example:80"},
    {"", NULL},
    {"shop.example", NULL},
    {"//shop.example", NULL},
    {"http://", NULL},
    {"http:///", NULL},
    {"https:shop.example", NULL},
    {"ftp://shop.example", NULL},
    {"HTTPS://shop.example", NULL},
    {"javascript://shop.example", NULL},
    {"https://Shop.example", NULL},
    {"https://shop.example/path", NULL},
    {"https://shop.example//", NULL},
    {"https://shop.example?x", NULL},
    {"https://shop.example#x", NULL},
    {"https://user@shop.example", NULL},
    {"https://b\xc3\xbc"
     "cher.example",
     NULL},
    {"https://shop example", NULL},
    {"https://shop.example\r\nX: y", NULL},
    {"https://shop.example:", NULL},
    {"https://shop.example:0", NULL},
    {"https://shop.example:65536", NULL},
    {"https://shop.example:80a", NULL},
    {"https://:8080", NULL},
};

static bool opened(struct arena *arena, const char *url, struct site *site)
{
    static const char *const nothing[] = {NULL};
    struct settings settings = settings_of(arena, nothing);
    settings.public_url = text_from(url);
    struct capture capture = capture_begin();
    bool done = site_open(arena, &settings, site);
    (void)capture_end(arena, &capture);
    return done;
}

static void public_urls_are_taken_or_refused(void **state)
{
    for (size_t i = 0; i < ROWS(urls); i++) {
        struct site site;
        assert_row(opened(*state, urls[i].url, &site) == (urls[i].host != NULL), urls[i].url);
        if (urls[i].host != NULL) {
            assert_text(site.host, urls[i].host);
        }
    }
}

static void https_changes_cookies(void **state)
{
    struct site site;
    assert_true(opened(*state, "https://shop.example", &site));
    assert_true(site.is_secure);
    assert_text(site.session_cookie, "__Host-sessionid");
    assert_true(opened(*state, "http://shop.example", &site));
    assert_false(site.is_secure);
    assert_text(site.session_cookie, "sessionid");
}

static void https_needs_the_limits(void **state)
{
    static const char *const variables[] = {"STOREFRONT_ADDRESS_LIMITS=off", NULL};
    struct settings settings = settings_of(*state, variables);
    struct site site;
    settings.public_url = TEXT("http://shop.example");
    assert_true(site_open(*state, &settings, &site));
    settings.public_url = TEXT("https://shop.example");
    struct capture capture = capture_begin();
    bool done = site_open(*state, &settings, &site);
    assert_true(holds(capture_end(*state, &capture), "ADDRESS_LIMITS"));
    assert_false(done);
}

struct host_row {
    const char *host;
    bool is_ours;
    bool is_ours_with_loopback;
};

// For http://shop.example:8080.
static const struct host_row hosts[] = {
    {"shop.example:8080", true, true},
    {"SHOP.Example:8080", true, true},
    {"shop.example", false, false},
    {"shop.example:8081", false, false},
    {"shop.example:80800", false, false},
    {"shop.example.:8080", false, false},
    {"xshop.example:8080", false, false},
    {"shop.example:8080.evil.example", false, false},
    {"evil.example", false, false},
    {"evil.example@shop.example:8080", false, false},
    {"shop.example:8080@evil.example", false, false},
    {" shop.example:8080", false, false},
    {"", false, false},
    {"localhost:8080", false, true},
    {"127.0.0.1:8080", false, true},
    {"[::1]:8080", false, true},
    {"localhost", false, true},
    {"LocalHost:8081", false, true},
    {"[::1]", false, true},
    {"localhost:", false, false},
    {"localhost:0", false, false},
    {"localhost:80800", false, false},
    {"localhost:8080@evil.example", false, false},
    {"localhost.evil.example:8080", false, false},
    {"127.0.0.1.evil.example:8080", false, false},
    {"127.0.0.2:8080", false, false},
    {"::1:8080", false, false},
};

static void only_the_shops_host_is_answered(void **state)
{
    struct site site;
    assert_true(opened(*state, "http://shop.example:8080", &site));
    for (size_t i = 0; i < ROWS(hosts); i++) {
        site.has_loopback = false;
        assert_row(site_has_host(&site, text_from(hosts[i].host)) == hosts[i].is_ours, hosts[i].host);
        site.has_loopback = true;
        assert_row(site_has_host(&site, text_from(hosts[i].host)) == hosts[i].is_ours_with_loopback,
                   hosts[i].host);
    }
    assert_false(site_has_host(&site, (struct text){NULL, 0}));
}

// Some proxies and probes say it.
static void the_schemes_own_port_is_no_other_host(void **state)
{
    struct site site;
    assert_true(opened(*state, "https://shop.example", &site));
    assert_true(site_has_host(&site, TEXT("shop.example:443")));
    assert_false(site_has_host(&site, TEXT("shop.example:80")));
    assert_false(site_has_host(&site, TEXT("shop.example:443:443")));
    assert_false(site_has_host(&site, TEXT(":443")));
    assert_true(opened(*state, "http://shop.example", &site));
    assert_true(site_has_host(&site, TEXT("shop.example:80")));
    assert_false(site_has_host(&site, TEXT("shop.example:443")));
}

struct origin_row {
    const char *origin;
    const char *host;
    bool is_ours;
};

static const struct origin_row origins[] = {
    {"https://shop.example", "shop.example", true},
    {"https://SHOP.example", "shop.example", true},
    {"http://shop.example", "shop.example", false},
    {"https://shop.example:443", "shop.example", false},
    {"https://shop.example", "shop.example:443", true},
    {"https://shop.example", "shop.example:80", false},
    {"https://shop.example/", "shop.example", false},
    {"https://shop.example.evil.example", "shop.example", false},
    {"https://evil.example", "shop.example", false},
    {"https://sub.shop.example", "shop.example", false},
    {"https:shop.example", "shop.example", false},
    {"httpsshop.example", "shop.example", false},
    {"https://", "shop.example", false},
    {"null", "shop.example", false},
    {"", "shop.example", false},
    {"https", "shop.example", false},
};

static void only_the_shops_origin_is_its_own(void **state)
{
    struct site site;
    assert_true(opened(*state, "https://shop.example", &site));
    for (size_t i = 0; i < ROWS(origins); i++) {
        assert_row(site_has_origin(&site, text_from(origins[i].host), text_from(origins[i].origin)) ==
                       origins[i].is_ours,
                   origins[i].origin);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(public_urls_are_taken_or_refused),
        WITH_ARENA(https_changes_cookies),
        WITH_ARENA(https_needs_the_limits),
        WITH_ARENA(only_the_shops_host_is_answered),
        WITH_ARENA(the_schemes_own_port_is_no_other_host),
        WITH_ARENA(only_the_shops_origin_is_its_own),
    };
    return cmocka_run_group_tests_name("site", tests, NULL, NULL);
}
