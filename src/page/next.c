// See next.h. Browsers take a backslash for a slash and drop tabs and line ends, so what is judged is what
// could come of the text, decoded once and again.
#include "storefront/page/next.h"
#include "storefront/base/encode.h"

#define NEXT_MAXIMUM ((size_t)2000)
#define DECODINGS    3

static bool is_local(struct text path)
{
    if (path.length == 0 || path.bytes[0] != '/' ||
        (path.length > 1 && (path.bytes[1] == '/' || path.bytes[1] == '\\'))) {
        return false;
    }
    for (size_t i = 0; i < path.length; i++) {
        unsigned char byte = (unsigned char)path.bytes[i];
        unsigned char after = i + 1 < path.length ? (unsigned char)path.bytes[i + 1] : 0;
        // U+0080 to U+009F are control characters too.
        bool is_upper_control = byte == 0xc2 && after >= 0x80 && after <= 0x9f;
        if (byte < ' ' || byte == 0x7f || is_upper_control) {
            return false;
        }
    }
    return true;
}

struct text next_path(struct arena *arena, struct text wanted)
{
    struct text decoded = wanted;
    bool is_safe = wanted.length <= NEXT_MAXIMUM && is_local(wanted);
    for (int i = 0; i < DECODINGS && is_safe && text_find(decoded, '%') < decoded.length; i++) {
        // What cannot be decoded will not be decoded by a browser either.
        if (!decode_percent(arena, decoded, false, &decoded)) {
            break;
        }
        is_safe = is_local(decoded);
    }
    // Judged as it will come back: the page's form sends what it was given, encoded, and must not be refused.
    struct text path = is_safe ? encode_location(arena, wanted) : TEXT("/");
    return path.length <= NEXT_MAXIMUM ? path : TEXT("/");
}
