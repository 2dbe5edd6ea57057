// Where a sign-in may lead: a table of paths that stay on this host, and a longer one of those that a browser
// would take elsewhere. What is behind the path is not known here.
#include "support.h"

#include "storefront/page/next.h"

static const char *const kept[][2] = {
    {"/", "/"},
    {"/dashboard/", "/dashboard/"},
    {"/a/b?c=d&e=f", "/a/b?c=d&e=f"},
    {"/a//b", "/a//b"},
    {"/a\\b", "/a%5cb"},
    {"/?next=//evil.example", "/?next=//evil.example"},
    {"/?u=https://evil.example", "/?u=https://evil.example"},
    {"/caf\xc3\xa9", "/caf%c3%a9"},
    {"/\xe4\xb8\xad", "/%e4%b8%ad"},
    {"/\xef\xbc\x8f"
     "evil.example",
     "/%ef%bc%8fevil.example"}, // a full-width slash is no slash
    {"/a b", "/a%20b"},
    {"/100%", "/100%"},
    {"/%C3%A9", "/%C3%A9"},
    {"/a%2fb", "/a%2fb"},
    {"/a#b", "/a#b"},
    {"/a?b=1#c", "/a?b=1#c"},
    {"/\"<>", "/%22%3c%3e"},
    {"/@evil.example", "/@evil.example"},
    {"/.//evil.example", "/.//evil.example"}, // dots go after the host was read: still this host
};

static const char *const refused[] = {
    "",
    "dashboard/",
    "evil.example",
    "//evil.example",
    "///evil.example",
    "//",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "https://evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "@evil.example",
    "?x",
    "#x",
    " /dashboard/",
    " //evil.example",
    "%2f%2fevil.example",
    "/%2fevil.example",
    "/%2Fevil.example",
    "/%2f%2fevil.example",
    "/%5cevil.example",
    "/%5Cevil.example",
    "/%252fevil.example",
    "/%255cevil.example",
    "/%25252fevil.example",
    "/%25%32%66evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    "/a\r\nSet-Cookie: x=y",
    "/a\x01",
    "/a\x7f",
    "/a\xc2\x85",
    "/%09/evil.example",
    "/%0a/evil.example",
    "/%0d%0aSet-Cookie:%20x=y",
    "/a%00b",
    "/a%7f",
    "/a%C2%80",
    "/a%c2%9f",
    "/a%25c2%2585",
    "/%250d%250aSet-Cookie:x",
    "/%2509/evil.example",
};

static void paths_of_this_host_are_kept(void **state)
{
    for (size_t i = 0; i < ROWS(kept); i++) {
        assert_text(next_path(*state, text_from(kept[i][0])), kept[i][1]);
    }
}

static void everything_else_leads_home(void **state)
{
    for (size_t i = 0; i < ROWS(refused); i++) {
        struct text path = next_path(*state, text_from(refused[i]));
        if (!text_equals(path, TEXT("/"))) {
            fail_msg("\"%s\" leads to %.*s", refused[i], (int)path.length, path.bytes);
        }
    }
    assert_text(next_path(*state, (struct text){NULL, 0}), "/");
    assert_text(next_path(*state, text_of("/a\0b", 4)), "/");
}

static void length_is_bounded(void **state)
{
    struct arena *arena = *state;
    const struct text longest[] = {TEXT("/"), repeated(arena, "x", 1999)};
    const struct text longer[] = {TEXT("/"), repeated(arena, "x", 2000)};
    assert_int_equal(next_path(arena, text_join(arena, longest, 2)).length, 2000);
    assert_text(next_path(arena, text_join(arena, longer, 2)), "/");
    // What a page's form brings back is the path as it was sent out.
    const struct text accents[] = {TEXT("/x"), repeated(arena, "\xc3\xa4", 333)};
    const struct text more_accents[] = {TEXT("/xxx"), repeated(arena, "\xc3\xa4", 333)};
    struct text path = next_path(arena, text_join(arena, accents, 2));
    assert_int_equal(path.length, 2000);
    assert_texts(next_path(arena, path), path);
    assert_text(next_path(arena, text_join(arena, more_accents, 2)), "/");
}

static void whatever_comes_out_is_safe_in_a_header(void **state)
{
    for (int first = 0; first < 256; first++) {
        for (int second = 0; second < 256; second++) {
            const char wanted[] = {'/', (char)first, (char)second, 'x'};
            struct text path = next_path(*state, text_of(wanted, sizeof wanted));
            assert_int_equal(path.bytes[0], '/');
            assert_false(path.length > 1 && (path.bytes[1] == '/' || path.bytes[1] == '\\'));
            for (size_t i = 0; i < path.length; i++) {
                assert_true(path.bytes[i] > ' ' && path.bytes[i] < 0x7f);
            }
        }
        arena_empty(*state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(paths_of_this_host_are_kept),
        WITH_ARENA(everything_else_leads_home),
        WITH_ARENA(length_is_bounded),
        WITH_ARENA(whatever_comes_out_is_safe_in_a_header),
    };
    return cmocka_run_group_tests_name("next", tests, NULL, NULL);
}
