// See unicode.h. utf8proc allocates its results with malloc; they are copied into the arena, wiped and freed
// at once.
#include "storefront/base/unicode.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define REPLACEMENT_CHARACTER 0xfffd

// The code point at the front of `text` and its length in bytes; 0 bytes where it is not well-formed.
static size_t decode(struct text text, int32_t *code_point)
{
    utf8proc_ssize_t length =
        utf8proc_iterate((const utf8proc_uint8_t *)text.bytes, (utf8proc_ssize_t)text.length, code_point);
    return length > 0 ? (size_t)length : 0;
}

// How many bytes at the front of `text` are ASCII, but not zero.
static size_t ascii_length(struct text text)
{
    const signed char *bytes = (const signed char *)text.bytes;
    size_t length = 0;
    while (length < text.length && bytes[length] > 0) {
        length++;
    }
    return length;
}

bool unicode_is_valid(struct text text)
{
    for (text = text_after(text, ascii_length(text)); text.length > 0;
         text = text_after(text, ascii_length(text))) {
        int32_t code_point = 0;
        size_t length = decode(text, &code_point);
        if (length == 0 || code_point == 0) {
            return false;
        }
        text = text_after(text, length);
    }
    return true;
}

size_t unicode_count(struct text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++) {
        count += ((unsigned char)text.bytes[i] & 0xc0) != 0x80;
    }
    return count;
}

int32_t unicode_next(struct text *rest)
{
    int32_t code_point = 0;
    size_t length = decode(*rest, &code_point);
    if (length == 0) {
        *rest = text_after(*rest, 1);
        return REPLACEMENT_CHARACTER;
    }
    *rest = text_after(*rest, length);
    return code_point;
}

static bool is_direction_override(int32_t code_point)
{
    return (code_point >= 0x202a && code_point <= 0x202e) || (code_point >= 0x2066 && code_point <= 0x2069);
}

static bool is_noncharacter(int32_t code_point)
{
    return (code_point & 0xfffe) == 0xfffe || (code_point >= 0xfdd0 && code_point <= 0xfdef);
}

// A code point that is not assigned yet, as far as the library knows, is nothing special: a newer letter or
// emoji.
static enum unicode_class class_of_category(utf8proc_propval_t category)
{
    switch (category) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
        return UNICODE_LETTER;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
        return UNICODE_MARK;
    case UTF8PROC_CATEGORY_ND:
        return UNICODE_DIGIT;
    case UTF8PROC_CATEGORY_ZS:
        return UNICODE_SPACE;
    case UTF8PROC_CATEGORY_PD:
        return UNICODE_DASH;
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return UNICODE_CONTROL;
    default:
        return UNICODE_OTHER;
    }
}

enum unicode_class unicode_classify(int32_t code_point)
{
    const utf8proc_property_t *property = utf8proc_get_property(code_point);
    if (is_direction_override(code_point) || is_noncharacter(code_point)) {
        return UNICODE_CONTROL;
    }
    if (property->ignorable) {
        return UNICODE_INVISIBLE;
    }
    return class_of_category(property->category);
}

bool unicode_is_white(int32_t code_point)
{
    return (code_point >= '\t' && code_point <= '\r') || code_point == 0x85 || code_point == 0x2028 ||
           code_point == 0x2029 || unicode_classify(code_point) == UNICODE_SPACE;
}

struct text unicode_trim(struct text text)
{
    struct text rest = text;
    bool inside = false;
    size_t start = text.length;
    size_t end = 0;
    while (rest.length > 0) {
        struct text behind = rest;
        if (!unicode_is_white(unicode_next(&rest))) {
            start = inside ? start : text.length - behind.length;
            inside = true;
            end = text.length - rest.length;
        }
    }
    return inside ? text_cut(text, start, end - start) : text_cut(text, 0, 0);
}

static struct text map(struct arena *arena, struct text text, utf8proc_option_t options)
{
    utf8proc_uint8_t *mapped = NULL;
    utf8proc_ssize_t length =
        utf8proc_map((const utf8proc_uint8_t *)text.bytes, (utf8proc_ssize_t)text.length, &mapped, options);
    struct text result = {NULL, 0};
    if (length == UTF8PROC_ERROR_NOMEM) {
        arena_fail(arena);
    }
    if (length > 0) {
        result = text_copy(arena, text_of(mapped, (size_t)length));
        explicit_bzero(mapped, (size_t)length);
    }
    free(mapped);
    return result;
}

struct text unicode_normalise(struct arena *arena, struct text text)
{
    return map(arena, text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
}

// Normal first: folding turns the mark U+0345 into a letter, behind which other marks keep the order they
// came in.
struct text unicode_fold(struct arena *arena, struct text text)
{
    return map(arena, unicode_normalise(arena, text),
               UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
}

// Letters, digits and hyphens, in labels that are not empty.
static bool is_host_name(struct text name)
{
    bool begins_label = true;
    for (size_t i = 0; i < name.length; i++) {
        char byte = name.bytes[i];
        bool is_sign = byte == '-' || (byte >= '0' && byte <= '9');
        if (byte == '.' ? begins_label : !is_sign && (byte < 'a' || byte > 'z')) {
            return false;
        }
        begins_label = byte == '.';
    }
    return !begins_label;
}

struct text unicode_domain(struct arena *arena, struct text text)
{
    const char *name = text_string(arena, text);
    uint8_t *ascii = NULL;
    struct text result = {NULL, 0};
    if (name == NULL) {
        return result;
    }
    // Not with IDN2_USE_STD3_ASCII_RULES: it drops foreign characters instead of refusing them.
    int fault = idn2_lookup_u8((const uint8_t *)name, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (fault == IDN2_MALLOC) {
        arena_fail(arena);
    }
    if (fault == IDN2_OK && is_host_name(text_from((const char *)ascii))) {
        result = text_copy(arena, text_from((const char *)ascii));
    }
    idn2_free(ascii);
    return result;
}
