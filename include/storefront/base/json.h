// The door to jansson: strict JSON (RFC 8259) into a tree of values, and a tree of values into JSON. It
// promises that duplicate keys, zero bytes, invalid UTF-8 and nesting beyond a bound are refused. It knows no
// request and no page.
#ifndef STOREFRONT_BASE_JSON_H
#define STOREFRONT_BASE_JSON_H

#include "storefront/base/text.h"
#include "storefront/base/value.h"

// Reads `text` as one JSON value of at most `depth` levels of objects and lists into `value`, all of it
// copied into `arena`. False when it is not that; `fault` (may be NULL) then says where and why, without
// quoting the text. Without memory for the parser the arena fails.
bool json_read(struct arena *arena, struct text text, unsigned depth, struct value *value,
               struct text *fault);

// Adds `value` to `buffer` as JSON without spaces.
void json_write(struct buffer *buffer, const struct value *value);

#endif
