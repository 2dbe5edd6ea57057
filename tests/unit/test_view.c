// Pages and mails in every language: templates and words woven together, what the shop's folder changes, what
// stops the start; and that the shipped pages, mails and words pass every one of these checks. What they say
// is not known here.
#include "support.h"

#include "storefront/mail/message.h"
#include "storefront/page/answer.h"
#include "storefront/page/routes.h"
#include "storefront/view/assets.h"
#include "storefront/view/view.h"

#define ENGLISH                                                                                                          \
    "{\"language.name\":\"English\",\"message.late\":\"Late\",\"greeting\":\"Hello {{name}} & co\",\"plain\":\"a <b>\"," \
    "\"count\":\"{{#is_one}}one{{/is_one}}{{^is_one}}{{number}} many{{/is_one}} at {{shop.name}}\"}"
#define GERMAN                                                                                                                         \
    "{\"language.name\":\"Deutsch\",\"message.late\":\"Sp\xc3\xa4t\",\"greeting\":\"Hallo {{name}} & Co\",\"plain\":\"\xc3\xa4 <b>\"," \
    "\"count\":\"{{number}}\"}"

static const char *const names[] = {"name", NULL};
static const char *const common[] = {"language", NULL};

static int open_shop(void **state)
{
    struct shop *shop = shop_make(8 * SUPPORT_ARENA);
    (void)folder_write(shop->arena, &shop->folder, "www/language/en.json", TEXT(ENGLISH));
    (void)folder_write(shop->arena, &shop->folder, "www/language/de.json", TEXT(GERMAN));
    (void)folder_write(shop->arena, &shop->folder, "www/mail/a.html",
                       TEXT("<p>{{words.greeting}} {{name}} {{shop.name}}</p>"));
    (void)folder_write(shop->arena, &shop->folder, "www/mail/a.txt", TEXT("{{words.greeting}} {{name}}"));
    *state = shop;
    return 0;
}

#define WITH_SHOP(test) cmocka_unit_test_setup_teardown(test, open_shop, shop_end)

static struct view *opened_with(struct shop *shop, const struct view_settings *settings)
{
    struct capture capture = capture_begin();
    struct view *view = view_open(shop->arena, settings);
    shop->logged = capture_end(shop->arena, &capture);
    return view;
}

static struct view *opened(struct shop *shop)
{
    static const struct view_template templates[] = {{"a.html", names}, {"a.txt", names}, {NULL, NULL}};
    static const struct view_phrases phrases[] = {{"message.", names}, {NULL, NULL}};
    const struct view_settings settings = {.settings = &shop->settings,
                                           .folder = "mail",
                                           .templates = templates,
                                           .common_names = common,
                                           .phrases = phrases};
    return opened_with(shop, &settings);
}

static struct text rendered(struct shop *shop, const struct view *view, const char *tag, const char *name)
{
    struct value *data = value_object(shop->arena);
    struct buffer out = buffer_open(shop->arena, 4096);
    value_set_text(data, "name", TEXT("<Ann>"));
    view_render(view, languages_find(view_languages(view), text_from(tag)), name, data, &out);
    assert_false(out.overflowed);
    return buffer_text(&out);
}

static void each_language_has_its_words_in_each_template(void **state)
{
    const struct view *view = opened(*state);
    assert_non_null(view);
    assert_text(rendered(*state, view, "en", "a.html"),
                "<p>Hello &lt;Ann&gt; &amp; co &lt;Ann&gt; Our Shop</p>");
    assert_text(rendered(*state, view, "de", "a.html"),
                "<p>Hallo &lt;Ann&gt; &amp; Co &lt;Ann&gt; Our Shop</p>");
    assert_text(rendered(*state, view, "de", "a.txt"), "Hallo <Ann> & Co <Ann>");
}

static void the_shops_own_files_win(void **state)
{
    struct shop *shop = *state;
    (void)folder_write(shop->arena, &shop->folder, "own/mail/a.txt", TEXT("own {{words.greeting}}"));
    (void)folder_write(shop->arena, &shop->folder, "own/language/en.json", TEXT("{\"greeting\":\"Ahoy\"}"));
    const struct view *view = opened(shop);
    assert_text(rendered(shop, view, "en", "a.txt"), "own Ahoy");
    assert_text(rendered(shop, view, "de", "a.txt"), "own Hallo <Ann> & Co");
}

static void the_shops_settings_are_values_not_templates(void **state)
{
    struct shop *shop = *state;
    shop->settings.shop_name = TEXT("{{name}} & <b>");
    assert_true(holds(rendered(shop, opened(shop), "en", "a.html"), "{{name}} &amp; &lt;b&gt;</p>"));
}

struct broken_row {
    const char *file;
    const char *content; // NULL: the file is taken away
    const char *logged;
};

static const struct broken_row broken[] = {
    {"www/mail/a.txt", NULL, "a.txt: no such template"},
    {"www/mail/a.txt", "{{foreign}}", "uses a name that its page does not have: foreign"},
    {"www/mail/a.txt", "{{#name}}", "a.txt line 1: a section is not closed: name"},
    {"www/mail/a.txt", "\n{{>nowhere}}", "a.txt line 2: no such partial: nowhere"},
    {"www/mail/a.txt", "{{words.nowhere}}", "no such word: nowhere"},
    {"own/mail/a.txt", "{{static.site_css}}", "uses a name that its page does not have: static.site_css"},
    {"www/language/de.json", "{\"language.name\":\"Deutsch\"}", "a word is missing"},
    {"www/language/en.json", NULL, "no English catalogue"},
    {"own/language/de.json", "{\"greeting\":\"{{foreign}}\"}",
     "uses a name that its page does not have: foreign"},
    {"own/language/de.json", "{\"greeting\":\"{{#a\"}", "a tag that is not closed"},
    {"own/language/de.json", "{\"message.late\":\"{{>a}}\"}", "phrase is not understood"},
    {"own/language/de.json", "{\"message.late\":\"{{name} left\"}", "phrase is not understood"},
    {"own/language/de.json", "{\"message.late\":\"{{/name}}\"}", "\"key\":\"message.late\""},
    {"own/language/de.json", "{\"message.late\":\"{{nane}} left\"}",
     "a name that its page does not have: nane"},
    {"own/language/de.json", "{\"message.late\":\"{{words.plain}} left\"}", "\"reason\":"},
};

static void what_is_broken_stops_the_start(void **state)
{
    for (size_t i = 0; i < ROWS(broken); i++) {
        struct shop *shop = *state;
        const char *path = folder_path(shop->arena, &shop->folder, broken[i].file);
        struct text kept = {NULL, 0};
        bool was_there = file_read(shop->arena, path, 4096, &kept);
        if (broken[i].content == NULL) {
            (void)remove(path);
        } else {
            (void)folder_write(shop->arena, &shop->folder, broken[i].file, text_from(broken[i].content));
        }
        assert_row(opened(shop) == NULL, broken[i].logged);
        assert_row(holds(shop->logged, broken[i].logged), broken[i].logged);
        (void)remove(path);
        if (was_there) {
            (void)folder_write(shop->arena, &shop->folder, broken[i].file, kept);
        }
        assert_row(opened(shop) != NULL, broken[i].logged);
    }
}

static void an_unknown_template_is_an_overflow(void **state)
{
    struct shop *shop = *state;
    const struct view *view = opened(shop);
    const struct value data = {.kind = VALUE_NOTHING};
    struct buffer out = buffer_open(shop->arena, 100);
    struct capture capture = capture_begin();
    view_render(view, 0, "b.html", &data, &out);
    assert_true(holds(capture_end(shop->arena, &capture), "no such template"));
    assert_true(out.overflowed);
}

static void phrases_are_filled_as_plain_text(void **state)
{
    struct shop *shop = *state;
    const struct view *view = opened(shop);
    struct value *data = value_object(shop->arena);
    value_set_text(data, "name", TEXT("<Ann>"));
    value_set_number(data, "number", 3);
    assert_text(view_phrase(view, 1, "greeting", data, shop->arena), "Hello <Ann> & co");
    assert_text(view_phrase(view, 0, "plain", NULL, shop->arena), "\xc3\xa4 <b>");
    assert_text(view_phrase(view, 1, "greeting", NULL, shop->arena), "Hello  & co");
    assert_text(view_phrase(view, 1, "count", data, shop->arena), "3 many at Our Shop");
    value_set_switch(data, "is_one", true);
    assert_text(view_phrase(view, 1, "count", data, shop->arena), "one at Our Shop");
    struct capture capture = capture_begin();
    struct text missing = view_phrase(view, 1, "nowhere", NULL, shop->arena);
    (void)capture_end(shop->arena, &capture);
    assert_text(missing, "nowhere");
}

static void a_logo_must_be_published(void **state)
{
    struct shop *shop = *state;
    static const struct view_template templates[] = {{"a.txt", names}, {NULL, NULL}};
    const struct view_settings settings = {.settings = &shop->settings,
                                           .folder = "mail",
                                           .templates = templates,
                                           .common_names = common,
                                           .needs_static = true};
    assert_null(opened_with(shop, &settings));
    assert_true(holds(shop->logged, "storefront publish"));
    (void)folder_write(shop->arena, &shop->folder, "own/static/logo.svg", TEXT("<svg/>"));
    (void)shop_below(shop, "www/static");
    assert_true(assets_publish(shop->arena, &shop->settings));
    shop->settings.shop_logo = TEXT("logo.png");
    assert_null(opened_with(shop, &settings));
    assert_true(holds(shop->logged, "logo is not among the static files"));
    shop->settings.shop_logo = TEXT("logo.svg");
    assert_non_null(opened_with(shop, &settings));
}

static void the_shipped_pages_and_mails_pass(void **state)
{
    struct shop *shop = *state;
    struct view_template templates[ROUTE_TEMPLATES_MAXIMUM];
    routes_list_templates(templates);
    shop->settings.www_folder = TEXT(SOURCE_FOLDER "/www");
    shop->settings.shop_folder = TEXT("");
    assert_true(assets_publish(shop->arena, &shop->settings));
    const struct view_settings pages = {.settings = &shop->settings,
                                        .folder = "templates",
                                        .templates = templates,
                                        .common_names = layout_names,
                                        .phrases = answer_phrases,
                                        .needs_static = true};
    const struct view_settings mails = {.settings = &shop->settings,
                                        .folder = "mail",
                                        .templates = message_templates,
                                        .common_names = message_names,
                                        .phrases = message_phrases};
    const struct view *view = opened_with(shop, &pages);
    if (view == NULL) {
        fail_msg("%s", text_string(shop->arena, shop->logged));
    }
    assert_true(languages_find(view_languages(view), TEXT("en")) < languages_count(view_languages(view)));
    assert_true(languages_find(view_languages(view), TEXT("de")) < languages_count(view_languages(view)));
    if (opened_with(shop, &mails) == NULL) {
        fail_msg("%s", text_string(shop->arena, shop->logged));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SHOP(each_language_has_its_words_in_each_template),
        WITH_SHOP(the_shops_own_files_win),
        WITH_SHOP(the_shops_settings_are_values_not_templates),
        WITH_SHOP(what_is_broken_stops_the_start),
        WITH_SHOP(an_unknown_template_is_an_overflow),
        WITH_SHOP(phrases_are_filled_as_plain_text),
        WITH_SHOP(a_logo_must_be_published),
        WITH_SHOP(the_shipped_pages_and_mails_pass),
    };
    return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
