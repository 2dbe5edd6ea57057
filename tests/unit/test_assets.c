// Publishing static files: names that change with the content and with nothing else, compressed copies that
// come back as they were, the list that pages read, and the shop's own files before the shipped ones. It
// knows no page.
#include "support.h"

#include "storefront/base/json.h"
#include "storefront/view/assets.h"

#include <zlib.h>

static int open_shop(void **state)
{
    struct shop *shop = shop_make(4 * SUPPORT_ARENA);
    (void)folder_write(shop->arena, &shop->folder, "www/static/site.css",
                       repeated(shop->arena, "body{color:red}\n", 50));
    (void)folder_write(shop->arena, &shop->folder, "www/static/tiny.js", TEXT("1"));
    *state = shop;
    return 0;
}

#define WITH_SHOP(test) cmocka_unit_test_setup_teardown(test, open_shop, shop_end)

static bool publish(struct shop *shop)
{
    struct capture capture = capture_begin();
    bool done = assets_publish(shop->arena, &shop->settings);
    shop->logged = capture_end(shop->arena, &capture);
    return done;
}

static struct text address_of(struct shop *shop, const char *key)
{
    const struct value *names = assets_names(shop->arena, &shop->settings);
    assert_non_null(names);
    const struct value *address = value_find(names, text_from(key));
    return address == NULL ? (struct text){NULL, 0} : address->text;
}

// The content of the file that is published at `address`, with `suffix` behind its name.
static struct text published(struct shop *shop, struct text address, const char *suffix)
{
    const struct text parts[] = {shop->settings.static_folder, TEXT("/files"),
                                 text_after(address, strlen("/static")), text_from(suffix)};
    struct text content = TEXT("(none)");
    (void)file_read(shop->arena, text_string(shop->arena, text_join(shop->arena, parts, 4)), 1024 * 1024,
                    &content);
    return content;
}

static void names_are_listed_with_their_digest(void **state)
{
    struct shop *shop = *state;
    assert_true(publish(shop));
    struct text address = address_of(shop, "site_css");
    assert_true(text_starts_with(address, TEXT("/static/site.")));
    assert_int_equal(address.length, strlen("/static/site.0123456789ab.css"));
    assert_texts(published(shop, address, ""), repeated(shop->arena, "body{color:red}\n", 50));
    // SHA-256 of "1" begins with 6b86b273ff34.
    assert_text(address_of(shop, "tiny_js"), "/static/tiny.6b86b273ff34.js");
    assert_true(text_starts_with(address_of(shop, "theme_css"), TEXT("/static/theme.")));
    assert_int_equal(address_of(shop, "other_css").length, 0);
}

static void a_name_changes_with_the_content_alone(void **state)
{
    struct shop *shop = *state;
    assert_true(publish(shop));
    struct text first = address_of(shop, "site_css");
    struct text theme = address_of(shop, "theme_css");
    assert_true(publish(shop));
    assert_texts(address_of(shop, "site_css"), first);
    (void)folder_write(shop->arena, &shop->folder, "www/static/site.css", TEXT("body{color:blue}"));
    shop->settings.shop_accent = TEXT("#7f1d1d");
    assert_true(publish(shop));
    assert_false(text_equals(address_of(shop, "site_css"), first));
    assert_false(text_equals(address_of(shop, "theme_css"), theme));
    // Pages that are open still ask for the old one.
    assert_texts(published(shop, first, ""), repeated(shop->arena, "body{color:red}\n", 50));
}

static void compressed_copies_come_back_the_same(void **state)
{
    struct shop *shop = *state;
    unsigned char bytes[2000];
    assert_true(publish(shop));
    struct text address = address_of(shop, "site_css");
    struct text compressed = published(shop, address, ".gz");
    assert_true(compressed.length < 200);
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)compressed.bytes,
                       .avail_in = (uInt)compressed.length,
                       .next_out = bytes,
                       .avail_out = sizeof bytes};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_texts(text_of(bytes, stream.total_out), published(shop, address, ""));
    assert_int_equal(inflateEnd(&stream), Z_OK);
}

static void what_does_not_shrink_has_no_compressed_copy(void **state)
{
    struct shop *shop = *state;
    assert_true(publish(shop));
    assert_text(published(shop, address_of(shop, "tiny_js"), ".gz"), "(none)");
}

static void the_shops_file_wins(void **state)
{
    struct shop *shop = *state;
    (void)folder_write(shop->arena, &shop->folder, "own/static/site.css", TEXT("own"));
    (void)folder_write(shop->arena, &shop->folder, "own/static/logo.svg", TEXT("<svg/>"));
    (void)folder_write(shop->arena, &shop->folder, "own/static/.hidden", TEXT("x"));
    assert_true(publish(shop));
    assert_text(published(shop, address_of(shop, "site_css"), ""), "own");
    assert_text(published(shop, address_of(shop, "logo_svg"), ""), "<svg/>");
    assert_int_equal(address_of(shop, "_hidden").length, 0);
}

static void a_shop_without_a_folder_is_fine(void **state)
{
    struct shop *shop = *state;
    shop->settings.shop_folder = TEXT("");
    assert_true(publish(shop));
    shop->settings.shop_folder = TEXT("/nowhere");
    assert_true(publish(shop));
}

static void what_cannot_be_published_is_refused(void **state)
{
    struct shop *shop = *state;
    struct settings kept = shop->settings;
    shop->settings.shop_accent = TEXT("#ffffff");
    assert_false(publish(shop));
    assert_true(holds(shop->logged, "accent colour refused"));
    shop->settings = kept;
    shop->settings.static_folder = TEXT("/nowhere");
    assert_false(publish(shop));
    assert_true(holds(shop->logged, "file cannot be written"));
    shop->settings = kept;
    (void)folder_write(shop->arena, &shop->folder, "own/static/LICENCE", TEXT("x"));
    assert_false(publish(shop));
    assert_true(holds(shop->logged, "it has no ending"));
}

static void two_files_of_one_key_are_refused(void **state)
{
    struct shop *shop = *state;
    (void)folder_write(shop->arena, &shop->folder, "www/static/a-b.js", TEXT("1"));
    (void)folder_write(shop->arena, &shop->folder, "www/static/a_b.js", TEXT("2"));
    assert_false(publish(shop));
    assert_true(holds(shop->logged, "another file has the same key"));
}

static void what_is_no_file_or_no_folder_is_refused(void **state)
{
    struct shop *shop = *state;
    (void)folder_write(shop->arena, &shop->folder, "own/static/pictures/one.svg", TEXT("<svg/>"));
    assert_false(publish(shop));
    assert_true(holds(shop->logged, "static file cannot be read"));
    shop->settings.shop_folder = shop_below(shop, "other");
    (void)folder_write(shop->arena, &shop->folder, "other/static", TEXT("no folder"));
    assert_false(publish(shop));
    assert_true(holds(shop->logged, "static files cannot be read"));
}

static void a_list_that_is_not_there_or_broken_is_none(void **state)
{
    struct shop *shop = *state;
    static const char *const lists[] = {"", "{", "[]", "\"x\"", "{\"a\":{}}"};
    struct capture capture = capture_begin();
    const struct value *missing = assets_names(shop->arena, &shop->settings);
    shop->logged = capture_end(shop->arena, &capture);
    assert_null(missing);
    assert_true(holds(shop->logged, "storefront publish"));
    for (size_t i = 0; i < ROWS(lists); i++) {
        (void)folder_write(shop->arena, &shop->folder, "published/names.json", text_from(lists[i]));
        capture = capture_begin();
        const struct value *names = assets_names(shop->arena, &shop->settings);
        (void)capture_end(shop->arena, &capture);
        assert_row(names == NULL, lists[i]);
    }
}

static void keys_are_letters_digits_and_underscores(void **state)
{
    struct shop *shop = *state;
    assert_text(assets_key(shop->arena, TEXT("site.css")), "site_css");
    assert_text(assets_key(shop->arena, TEXT("azAZ09.css")), "azAZ09_css");
    assert_text(assets_key(shop->arena, TEXT("a-b c.min.js")), "a_b_c_min_js");
    assert_text(assets_key(shop->arena, TEXT("\xc3\xa4.css")), "___css");
    assert_text(assets_key(shop->arena, TEXT("")), "");
}

static void writing_is_whole_or_not_at_all(void **state)
{
    struct shop *shop = *state;
    struct text content = {NULL, 0};
    assert_true(assets_write(shop->arena, shop->settings.static_folder, TEXT("a.txt"), TEXT("first")));
    assert_true(assets_write(shop->arena, shop->settings.static_folder, TEXT("a.txt"), TEXT("2")));
    assert_true(
        file_read(shop->arena, folder_path(shop->arena, &shop->folder, "published/a.txt"), 10, &content));
    assert_text(content, "2");
    assert_int_equal(access(folder_path(shop->arena, &shop->folder, "published/a.txt.new"), F_OK), -1);
}

static void what_is_not_written_whole_takes_no_place(void **state)
{
    struct shop *shop = *state;
    struct arena *arena = shop->arena;
    struct text folder = shop->settings.static_folder;
    struct text content = {NULL, 0};
    const char *path = folder_write(arena, &shop->folder, "published/a.txt", TEXT("old"));
    // A disk that is full.
    assert_int_equal(symlink("/dev/full", folder_path(arena, &shop->folder, "published/a.txt.new")), 0);
    (void)folder_path(arena, &shop->folder, "published/b.txt/c");
    struct capture capture = capture_begin();
    bool is_full = !assets_write(arena, folder, TEXT("a.txt"), TEXT("new"));
    bool is_folder = !assets_write(arena, folder, TEXT("b.txt"), TEXT("new"));
    shop->logged = capture_end(arena, &capture);
    assert_true(is_full && is_folder);
    assert_true(holds(shop->logged, "No space left on device"));
    assert_true(holds(shop->logged, "Is a directory"));
    assert_true(file_read(arena, path, 10, &content));
    assert_text(content, "old");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SHOP(names_are_listed_with_their_digest),
        WITH_SHOP(a_name_changes_with_the_content_alone),
        WITH_SHOP(compressed_copies_come_back_the_same),
        WITH_SHOP(what_does_not_shrink_has_no_compressed_copy),
        WITH_SHOP(the_shops_file_wins),
        WITH_SHOP(a_shop_without_a_folder_is_fine),
        WITH_SHOP(what_cannot_be_published_is_refused),
        WITH_SHOP(two_files_of_one_key_are_refused),
        WITH_SHOP(what_is_no_file_or_no_folder_is_refused),
        WITH_SHOP(a_list_that_is_not_there_or_broken_is_none),
        WITH_SHOP(keys_are_letters_digits_and_underscores),
        WITH_SHOP(writing_is_whole_or_not_at_all),
        WITH_SHOP(what_is_not_written_whole_takes_no_place),
    };
    return cmocka_run_group_tests_name("assets", tests, NULL, NULL);
}
