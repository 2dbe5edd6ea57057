// See value.h. Objects are short (a page has tens of names), so a list that is searched from its front
// serves.
#include "storefront/base/value.h"

static struct value *container(struct arena *arena, enum value_kind kind)
{
    struct value *value = arena_take(arena, sizeof *value);
    if (value != NULL) {
        *value = (struct value){.kind = kind, .arena = arena};
    }
    return value;
}

struct value *value_object(struct arena *arena)
{
    return container(arena, VALUE_OBJECT);
}

struct value *value_list(struct arena *arena)
{
    return container(arena, VALUE_LIST);
}

static void append(struct value *parent, struct text name, struct value value)
{
    struct value_member *member = arena_take(parent->arena, sizeof *member);
    if (member == NULL) {
        return;
    }
    *member = (struct value_member){.name = name, .value = value};
    if (parent->last == NULL) {
        parent->first = member;
    } else {
        parent->last->next = member;
    }
    parent->last = member;
}

void value_set(struct value *object, struct text name, struct value value)
{
    if (object == NULL) {
        return;
    }
    for (struct value_member *member = object->first; member != NULL; member = member->next) {
        if (text_equals(member->name, name)) {
            member->value = value;
            return;
        }
    }
    append(object, name, value);
}

void value_set_text(struct value *object, const char *name, struct text text)
{
    value_set(object, text_from(name), value_of_text(text));
}

void value_set_number(struct value *object, const char *name, int64_t number)
{
    value_set(object, text_from(name), value_of_number(number));
}

void value_set_switch(struct value *object, const char *name, bool on)
{
    value_set(object, text_from(name), value_of_switch(on));
}

void value_add(struct value *list, struct value value)
{
    if (list != NULL) {
        append(list, (struct text){NULL, 0}, value);
    }
}

struct value value_of_text(struct text text)
{
    return (struct value){.kind = VALUE_TEXT, .text = text};
}

struct value value_of_number(int64_t number)
{
    return (struct value){.kind = VALUE_NUMBER, .number = number};
}

struct value value_of_switch(bool on)
{
    return (struct value){.kind = VALUE_SWITCH, .on = on};
}

const struct value *value_find(const struct value *object, struct text name)
{
    if (object == NULL || object->kind != VALUE_OBJECT) {
        return NULL;
    }
    for (const struct value_member *member = object->first; member != NULL; member = member->next) {
        if (text_equals(member->name, name)) {
            return &member->value;
        }
    }
    return NULL;
}
