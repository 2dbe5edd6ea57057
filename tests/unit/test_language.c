// Catalogues: which language a browser's wish finds, what the shop's own folder changes, and which catalogues
// keep the program from starting. The catalogues are small ones of the test's own; the shipped ones are the
// lint's business.
#include "support.h"

#include "storefront/view/language.h"

#define ENGLISH "{\"language.name\":\"English\",\"a\":\"one\",\"b\":\"two\"}"
#define GERMAN  "{\"language.name\":\"Deutsch\",\"a\":\"eins\",\"b\":\"zwei\"}"
#define FRENCH                                                                                               \
    "{\"language.name\":\"Fran\xc3\xa7"                                                                      \
    "ais\",\"a\":\"un\",\"b\":\"deux\"}"

struct catalogues {
    struct arena *arena;
    struct folder shop;
    struct folder shipped;
    struct text logged;
};

static int open_catalogues(void **state)
{
    struct catalogues *catalogues = calloc(1, sizeof *catalogues);
    assert_non_null(catalogues);
    catalogues->arena = arena_open(SUPPORT_ARENA);
    catalogues->shop = folder_make();
    catalogues->shipped = folder_make();
    (void)folder_write(catalogues->arena, &catalogues->shipped, "language/en.json", TEXT(ENGLISH));
    (void)folder_write(catalogues->arena, &catalogues->shipped, "language/de.json", TEXT(GERMAN));
    *state = catalogues;
    return 0;
}

static int close_catalogues(void **state)
{
    struct catalogues *catalogues = *state;
    folder_remove(&catalogues->shop);
    folder_remove(&catalogues->shipped);
    arena_close(&catalogues->arena);
    free(catalogues);
    return 0;
}

#define WITH_CATALOGUES(test) cmocka_unit_test_setup_teardown(test, open_catalogues, close_catalogues)

static void ship(struct catalogues *catalogues, const char *name, const char *content)
{
    (void)folder_write(catalogues->arena, &catalogues->shipped, name, text_from(content));
}

static struct languages *opened(struct catalogues *catalogues, const char *fallback)
{
    const struct text folders[] = {text_from(catalogues->shop.path), text_from(catalogues->shipped.path)};
    struct capture capture = capture_begin();
    struct languages *languages = languages_open(catalogues->arena, folders, 2, text_from(fallback));
    catalogues->logged = capture_end(catalogues->arena, &capture);
    return languages;
}

static struct text word(const struct languages *languages, const char *tag, const char *key)
{
    struct text phrase = TEXT("(none)");
    size_t language = languages_find(languages, text_from(tag));
    assert_true(language < languages_count(languages));
    (void)languages_word(languages, language, text_from(key), &phrase);
    return phrase;
}

static void words_are_found_by_language_and_key(void **state)
{
    const struct languages *languages = opened(*state, "en");
    assert_int_equal(languages_count(languages), 2);
    assert_text(languages_tag(languages, 0), "de");
    assert_text(languages_tag(languages, 1), "en");
    assert_text(word(languages, "en", "a"), "one");
    assert_text(word(languages, "de", "b"), "zwei");
    assert_text(word(languages, "DE", "language.name"), "Deutsch");
    assert_text(word(languages, "de", "c"), "(none)");
    assert_text(word(languages, "de", "aa"), "(none)");
    assert_text(word(languages, "de", ""), "(none)");
    assert_int_equal(languages_find(languages, TEXT("fr")), 2);
    assert_int_equal(languages_find(languages, TEXT("")), 2);
    assert_int_equal(languages_find(languages, TEXT("d")), 2);
}

struct wish_row {
    const char *accept;
    const char *tag;
};

static const struct wish_row wishes[] = {
    {"", "en"},
    {"de", "de"},
    {"DE", "de"},
    {"de-AT", "de"},
    {"de-AT-1996", "de"},
    {"xx, de", "de"},
    {"xx", "en"},
    {"*", "en"},
    {"de;q=0.5, fr;q=0.9", "fr"},
    {"fr;q=0.5, de;q=0.50", "fr"},
    {"fr;q=0.5, de;q=0.51", "de"},
    {"fr;q=0.5, de;q=0.501", "de"},
    {"fr ; q=0.5 , de ; q=0.6", "de"},
    {"fr;q=0.5, de;Q=0.4", "fr"},
    {"fr;q=1, de;q=1.0", "fr"},
    {"de;q=0, fr;q=0.1", "fr"},
    {"de;q=0", "en"},
    {"de;q=0.000", "en"},
    {"de;q=2, fr;q=0.1", "fr"},
    {"de;q=-1, fr;q=0.1", "fr"},
    {"de;q=, fr;q=0.1", "fr"},
    {"de;q=0.z, fr;q=0.5", "fr"},
    {"de;q=0.~, fr;q=0.5", "fr"},
    {"de;q=0.1x, fr;q=0.5", "fr"},
    {"de;q=0.\xff, fr;q=0.5", "fr"},
    {"deutsch, fr", "fr"},
    {"d, fr", "fr"},
    {"-de, fr", "fr"},
    {",,,de", "de"},
    {"de-AT;q=0.3, en;q=0.2, fr;q=0.1", "de"},
    {"fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr"},
};

static void the_best_liked_language_is_chosen(void **state)
{
    ship(*state, "language/fr.json", FRENCH);
    const struct languages *languages = opened(*state, "en");
    for (size_t i = 0; i < ROWS(wishes); i++) {
        struct text tag = languages_tag(languages, languages_choose(languages, text_from(wishes[i].accept)));
        if (!text_equals(tag, text_from(wishes[i].tag))) {
            fail_msg("\"%s\" finds %.*s", wishes[i].accept, (int)tag.length, tag.bytes);
        }
    }
}

static void the_shops_language_is_the_fallback(void **state)
{
    const struct languages *languages = opened(*state, "de");
    assert_text(languages_tag(languages, languages_choose(languages, TEXT("xx"))), "de");
    assert_text(languages_tag(languages, languages_choose(languages, TEXT("en"))), "en");
}

static void a_fallback_without_catalogue_is_refused(void **state)
{
    struct catalogues *catalogues = *state;
    assert_null(opened(catalogues, "fr"));
    assert_true(holds(catalogues->logged, "no catalogue for the shop's language"));
    assert_null(opened(catalogues, ""));
}

static void the_shops_words_take_the_place_of_shipped_ones(void **state)
{
    struct catalogues *catalogues = *state;
    (void)folder_write(catalogues->arena, &catalogues->shop, "language/de.json",
                       TEXT("{\"a\":\"ains\",\"own\":\"eigen\"}"));
    const struct languages *languages = opened(catalogues, "en");
    assert_text(word(languages, "de", "a"), "ains");
    assert_text(word(languages, "de", "b"), "zwei");
    assert_text(word(languages, "de", "own"), "eigen");
    assert_text(word(languages, "en", "a"), "one");
}

static void a_shop_may_bring_a_language(void **state)
{
    struct catalogues *catalogues = *state;
    (void)folder_write(catalogues->arena, &catalogues->shop, "language/fr.json", TEXT(FRENCH));
    const struct languages *languages = opened(catalogues, "fr");
    assert_int_equal(languages_count(languages), 3);
    assert_text(word(languages, "fr", "b"), "deux");
}

static void a_missing_word_is_refused_and_named(void **state)
{
    struct catalogues *catalogues = *state;
    (void)folder_write(catalogues->arena, &catalogues->shop, "language/fr.json",
                       TEXT("{\"language.name\":\"Fran\xc3\xa7"
                            "ais\",\"a\":\"un\"}"));
    assert_null(opened(catalogues, "en"));
    assert_true(holds(catalogues->logged, "a word is missing"));
    assert_true(holds(catalogues->logged, "\"language\":\"fr\""));
    assert_true(holds(catalogues->logged, "\"key\":\"b\""));
}

static const char *const broken[] = {
    "",
    "{",
    "[]",
    "\"a\"",
    "{\"a\":1}",
    "{\"a\":null}",
    "{\"a\":{\"b\":\"c\"}}",
    "{\"a\":[\"b\"]}",
    "{\"a\":\"b\",\"a\":\"c\"}",
    "{\"a\":\"\xff\"}",
    "{\"a\":\"b\"} x",
};

static void a_broken_catalogue_is_refused(void **state)
{
    for (size_t i = 0; i < ROWS(broken); i++) {
        struct catalogues *catalogues = *state;
        ship(catalogues, "language/de.json", broken[i]);
        assert_row(opened(catalogues, "en") == NULL, broken[i]);
        assert_true(holds(catalogues->logged, "words refused"));
    }
}

// Its words would be missing without anybody being told.
static void a_folder_that_cannot_be_read_is_refused(void **state)
{
    struct catalogues *catalogues = *state;
    assert_int_equal(symlink("language", folder_path(catalogues->arena, &catalogues->shop, "language")), 0);
    assert_null(opened(catalogues, "en"));
    assert_true(holds(catalogues->logged, "words refused"));
    assert_true(holds(catalogues->logged, catalogues->shop.path));
}

static void english_is_needed(void **state)
{
    struct catalogues *catalogues = *state;
    (void)remove(folder_path(catalogues->arena, &catalogues->shipped, "language/en.json"));
    assert_null(opened(catalogues, "de"));
    assert_true(holds(catalogues->logged, "no English catalogue"));
    folder_remove(&catalogues->shipped);
    assert_null(opened(catalogues, "de"));
}

static void other_files_are_passed_over(void **state)
{
    struct catalogues *catalogues = *state;
    ship(catalogues, "language/README", "no catalogue");
    ship(catalogues, "language/fr.json.orig", "{");
    ship(catalogues, "language/.json", "{");
    ship(catalogues, "language/a-tag-that-is-far-too-long.json", "{");
    assert_int_equal(languages_count(opened(catalogues, "en")), 2);
}

static void languages_are_bounded(void **state)
{
    struct catalogues *catalogues = *state;
    for (int i = 0; i < 31; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "language/x%02d.json", i);
        if (i == 30) {
            assert_int_equal(languages_count(opened(catalogues, "en")), LANGUAGES_MAXIMUM);
        }
        ship(catalogues, name, ENGLISH);
    }
    assert_null(opened(catalogues, "en"));
    assert_true(holds(catalogues->logged, "too many languages"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CATALOGUES(words_are_found_by_language_and_key),
        WITH_CATALOGUES(the_best_liked_language_is_chosen),
        WITH_CATALOGUES(the_shops_language_is_the_fallback),
        WITH_CATALOGUES(a_fallback_without_catalogue_is_refused),
        WITH_CATALOGUES(the_shops_words_take_the_place_of_shipped_ones),
        WITH_CATALOGUES(a_shop_may_bring_a_language),
        WITH_CATALOGUES(a_missing_word_is_refused_and_named),
        WITH_CATALOGUES(a_broken_catalogue_is_refused),
        WITH_CATALOGUES(a_folder_that_cannot_be_read_is_refused),
        WITH_CATALOGUES(english_is_needed),
        WITH_CATALOGUES(other_files_are_passed_over),
        WITH_CATALOGUES(languages_are_bounded),
    };
    return cmocka_run_group_tests_name("language", tests, NULL, NULL);
}
