// Text that knows its length. `struct text` is a view of bytes that somebody else keeps, without a final
// zero; `struct buffer` collects bytes in an arena and is born with its maximum. Neither promises that the
// bytes are UTF-8 (unicode.h does) and neither knows what the text means.
#ifndef STOREFRONT_BASE_TEXT_H
#define STOREFRONT_BASE_TEXT_H

#include "storefront/base/arena.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    const char *bytes; // not owned; may be NULL when length is 0
    size_t length;     // in bytes
};

// A view of a string literal.
#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})

// A view of the C string `string`, or empty text for NULL.
struct text text_from(const char *string);

// A view of `length` bytes at `bytes`.
struct text text_of(const void *bytes, size_t length);

// Equality byte for byte; of lengths first, so that a prefix is never equal. Not for secrets: see
// secret_equals().
bool text_equals(struct text a, struct text b);

// Equality without regard to the case of ASCII letters.
bool text_equals_ignoring_case(struct text a, struct text b);

// True when `text` begins with `prefix`.
bool text_starts_with(struct text text, struct text prefix);

// The part of `text` from `offset` on, at most `length` bytes; both are cut to what there is.
struct text text_cut(struct text text, size_t offset, size_t length);

// The part of `text` behind `offset`.
struct text text_after(struct text text, size_t offset);

// The index of the first `byte` in `text`, or text.length when there is none.
size_t text_find(struct text text, char byte);

// The index of the first occurrence of `part` in `text`, or text.length when there is none.
size_t text_find_text(struct text text, struct text part);

// Takes from `*rest` the piece up to the next `separator`, moves `*rest` behind it, and returns the piece.
// When no separator is left, the piece is all of `*rest`, which becomes empty.
struct text text_next(struct text *rest, char separator);

// `text` without the spaces, tabs and line ends at both ends.
struct text text_trim(struct text text);

// Reads `text` as a decimal whole number within `lowest` and `highest` into `number`; false, and `number`
// untouched, for anything else: signs other than a leading minus, spaces and overlong numbers included.
bool text_to_number(struct text text, int64_t lowest, int64_t highest, int64_t *number);

#define TEXT_QUALITY_FULL 1000

// `text` as a quality value (RFC 9110, section 12.4.2), such as 0.75, in thousandths; what is beyond the
// third place counts for nothing, more than one is one, and what is none is 0.
int64_t text_to_quality(struct text text);

// A copy of `text` in `arena`; empty when the arena fails.
struct text text_copy(struct arena *arena, struct text text);

// A copy of `text` in `arena` as a C string; NULL when the arena fails. Bytes behind a zero in `text` are
// lost to functions of C, so only for text that is known to hold none.
char *text_string(struct arena *arena, struct text text);

// All `count` parts behind one another, in `arena`; empty when the arena fails.
struct text text_join(struct arena *arena, const struct text *parts, size_t count);

// The decimal form of `number` in `arena`.
struct text text_number(struct arena *arena, int64_t number);

struct buffer {
    struct arena *arena; // where the bytes live
    char *bytes;
    size_t length;
    size_t capacity;
    size_t maximum;  // in bytes; more is refused
    bool overflowed; // sticks: set when anything was refused
};

// An empty buffer in `arena` that takes at most `maximum` bytes.
struct buffer buffer_open(struct arena *arena, size_t maximum);

// Makes room for `length` more bytes at once, where they are known to come.
void buffer_expect(struct buffer *buffer, size_t length);

// Adds `text`; where it does not fit, nothing is added and the buffer is marked as overflowed.
void buffer_add(struct buffer *buffer, struct text text);

// Adds one byte, under the same rule.
void buffer_add_byte(struct buffer *buffer, char byte);

// Adds the decimal form of `number`.
void buffer_add_number(struct buffer *buffer, int64_t number);

// Adds `text` as a JSON string with its quotes (RFC 8259, section 7); `<`, `>`, `&` and the line separators
// that JavaScript minds are escaped too. The text must be UTF-8.
void buffer_add_json_string(struct buffer *buffer, struct text text);

// What the buffer holds, as a view that is good until the next addition.
struct text buffer_text(const struct buffer *buffer);

#endif
