// Pages and mails in every language: templates and words, woven together at start, filled on request. It
// promises that what a template or phrase names is there, or the program does not start. It refuses to know
// what is being said.
#ifndef STOREFRONT_VIEW_VIEW_H
#define STOREFRONT_VIEW_VIEW_H

#include "storefront/base/settings.h"
#include "storefront/base/value.h"
#include "storefront/view/language.h"

// One template and the names that it may use. A name ending in .html is escaped for HTML, any other is plain
// text.
struct view_template {
    const char *name;         // file below templates/ or mail/, such as "register.html"
    const char *const *names; // ends with NULL; common names and those of settings come on top
};

// Phrases that are said alone, not in a template: those whose keys begin with `prefix`, and the names that
// they may use besides constants such as shop.name.
struct view_phrases {
    const char *prefix;
    const char *const *names; // ends with NULL
};

struct view_settings {
    const struct settings *settings;
    const char *folder;                    // "templates" or "mail"
    const struct view_template *templates; // ends with a row without a name
    const char *const *common_names;       // that every template may use; ends with NULL
    const struct view_phrases *phrases;    // ends with a row without a prefix; NULL: none is said alone
    bool needs_static;                     // pages link static files; mails do not
};

struct view;

// Reads, weaves and checks everything. NULL, with the reason logged, where anything is missing or foreign.
// All of it lives in `arena`.
struct view *view_open(struct arena *arena, const struct view_settings *settings);

// The languages that `view` speaks; they live as long as it does.
const struct languages *view_languages(const struct view *view);

// Fills the template `name` in `language` with `data` into `out`.
void view_render(const struct view *view, size_t language, const char *name, const struct value *data,
                 struct buffer *out);

// The phrase `key` in `language`, filled with `data` (may be NULL), as plain text in `arena`. The key itself
// where there is no such phrase.
struct text view_phrase(const struct view *view, size_t language, const char *key, const struct value *data,
                        struct arena *arena);

#endif
