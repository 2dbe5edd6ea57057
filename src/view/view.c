// See view.h. Each language has its own set of templates, in which its words are already woven: filling a
// page looks up values only. What holds for every page of a language (the shop's name and links, static
// files, the languages to choose from) is one object, made at start and woven in too.
#include "storefront/view/view.h"
#include "storefront/base/file.h"
#include "storefront/base/log.h"
#include "storefront/view/assets.h"
#include "storefront/view/template.h"

#include <string.h>

#define TEMPLATES_MAXIMUM ((size_t)32)
#define SOURCE_MAXIMUM    ((size_t)256 * 1024)
#define PHRASE_MAXIMUM    ((size_t)4096)
#define FOLDERS           ((size_t)2)
#define NAMES_MAXIMUM     ((size_t)64)

// One language's side of the view; handed to the templates as their context.
struct edition {
    struct view *view;
    size_t language;
    struct value *constants;
    struct template_set *pages; // escape for HTML
    struct template_set *plain; // do not escape
    const struct template *templates[TEMPLATES_MAXIMUM];
};

// The file of a template or partial, read once for all languages.
struct source {
    struct text name;
    struct text content;
    const struct source *next;
};

struct view {
    struct arena *arena;
    struct view_settings settings;
    struct text folders[FOLDERS]; // the shop's own first
    struct languages *languages;
    const struct source *sources;
    struct value shop, names; // the shop's own words, and its static files by name
    struct edition *editions;
};

const struct languages *view_languages(const struct view *view)
{
    return view->languages;
}

static const struct source *read_source(struct view *view, struct text name)
{
    const struct text parts[] = {text_from(view->settings.folder), TEXT("/"), name};
    const char *path = file_search(view->arena, view->folders, FOLDERS, text_join(view->arena, parts, 3));
    struct source *source = path == NULL ? NULL : arena_take(view->arena, sizeof *source);
    if (source == NULL || !file_read(view->arena, path, SOURCE_MAXIMUM, &source->content)) {
        return NULL;
    }
    source->name = name;
    source->next = view->sources;
    view->sources = source;
    return source;
}

static bool find_source(void *context, struct text name, struct text *content)
{
    const struct edition *edition = context;
    const struct source *source = edition->view->sources;
    while (source != NULL && !text_equals(source->name, name)) {
        source = source->next;
    }
    source = source == NULL ? read_source(edition->view, name) : source;
    if (source != NULL) {
        *content = source->content;
    }
    return source != NULL;
}

static bool find_word(void *context, struct text key, struct text *phrase)
{
    const struct edition *edition = context;
    return languages_word(edition->view->languages, edition->language, key, phrase);
}

static bool is_page(const char *name)
{
    struct text text = text_from(name);
    return text.length > 5 && text_equals(text_after(text, text.length - 5), TEXT(".html"));
}

static bool report(const struct template_set *set)
{
    log_event(LOG_ERROR, "template refused", LOG_TEXT("reason", template_set_fault(set)));
    return false;
}

static bool set_logo(struct view *view, struct value *shop, const struct value *names)
{
    const struct settings *settings = view->settings.settings;
    const struct value *logo = value_find(names, assets_key(view->arena, settings->shop_logo));
    value_set_text(shop, "logo", logo == NULL ? TEXT("") : logo->text);
    if (settings->shop_logo.length > 0 && logo == NULL) {
        log_event(LOG_ERROR, "logo is not among the static files", LOG_TEXT("file", settings->shop_logo));
        return false;
    }
    return true;
}

static bool read_shop(struct view *view)
{
    const struct settings *settings = view->settings.settings;
    struct value *shop = value_object(view->arena);
    struct text url = settings->public_url;
    url.length -= url.length > 0 && url.bytes[url.length - 1] == '/' ? 1 : 0;
    value_set_text(shop, "name", settings->shop_name);
    value_set_text(shop, "support", settings->shop_support);
    value_set_text(shop, "imprint_url", settings->shop_imprint_url);
    value_set_text(shop, "privacy_url", settings->shop_privacy_url);
    value_set_text(shop, "terms_url", settings->shop_terms_url);
    value_set_text(shop, "url", url);
    if (shop == NULL) {
        return false;
    }
    if (view->settings.needs_static) {
        struct value *names = assets_names(view->arena, settings);
        if (names == NULL || !set_logo(view, shop, names)) {
            return false;
        }
        view->names = *names;
    }
    view->shop = *shop;
    return !arena_failed(view->arena);
}

static struct value *list_languages(struct view *view, size_t current)
{
    struct value *list = value_list(view->arena);
    for (size_t i = 0; i < languages_count(view->languages); i++) {
        struct text name = {NULL, 0};
        struct value *language = value_object(view->arena);
        (void)languages_word(view->languages, i, TEXT("language.name"), &name);
        value_set_text(language, "tag", languages_tag(view->languages, i));
        value_set_text(language, "name", name);
        value_set_switch(language, "is_current", i == current);
        if (language != NULL) {
            value_add(list, *language);
        }
    }
    return list;
}

static bool make_constants(struct edition *edition)
{
    struct view *view = edition->view;
    const struct value *languages = list_languages(view, edition->language);
    edition->constants = value_object(view->arena);
    if (languages == NULL || edition->constants == NULL) {
        return false;
    }
    value_set(edition->constants, TEXT("shop"), view->shop);
    value_set(edition->constants, TEXT("static"), view->names);
    value_set(edition->constants, TEXT("languages"), *languages);
    return !arena_failed(view->arena);
}

// The common names and the template's own, as one list.
static const char *const *join_names(struct view *view, const char *const *names)
{
    const char **joined = arena_take(view->arena, NAMES_MAXIMUM * sizeof *joined);
    const char *const *const lists[] = {view->settings.common_names, names};
    size_t count = 0;
    for (size_t list = 0; joined != NULL && list < 2; list++) {
        for (size_t i = 0; lists[list][i] != NULL && count < NAMES_MAXIMUM - 1; i++) {
            joined[count++] = lists[list][i];
        }
    }
    return joined;
}

static bool weave_templates(struct edition *edition)
{
    struct view *view = edition->view;
    for (size_t i = 0; i < TEMPLATES_MAXIMUM && view->settings.templates[i].name != NULL; i++) {
        const struct view_template *wanted = &view->settings.templates[i];
        struct template_set *set = is_page(wanted->name) ? edition->pages : edition->plain;
        const char *const *names = join_names(view, wanted->names);
        const struct template *template = template_find(set, text_from(wanted->name));
        if (names == NULL || template == NULL || !template_check(set, template, names)) {
            return report(set);
        }
        edition->templates[i] = template;
    }
    return true;
}

static bool open_edition(struct view *view, size_t language)
{
    struct edition *edition = &view->editions[language];
    *edition = (struct edition){.view = view, .language = language};
    if (!make_constants(edition)) {
        return false;
    }
    const struct template_set_settings pages = {.escape = TEMPLATE_HTML,
                                                .find_source = find_source,
                                                .find_word = find_word,
                                                .context = edition,
                                                .constants = edition->constants,
                                                .is_strict = true};
    struct template_set_settings plain = pages;
    plain.escape = TEMPLATE_PLAIN;
    edition->pages = template_set_open(view->arena, &pages);
    edition->plain = template_set_open(view->arena, &plain);
    return edition->pages != NULL && edition->plain != NULL && weave_templates(edition);
}

static bool no_source(void *context, struct text name, struct text *source)
{
    (void)context;
    (void)name;
    (void)source;
    return false;
}

// For phrases that are said alone, in plain text. They cannot name a template.
static struct template_set *open_phrases(const struct edition *edition, struct arena *arena)
{
    const struct template_set_settings settings = {.escape = TEMPLATE_PLAIN,
                                                   .find_source = no_source,
                                                   .constants = edition->constants,
                                                   .is_strict = true};
    return template_set_open(arena, &settings);
}

// The names that the phrase `key` may use where it is said alone; NULL where it is not.
static const char *const *names_of_phrase(const struct view *view, struct text key)
{
    const struct view_phrases *phrases = view->settings.phrases;
    while (phrases != NULL && phrases->prefix != NULL && !text_starts_with(key, text_from(phrases->prefix))) {
        phrases++;
    }
    return phrases == NULL || phrases->prefix == NULL ? NULL : phrases->names;
}

static bool can_be_said(void *context, struct text key, struct text phrase)
{
    const struct edition *edition = context;
    const char *const *names = names_of_phrase(edition->view, key);
    if (names == NULL || text_find_text(phrase, TEXT("{{")) == phrase.length) {
        return true;
    }
    struct template_set *set = open_phrases(edition, edition->view->arena);
    const struct template *template = set == NULL ? NULL : template_phrase(set, phrase);
    if (template != NULL && template_check(set, template, names)) {
        return true;
    }
    log_event(LOG_ERROR, "phrase is not understood",
              LOG_TEXT("language", languages_tag(edition->view->languages, edition->language)),
              LOG_TEXT("key", key),
              LOG_TEXT("reason", set == NULL ? TEXT("no memory") : template_set_fault(set)));
    return false;
}

struct view *view_open(struct arena *arena, const struct view_settings *settings)
{
    struct view *view = arena_take(arena, sizeof *view);
    if (view == NULL) {
        return NULL;
    }
    *view = (struct view){.arena = arena,
                          .settings = *settings,
                          .folders = {settings->settings->shop_folder, settings->settings->www_folder}};
    view->languages = languages_open(arena, view->folders, FOLDERS, settings->settings->shop_language);
    if (view->languages == NULL || !read_shop(view)) {
        return NULL;
    }
    size_t count = languages_count(view->languages);
    view->editions = arena_take(arena, count * sizeof *view->editions);
    for (size_t language = 0; language < count; language++) {
        if (view->editions == NULL || !open_edition(view, language) ||
            !languages_all(view->languages, language, can_be_said, &view->editions[language])) {
            return NULL;
        }
    }
    return view;
}

void view_render(const struct view *view, size_t language, const char *name, const struct value *data,
                 struct buffer *out)
{
    for (size_t i = 0; i < TEMPLATES_MAXIMUM && view->settings.templates[i].name != NULL; i++) {
        if (strcmp(view->settings.templates[i].name, name) == 0) {
            template_render(view->editions[language].templates[i], data, out);
            return;
        }
    }
    log_event(LOG_ERROR, "no such template", LOG_STRING("template", name));
    out->overflowed = true;
}

struct text view_phrase(const struct view *view, size_t language, const char *key, const struct value *data,
                        struct arena *arena)
{
    struct text phrase = {NULL, 0};
    if (!languages_word(view->languages, language, text_from(key), &phrase)) {
        log_event(LOG_ERROR, "no such word", LOG_STRING("key", key));
        return text_from(key);
    }
    if (text_find_text(phrase, TEXT("{{")) == phrase.length) {
        return phrase;
    }
    // Woven on the spot, in the request's arena: phrases with holes are few, and only failures say them.
    struct template_set *set = open_phrases(&view->editions[language], arena);
    const struct template *template = set == NULL ? NULL : template_phrase(set, phrase);
    const struct value nothing = {.kind = VALUE_NOTHING};
    struct buffer out = buffer_open(arena, PHRASE_MAXIMUM);
    if (template != NULL) {
        template_render(template, data == NULL ? &nothing : data, &out);
    }
    return buffer_text(&out);
}
