// Mustache (the specification's comments, interpolation, sections, inverted sections and partials), parsed
// once and filled often. It promises that values are escaped for HTML unless a template says otherwise in so
// many braces. It refuses to know where templates, words and values come from.
#ifndef STOREFRONT_VIEW_TEMPLATE_H
#define STOREFRONT_VIEW_TEMPLATE_H

#include "storefront/base/text.h"
#include "storefront/base/value.h"

enum template_escape { TEMPLATE_HTML, TEMPLATE_PLAIN };

// Finds what a template names: false where there is nothing of that name. `found` lives as long as the set.
typedef bool template_finder(void *context, struct text name, struct text *found);

struct template_set_settings {
    enum template_escape escape;  // what {{name}} does to a value; {{{name}}} and {{&name}} never escape
    template_finder *find_source; // the source of a template or partial
    template_finder
        *find_word; // the phrase, itself Mustache, that stands for {{words.key}}; NULL: no such names
    void *context;  // handed to both
    const struct value *constants; // an object that lives as long as the set and never changes: what it holds
                                   // is woven in, and goes before data of the same name; may be NULL
    bool is_strict;                // a partial or word that is not found is a fault; else it is nothing
};

struct template_set;
struct template;

// A set in `arena`, whose templates live as long as the arena; NULL when it fails.
struct template_set *template_set_open(struct arena *arena, const struct template_set_settings *settings);

// The template `name`, parsed with everything that it names. NULL where that fails; template_set_fault() says
// why.
const struct template *template_find(struct template_set *set, struct text name);

// Parses the phrase `source`, which lives as long as the set, as a template of its own, its literal parts
// escaped like values.
const struct template *template_phrase(struct template_set *set, struct text source);

// Why the last call failed, for an operator: template, line, reason.
struct text template_set_fault(const struct template_set *set);

// Checks that `template` and its partials use only constants and `names`, an array that ends with NULL;
// inside a section of the name "list", the name "list.item" allows {{item}}. On failure template_set_fault()
// names the first foreign one.
bool template_check(struct template_set *set, const struct template *template, const char *const *names);

// Fills `template` with `data` into `out`.
void template_render(const struct template *template, const struct value *data, struct buffer *out);

#endif
