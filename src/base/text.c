// See text.h. Views never allocate; buffers double in their arena up to their maximum.
#include "storefront/base/text.h"

#include <limits.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)256)
#define LONGEST_NUMBER ((size_t)20)
#define DECIMAL_BASE   10

struct text text_from(const char *string)
{
    return (struct text){string, string == NULL ? 0 : strlen(string)};
}

struct text text_of(const void *bytes, size_t length)
{
    return (struct text){bytes, length};
}

bool text_equals(struct text a, struct text b)
{
    // Most names differ in their first byte already, and are compared by the dozen.
    return a.length == b.length &&
           (a.length == 0 || (a.bytes[0] == b.bytes[0] && memcmp(a.bytes, b.bytes, a.length) == 0));
}

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

bool text_equals_ignoring_case(struct text a, struct text b)
{
    if (a.length != b.length) {
        return false;
    }
    for (size_t i = 0; i < a.length; i++) {
        if (lower(a.bytes[i]) != lower(b.bytes[i])) {
            return false;
        }
    }
    return true;
}

bool text_starts_with(struct text text, struct text prefix)
{
    return text.length >= prefix.length && text_equals(text_cut(text, 0, prefix.length), prefix);
}

struct text text_cut(struct text text, size_t offset, size_t length)
{
    if (offset >= text.length) {
        return (struct text){NULL, 0};
    }
    size_t rest = text.length - offset;
    return (struct text){text.bytes + offset, length < rest ? length : rest};
}

struct text text_after(struct text text, size_t offset)
{
    return text_cut(text, offset, SIZE_MAX);
}

size_t text_find(struct text text, char byte)
{
    const char *found = text.length == 0 ? NULL : memchr(text.bytes, byte, text.length);
    return found == NULL ? text.length : (size_t)(found - text.bytes);
}

size_t text_find_text(struct text text, struct text part)
{
    if (part.length == 0) {
        return 0;
    }
    const char *found = text.length == 0 ? NULL : memmem(text.bytes, text.length, part.bytes, part.length);
    return found == NULL ? text.length : (size_t)(found - text.bytes);
}

struct text text_next(struct text *rest, char separator)
{
    size_t end = text_find(*rest, separator);
    struct text piece = text_cut(*rest, 0, end);
    *rest = text_after(*rest, end + 1);
    return piece;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

struct text text_trim(struct text text)
{
    while (text.length > 0 && is_blank(text.bytes[0])) {
        text = text_after(text, 1);
    }
    while (text.length > 0 && is_blank(text.bytes[text.length - 1])) {
        text.length--;
    }
    return text;
}

bool text_to_number(struct text text, int64_t lowest, int64_t highest, int64_t *number)
{
    bool negative = text.length > 0 && text.bytes[0] == '-';
    struct text digits = negative ? text_after(text, 1) : text;
    if (digits.length == 0 || digits.length > LONGEST_NUMBER) {
        return false;
    }
    int64_t result = 0;
    for (size_t i = 0; i < digits.length; i++) {
        char digit = digits.bytes[i];
        if (digit < '0' || digit > '9' || __builtin_mul_overflow(result, DECIMAL_BASE, &result) ||
            __builtin_add_overflow(result, digit - '0', &result)) {
            return false;
        }
    }
    result = negative ? -result : result;
    if (result < lowest || result > highest) {
        return false;
    }
    *number = result;
    return true;
}

int64_t text_to_quality(struct text text)
{
    int64_t quality = 0;
    int64_t place = TEXT_QUALITY_FULL;
    struct text fraction = text;
    if (!text_to_number(text_next(&fraction, '.'), 0, 1, &quality)) {
        return 0;
    }
    quality *= TEXT_QUALITY_FULL;
    for (size_t i = 0; i < fraction.length; i++) {
        if (fraction.bytes[i] < '0' || fraction.bytes[i] > '9') {
            return 0;
        }
        place /= DECIMAL_BASE;
        quality += (fraction.bytes[i] - '0') * place;
    }
    return quality > TEXT_QUALITY_FULL ? TEXT_QUALITY_FULL : quality;
}

struct text text_copy(struct arena *arena, struct text text)
{
    char *bytes = text.length == 0 ? NULL : arena_take(arena, text.length);
    if (bytes == NULL) {
        return (struct text){NULL, 0};
    }
    memcpy(bytes, text.bytes, text.length);
    return (struct text){bytes, text.length};
}

char *text_string(struct arena *arena, struct text text)
{
    char *string = arena_take(arena, text.length + 1);
    if (string != NULL && text.length > 0) {
        memcpy(string, text.bytes, text.length);
    }
    return string;
}

struct text text_join(struct arena *arena, const struct text *parts, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        length += parts[i].length;
    }
    char *bytes = length == 0 ? NULL : arena_take(arena, length);
    if (bytes == NULL) {
        return (struct text){NULL, 0};
    }
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].length > 0) {
            memcpy(bytes + at, parts[i].bytes, parts[i].length);
            at += parts[i].length;
        }
    }
    return (struct text){bytes, length};
}

// Writes the digits of `number` to the end of `space` and returns the part that was written.
static struct text write_number(char space[static LONGEST_NUMBER], int64_t number)
{
    size_t at = LONGEST_NUMBER;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        space[--at] = (char)('0' + rest % DECIMAL_BASE);
        rest /= DECIMAL_BASE;
    } while (rest > 0);
    if (number < 0) {
        space[--at] = '-';
    }
    return text_of(space + at, LONGEST_NUMBER - at);
}

struct text text_number(struct arena *arena, int64_t number)
{
    char space[LONGEST_NUMBER];
    return text_copy(arena, write_number(space, number));
}

struct buffer buffer_open(struct arena *arena, size_t maximum)
{
    return (struct buffer){.arena = arena, .maximum = maximum};
}

static bool grow(struct buffer *buffer, size_t more)
{
    if (buffer->overflowed || more > buffer->maximum - buffer->length) {
        buffer->overflowed = true;
        return false;
    }
    size_t needed = buffer->length + more;
    size_t capacity = buffer->capacity == 0 ? FIRST_CAPACITY : buffer->capacity;
    while (capacity < needed) {
        capacity *= 2;
    }
    capacity = capacity > buffer->maximum ? buffer->maximum : capacity;
    char *bytes = arena_take(buffer->arena, capacity);
    if (bytes == NULL) {
        buffer->overflowed = true;
        return false;
    }
    if (buffer->length > 0) {
        memcpy(bytes, buffer->bytes, buffer->length);
    }
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

// Makes room for `more` bytes behind what is there; false, and the mark set, where that cannot be. A page is
// hundreds of pieces, nearly all of which find room.
static inline bool has_room(struct buffer *buffer, size_t more)
{
    return (!buffer->overflowed && more <= buffer->capacity - buffer->length) || grow(buffer, more);
}

void buffer_expect(struct buffer *buffer, size_t length)
{
    (void)has_room(buffer, length);
}

void buffer_add(struct buffer *buffer, struct text text)
{
    if (text.length > 0 && has_room(buffer, text.length)) {
        memcpy(buffer->bytes + buffer->length, text.bytes, text.length);
        buffer->length += text.length;
    }
}

void buffer_add_byte(struct buffer *buffer, char byte)
{
    if (has_room(buffer, 1)) {
        buffer->bytes[buffer->length++] = byte;
    }
}

void buffer_add_number(struct buffer *buffer, int64_t number)
{
    char space[LONGEST_NUMBER];
    buffer_add(buffer, write_number(space, number));
}

static void add_json_escape(struct buffer *buffer, unsigned code)
{
    static const char digits[] = "0123456789abcdef";
    const char escape[] = {'\\',
                           'u',
                           digits[code >> 12 & 15],
                           digits[code >> 8 & 15],
                           digits[code >> 4 & 15],
                           digits[code & 15]};
    buffer_add(buffer, text_of(escape, sizeof escape));
}

// Printable bytes that JSON escapes, or that shall not stand in a script in HTML; the last one begins the
// line separators, which JavaScript knows.
static const bool is_escaped_in_json[UCHAR_MAX + 1] = {
    ['"'] = true, ['\\'] = true, ['<'] = true, ['>'] = true, ['&'] = true, [0x7f] = true, [0xe2] = true,
};

// How many bytes at the front of `text` may stand in a JSON string as they are.
static size_t plain_length(struct text text)
{
    size_t i = 0;
    while (i < text.length) {
        unsigned char byte = (unsigned char)text.bytes[i];
        if (byte < ' ' || is_escaped_in_json[byte]) {
            break;
        }
        i++;
    }
    return i;
}

void buffer_add_json_string(struct buffer *buffer, struct text text)
{
    const unsigned line_separator = 0x2028;
    buffer_add_byte(buffer, '"');
    while (text.length > 0) {
        size_t plain = plain_length(text);
        buffer_add(buffer, text_cut(text, 0, plain));
        text = text_after(text, plain);
        if (text.length == 0) {
            break;
        }
        unsigned char byte = (unsigned char)text.bytes[0];
        if (text_starts_with(text, TEXT("\xe2\x80\xa8")) || text_starts_with(text, TEXT("\xe2\x80\xa9"))) {
            add_json_escape(buffer, line_separator + (unsigned)(text.bytes[2] & 1));
            text = text_after(text, 3);
            continue;
        }
        if (byte == '"' || byte == '\\') {
            buffer_add_byte(buffer, '\\');
            buffer_add_byte(buffer, (char)byte);
        } else if (byte == 0xe2) {
            buffer_add_byte(buffer, (char)byte);
        } else {
            add_json_escape(buffer, byte);
        }
        text = text_after(text, 1);
    }
    buffer_add_byte(buffer, '"');
}

struct text buffer_text(const struct buffer *buffer)
{
    return (struct text){buffer->bytes, buffer->length};
}
