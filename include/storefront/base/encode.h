// Bytes as printable text and back: hexadecimal, base64url without padding (RFC 4648, section 5),
// percent-decoding. It promises that decoders accept exactly what the encoders produce, in one form only. It
// knows no secrets' meaning.
#ifndef STOREFRONT_BASE_ENCODE_H
#define STOREFRONT_BASE_ENCODE_H

#include "storefront/base/text.h"

// `bytes` in lower-case hexadecimal, in `arena`.
struct text encode_hexadecimal(struct arena *arena, struct text bytes);

// Reads hexadecimal digits of either case into exactly `size` bytes at `bytes`; false for any other length or
// digit.
bool decode_hexadecimal(struct text digits, unsigned char *bytes, size_t size);

// `bytes` in base64url without padding, in `arena`.
struct text encode_base64url(struct arena *arena, struct text bytes);

// Reads base64url without padding into exactly `size` bytes at `bytes`; false for any other length, for a
// foreign character and for bits that an encoder would not have set, so that one value has one form.
bool decode_base64url(struct text characters, unsigned char *bytes, size_t size);

// Number of characters of base64url for `size` bytes.
#define BASE64URL_LENGTH(size) (((size)*4 + 2) / 3)

// Decodes `%XX` in `text` (RFC 3986, section 2.1), and `+` as a space where `plus_is_space`, into `arena`.
// False for a `%` that is not followed by two hexadecimal digits.
bool decode_percent(struct arena *arena, struct text text, bool plus_is_space, struct text *decoded);

// `text` with every byte percent-encoded that RFC 3986 does not allow in a path or query as it stands;
// existing `%XX` stay. The result is printable ASCII.
struct text encode_location(struct arena *arena, struct text text);

// `text` as the value of a name in a query: decode_percent() with `plus_is_space` makes `text` of it again.
// The result is printable ASCII, without `&` and quotes: it needs no escape in HTML.
struct text encode_query_value(struct arena *arena, struct text text);

#endif
