// The theme: which accents are refused for want of contrast, and that the lightened one of the dark mode
// reads on the dark page. Contrast is worked out here again, after WCAG's own definition.
#include "support.h"

#include "storefront/base/encode.h"
#include "storefront/view/theme.h"

#include <math.h>

struct accent_row {
    const char *accent;
    bool is_accepted;
};

static const struct accent_row accents[] = {
    {"#1d4ed8", true},   {"#1D4ED8", true},   {"#000000", true},   {"#767676", true},  {"#777777", false},
    {"#ffffff", false},  {"#ffff00", false},  {"#00ff00", false},  {"#ff0000", false}, {"#d00000", true},
    {"1d4ed8", false},   {"#1d4ed", false},   {"#1d4ed88", false}, {"#fff", false},    {"#000", false},
    {"#1d4edg", false},  {"", false},         {"#", false},        {"blue", false},    {"#000000;}", false},
    {" #000000", false}, {"#000000 ", false},
};

static struct text written(struct arena *arena, const char *accent, struct text *logged)
{
    struct capture capture = capture_begin();
    struct text theme = theme_write(arena, text_from(accent));
    *logged = capture_end(arena, &capture);
    return theme;
}

static void accents_without_contrast_are_refused(void **state)
{
    for (size_t i = 0; i < ROWS(accents); i++) {
        struct text logged;
        bool is_accepted = written(*state, accents[i].accent, &logged).length > 0;
        assert_row(is_accepted == accents[i].is_accepted, accents[i].accent);
        assert_row(holds(logged, "accent colour refused") == !accents[i].is_accepted, accents[i].accent);
    }
}

static double linear(unsigned char channel)
{
    double share = channel / 255.0;
    return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4);
}

static double contrast(const unsigned char a[3], const unsigned char b[3])
{
    double first = 0.2126 * linear(a[0]) + 0.7152 * linear(a[1]) + 0.0722 * linear(a[2]) + 0.05;
    double second = 0.2126 * linear(b[0]) + 0.7152 * linear(b[1]) + 0.0722 * linear(b[2]) + 0.05;
    return first > second ? first / second : second / first;
}

// The colour behind the first `name` in `css`.
static void read_colour(struct text css, const char *name, unsigned char colour[3])
{
    size_t at = text_find_text(css, text_from(name));
    assert_true(at < css.length);
    assert_true(decode_hexadecimal(text_cut(css, at + strlen(name), 6), colour, 3));
}

static void the_dark_accent_reads_on_the_dark_page(void **state)
{
    static const unsigned char page[] = {0x23, 0x27, 0x2f};
    static const unsigned char black[] = {0, 0, 0};
    struct text logged;
    for (size_t i = 0; i < ROWS(accents); i++) {
        unsigned char accent[3];
        unsigned char strong[3];
        if (!accents[i].is_accepted) {
            continue;
        }
        struct text css = written(*state, accents[i].accent, &logged);
        struct text dark = text_after(css, text_find_text(css, TEXT("prefers-color-scheme:dark")));
        read_colour(dark, "--accent:#", accent);
        read_colour(dark, "--accent-strong:#", strong);
        assert_row(contrast(accent, page) >= 4.5, accents[i].accent);
        // Lightened no more than it takes: it stays the shop's colour.
        assert_row(contrast(accent, page) < 5.5, accents[i].accent);
        assert_row(contrast(strong, page) >= 4.5, accents[i].accent);
        assert_row(contrast(accent, black) >= 4.5, accents[i].accent);
    }
}

static void the_light_accent_is_the_shops_and_its_strong_one_darker(void **state)
{
    static const unsigned char white[] = {255, 255, 255};
    struct text logged;
    unsigned char accent[3];
    unsigned char strong[3];
    struct text css = written(*state, "#1D4ED8", &logged);
    read_colour(css, "--accent:#", accent);
    read_colour(css, "--accent-strong:#", strong);
    assert_memory_equal(accent, "\x1d\x4e\xd8", 3);
    assert_true(contrast(strong, white) > contrast(accent, white));
    assert_true(text_starts_with(css, TEXT(":root{--accent:#1d4ed8;--accent-strong:#")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(accents_without_contrast_are_refused),
        WITH_ARENA(the_dark_accent_reads_on_the_dark_page),
        WITH_ARENA(the_light_accent_is_the_shops_and_its_strong_one_darker),
    };
    return cmocka_run_group_tests_name("theme", tests, NULL, NULL);
}
