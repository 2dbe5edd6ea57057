// See json.h. jansson parses into its own tree; it is copied into the arena and given back at once, so no
// json_t outlives a call.
#include "storefront/base/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// jansson looks at every refusal of memory but one: where the room for a word cannot grow, it drops the byte
// that made it too small, and copies a string whose closing quote that was far beyond its end. So the first
// refusal is answered from a reserve which that growth fits into, and the text ends there: nothing grows any
// more.
static struct {
    void *reserve; // NULL when it was given away
    size_t size;
    bool is_short; // something was refused
} memory;

// What jansson has not been given yet, byte by byte.
static size_t next_byte(void *room, size_t size, void *context)
{
    struct text *rest = context;
    if (memory.is_short || size == 0 || rest->length == 0) {
        return 0;
    }
    *(char *)room = rest->bytes[0];
    *rest = text_after(*rest, 1);
    return 1;
}

static bool copy_value(struct arena *arena, const json_t *json, unsigned depth, struct value *value);

// Before each piece stands how long it is: what jansson read may have been a password, and is wiped.
struct piece {
    alignas(max_align_t) size_t size;
    alignas(max_align_t) char bytes[];
};

static void *begin(struct piece *piece, size_t size)
{
    if (piece == NULL) {
        return NULL;
    }
    piece->size = size;
    return piece->bytes;
}

static void *allocate(size_t size)
{
    struct piece *piece = malloc(sizeof *piece + size);
    if (piece == NULL) {
        memory.is_short = true;
        if (size <= memory.size) {
            piece = memory.reserve;
            memory.reserve = NULL;
            memory.size = 0;
        }
    }
    return begin(piece, size);
}

static void wipe(void *bytes)
{
    if (bytes != NULL) {
        struct piece *piece = (struct piece *)((char *)bytes - offsetof(struct piece, bytes));
        explicit_bzero(piece->bytes, piece->size);
        free(piece);
    }
}

static struct text copy_text(struct arena *arena, const char *bytes, size_t length)
{
    return text_copy(arena, text_of(bytes, length));
}

// Members are appended by hand: jansson has refused duplicates, and value_set() would search for them once
// more.
static bool append_copy(struct value *parent, struct text name, const json_t *json, unsigned depth)
{
    struct value_member *member = arena_take(parent->arena, sizeof *member);
    if (member == NULL || !copy_value(parent->arena, json, depth, &member->value)) {
        return false;
    }
    member->name = name;
    if (parent->last == NULL) {
        parent->first = member;
    } else {
        parent->last->next = member;
    }
    parent->last = member;
    return true;
}

static bool copy_object(struct arena *arena, const json_t *json, unsigned depth, struct value *value)
{
    *value = (struct value){.kind = VALUE_OBJECT, .arena = arena};
    // jansson's iterators take a json_t that is not const though they change nothing.
    json_t *object = (json_t *)(uintptr_t)json;
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        struct text name = copy_text(arena, json_object_iter_key(at), json_object_iter_key_len(at));
        if (!append_copy(value, name, json_object_iter_value(at), depth - 1)) {
            return false;
        }
    }
    return true;
}

static bool copy_list(struct arena *arena, const json_t *json, unsigned depth, struct value *value)
{
    *value = (struct value){.kind = VALUE_LIST, .arena = arena};
    for (size_t i = 0; i < json_array_size(json); i++) {
        if (!append_copy(value, (struct text){NULL, 0}, json_array_get(json, i), depth - 1)) {
            return false;
        }
    }
    return true;
}

static struct value copy_real(struct arena *arena, double real)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%.15g", real);
    struct value value = {.kind = VALUE_DECIMAL};
    value.text = copy_text(arena, digits, length > 0 ? (size_t)length : 0);
    return value;
}

static bool copy_value(struct arena *arena, const json_t *json, unsigned depth, struct value *value)
{
    if ((json_is_object(json) || json_is_array(json)) && depth == 0) {
        return false;
    }
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return copy_object(arena, json, depth, value);
    case JSON_ARRAY:
        return copy_list(arena, json, depth, value);
    case JSON_STRING:
        *value = value_of_text(copy_text(arena, json_string_value(json), json_string_length(json)));
        return true;
    case JSON_INTEGER:
        *value = value_of_number(json_integer_value(json));
        return true;
    case JSON_REAL:
        *value = copy_real(arena, json_real_value(json));
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        *value = value_of_switch(json_is_true(json));
        return true;
    case JSON_NULL:
        *value = (struct value){.kind = VALUE_NOTHING};
        return true;
    }
    return false;
}

// jansson's own messages quote the text near the fault, which may be a password: only the place is passed on.
static struct text describe(struct arena *arena, const json_error_t *error)
{
    const struct text parts[] = {TEXT("line "), text_number(arena, error->line), TEXT(", column "),
                                 text_number(arena, error->column)};
    return text_join(arena, parts, sizeof parts / sizeof *parts);
}

static json_t *parse(struct text text, json_error_t *error)
{
    // The room for a word begins with 16 bytes and doubles when one of the text's no longer fits.
    memory.size = 2 * text.length + 64;
    memory.reserve = malloc(sizeof(struct piece) + memory.size);
    memory.is_short = memory.reserve == NULL;
    json_set_alloc_funcs(allocate, wipe);
    json_t *json = memory.is_short ? NULL
                                   : json_load_callback(next_byte, &text,
                                                        JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, error);
    free(memory.reserve);
    memory.reserve = NULL;
    memory.size = 0;
    return json;
}

bool json_read(struct arena *arena, struct text text, unsigned depth, struct value *value, struct text *fault)
{
    json_error_t error = {0};
    json_t *json = parse(text, &error);
    if (memory.is_short) {
        arena_fail(arena);
    }
    if (json == NULL) {
        if (fault != NULL) {
            *fault = describe(arena, &error);
        }
        return false;
    }
    bool done = copy_value(arena, json, depth, value) && !arena_failed(arena);
    if (!done && fault != NULL) {
        *fault = TEXT("nested too deep");
    }
    json_decref(json);
    return done;
}

static void write_members(struct buffer *buffer, const struct value *value)
{
    bool is_object = value->kind == VALUE_OBJECT;
    buffer_add_byte(buffer, is_object ? '{' : '[');
    for (const struct value_member *member = value->first; member != NULL; member = member->next) {
        if (member != value->first) {
            buffer_add_byte(buffer, ',');
        }
        if (is_object) {
            buffer_add_json_string(buffer, member->name);
            buffer_add_byte(buffer, ':');
        }
        json_write(buffer, &member->value);
    }
    buffer_add_byte(buffer, is_object ? '}' : ']');
}

void json_write(struct buffer *buffer, const struct value *value)
{
    switch (value->kind) {
    case VALUE_NOTHING:
        buffer_add(buffer, TEXT("null"));
        break;
    case VALUE_SWITCH:
        buffer_add(buffer, value->on ? TEXT("true") : TEXT("false"));
        break;
    case VALUE_NUMBER:
        buffer_add_number(buffer, value->number);
        break;
    case VALUE_DECIMAL:
        buffer_add(buffer, value->text);
        break;
    case VALUE_TEXT:
        buffer_add_json_string(buffer, value->text);
        break;
    case VALUE_LIST:
    case VALUE_OBJECT:
        write_members(buffer, value);
        break;
    }
}
