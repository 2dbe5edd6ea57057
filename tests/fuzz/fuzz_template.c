// Mustache. Input: a byte of switches, then the sources of the templates "main", "one" and "two", and the
// phrase that stands for every word, parted by zeros. The values are hostile; what a template says without
// {{{ }}} and
// {{& }} leaves none of their signs as they are.
#include "support.h"

#include "storefront/view/template.h"

#define SOURCES     4
#define OUT_MAXIMUM ((size_t)256 * 1024)
#define HOSTILE     "<zq>&\"'"

static struct text sources[SOURCES];

static bool find_source(void *context, struct text name, struct text *found)
{
    static const char *const names[] = {"main", "one", "two"};
    (void)context;
    for (size_t i = 0; i < 3; i++) {
        if (text_equals(text_from(names[i]), name)) {
            *found = sources[i];
            return true;
        }
    }
    return false;
}

static bool find_word(void *context, struct text key, struct text *found)
{
    (void)context;
    *found = sources[SOURCES - 1];
    return key.length > 0 && key.length < 8;
}

static struct value *make_data(bool has_two)
{
    struct value *data = value_object(fuzz_room());
    struct value *inner = value_object(fuzz_room());
    struct value *list = value_list(fuzz_room());
    value_set_text(data, "a", TEXT(HOSTILE));
    value_set_text(data, "empty", TEXT(""));
    value_set_number(data, "n", INT64_MIN);
    value_set_switch(data, "on", true);
    value_set_switch(data, "off", false);
    value_set_text(inner, "b", TEXT(HOSTILE HOSTILE));
    value_set(data, TEXT("o"), *inner);
    value_add(list, *inner);
    if (has_two) {
        value_add(list, value_of_text(TEXT(HOSTILE)));
    }
    value_set(data, TEXT("l"), *list);
    return data;
}

// What never changes is woven in when a template is parsed: it is as hostile.
static const struct value *make_constants(void)
{
    struct value *constants = value_object(fuzz_room());
    struct value *shop = value_object(fuzz_room());
    struct value *nothing = value_list(fuzz_room());
    value_set_text(constants, "k", TEXT(HOSTILE));
    value_set_text(constants, "none", TEXT(""));
    value_set_switch(constants, "yes", true);
    value_set_text(shop, "b", TEXT(HOSTILE));
    value_set(constants, TEXT("shop"), *shop);
    value_set(constants, TEXT("nothing"), *nothing);
    return constants;
}

static size_t count(struct text text, struct text part)
{
    size_t found = 0;
    for (size_t at = text_find_text(text, part); at < text.length; at = text_find_text(text, part)) {
        text = text_after(text, at + part.length);
        found++;
    }
    return found;
}

// False when a source could bring a hostile sign in by itself, also in two pieces around a partial that is
// empty, or asks for values as they are.
static bool is_innocent(struct text source)
{
    return !fuzz_holds(source, TEXT("{{{")) && !fuzz_holds(source, TEXT("&")) &&
           !fuzz_holds(source, TEXT("<")) && !fuzz_holds(source, TEXT("q"));
}

static struct text render(const struct template *template, const struct value *data)
{
    struct buffer out = buffer_open(fuzz_room(), OUT_MAXIMUM);
    template_render(template, data, &out);
    promise(out.length <= OUT_MAXIMUM);
    return buffer_text(&out);
}

static void check(struct template_set *set, const struct template *template, struct text all, bool is_html)
{
    static const char *const names[] = {"a", "empty", "n", "on", "off", "o", "o.b", "l", "l.b", "b", NULL};
    const struct value *data = make_data(count(all, TEXT("{{#")) <= 4);
    struct text out = render(template, data);
    promise(text_equals(out, render(template, data)));
    promise(template_set_fault(set).length == 0);
    if (is_html && is_innocent(all)) {
        promise(!fuzz_holds(out, TEXT("<")) && !fuzz_holds(out, TEXT("zq>")) &&
                !fuzz_holds(out, TEXT("&zq")));
    }
    if (!template_check(set, template, names)) {
        promise(template_set_fault(set).length > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text all = text_of(bytes, size);
    unsigned switches = fuzz_byte(&all);
    struct text rest = all;
    struct arena *arena = fuzz_begin();
    bool is_html = (switches & 1) == 0;
    for (size_t i = 0; i < SOURCES; i++) {
        sources[i] = text_next(&rest, '\0');
    }
    const struct template_set_settings settings = {.escape = is_html ? TEMPLATE_HTML : TEMPLATE_PLAIN,
                                                   .find_source = find_source,
                                                   .find_word = (switches & 2) != 0 ? NULL : find_word,
                                                   .constants = (switches & 8) != 0 ? make_constants() : NULL,
                                                   .is_strict = (switches & 4) == 0};
    struct template_set *set = template_set_open(arena, &settings);
    const struct template *template = set == NULL ? NULL : template_find(set, TEXT("main"));
    if (template != NULL) {
        check(set, template, all, is_html);
    } else if (set != NULL && !arena_failed(arena)) {
        promise(template_set_fault(set).length > 0);
        promise(template_find(set, TEXT("main")) == NULL);
    }
    fuzz_end();
    return 0;
}
