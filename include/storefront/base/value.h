// A tree of named values in an arena: what a JSON body says, what a template is filled with and what a JSON
// answer holds are the same thing. It promises order of insertion and unique names. It knows no JSON and no
// HTML.
#ifndef STOREFRONT_BASE_VALUE_H
#define STOREFRONT_BASE_VALUE_H

#include "storefront/base/text.h"

enum value_kind {
    VALUE_NOTHING, // null, or a name that was set to nothing
    VALUE_SWITCH,
    VALUE_NUMBER,
    VALUE_DECIMAL, // a number with a fraction or exponent; `text` holds its decimal form
    VALUE_TEXT,
    VALUE_LIST,
    VALUE_OBJECT
};

struct value_member;

struct value {
    enum value_kind kind;
    bool on;             // VALUE_SWITCH
    int64_t number;      // VALUE_NUMBER
    struct text text;    // VALUE_TEXT, VALUE_DECIMAL
    struct arena *arena; // VALUE_LIST, VALUE_OBJECT: where members live
    struct value_member *first, *last;
};

struct value_member {
    struct text name; // empty in a list
    struct value value;
    struct value_member *next;
};

// A new, empty object or list in `arena`; NULL when the arena fails. All functions below accept that NULL as
// a container and do nothing, so that a tree is built without a check at each step and arena_failed() asked
// once.
struct value *value_object(struct arena *arena);
struct value *value_list(struct arena *arena);

// Sets the member `name` of `object`, replacing one of the same name. Names and texts are not copied: they
// live as long as the tree.
void value_set(struct value *object, struct text name, struct value value);
void value_set_text(struct value *object, const char *name, struct text text);
void value_set_number(struct value *object, const char *name, int64_t number);
void value_set_switch(struct value *object, const char *name, bool on);

// Adds `value` at the end of `list`.
void value_add(struct value *list, struct value value);

// A value of its own.
struct value value_of_text(struct text text);
struct value value_of_number(int64_t number);
struct value value_of_switch(bool on);

// The member `name` of `object`, or NULL where there is none or `object` is NULL or no object.
const struct value *value_find(const struct value *object, struct text name);

#endif
