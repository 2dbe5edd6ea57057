// See encode.h. Encoders and decoders work from the allowed set, never from a list of bad bytes.
#include "storefront/base/encode.h"

#include <limits.h>
#include <string.h>

static const char hexadecimal[] = "0123456789abcdef";
static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct text encode_hexadecimal(struct arena *arena, struct text bytes)
{
    char *digits = arena_take(arena, bytes.length * 2);
    if (digits == NULL) {
        return (struct text){NULL, 0};
    }
    for (size_t i = 0; i < bytes.length; i++) {
        unsigned char byte = (unsigned char)bytes.bytes[i];
        digits[2 * i] = hexadecimal[byte >> 4];
        digits[2 * i + 1] = hexadecimal[byte & 15];
    }
    return (struct text){digits, bytes.length * 2};
}

// The value of a hexadecimal digit, or -1.
static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

bool decode_hexadecimal(struct text digits, unsigned char *bytes, size_t size)
{
    if (digits.length != size * 2) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        int high = digit_value(digits.bytes[2 * i]);
        int low = digit_value(digits.bytes[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        bytes[i] = (unsigned char)(high * 16 + low);
    }
    return true;
}

// The characters of up to three bytes: one more than there are bytes.
static void encode_group(const unsigned char *bytes, size_t count, char *characters)
{
    unsigned group = (unsigned)bytes[0] << 16;
    group |= count > 1 ? (unsigned)bytes[1] << 8 : 0;
    group |= count > 2 ? bytes[2] : 0;
    for (size_t i = 0; i <= count; i++) {
        characters[i] = base64url[group >> (18 - 6 * i) & 63];
    }
}

struct text encode_base64url(struct arena *arena, struct text bytes)
{
    size_t length = BASE64URL_LENGTH(bytes.length);
    char *characters = arena_take(arena, length);
    if (characters == NULL) {
        return (struct text){NULL, 0};
    }
    const unsigned char *from = (const unsigned char *)bytes.bytes;
    size_t whole = bytes.length / 3;
    for (size_t i = 0; i < whole; i++) {
        encode_group(from + 3 * i, 3, characters + 4 * i);
    }
    if (bytes.length % 3 > 0) {
        encode_group(from + 3 * whole, bytes.length % 3, characters + 4 * whole);
    }
    return (struct text){characters, length};
}

// One more than the value of a base64url character; 0 for what is none.
static const unsigned char base64url_value[UCHAR_MAX + 1] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

// The bytes of two to four characters: one less than there are characters. False for a character that is
// none, and where bits are left over that are not zero.
static bool decode_group(const char *characters, size_t count, unsigned char *bytes)
{
    unsigned group = 0;
    bool are_characters = true;
    for (size_t i = 0; i < count; i++) {
        unsigned value = base64url_value[(unsigned char)characters[i]];
        are_characters = are_characters && value > 0;
        group |= (value - 1) << (18 - 6 * i);
    }
    for (size_t i = 0; i + 1 < count; i++) {
        bytes[i] = (unsigned char)(group >> (16 - 8 * i));
    }
    return are_characters && (group & ((1U << (32 - 8 * count)) - 1)) == 0;
}

bool decode_base64url(struct text characters, unsigned char *bytes, size_t size)
{
    if (characters.length != BASE64URL_LENGTH(size)) {
        return false;
    }
    size_t whole = size / 3;
    for (size_t i = 0; i < whole; i++) {
        if (!decode_group(characters.bytes + 4 * i, 4, bytes + 3 * i)) {
            return false;
        }
    }
    return size % 3 == 0 || decode_group(characters.bytes + 4 * whole, size % 3 + 1, bytes + 3 * whole);
}

bool decode_percent(struct arena *arena, struct text text, bool plus_is_space, struct text *decoded)
{
    char *bytes = arena_take(arena, text.length);
    if (bytes == NULL) {
        return false;
    }
    size_t at = 0;
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.bytes[i];
        if (byte == '%') {
            unsigned char value = 0;
            if (!decode_hexadecimal(text_cut(text, i + 1, 2), &value, 1)) {
                return false;
            }
            byte = (char)value;
            i += 2;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        bytes[at++] = byte;
    }
    *decoded = (struct text){bytes, at};
    return true;
}

#define UNRESERVED "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"

// `text` with every byte percent-encoded that is not among `allowed`.
static struct text encode_percent(struct arena *arena, struct text text, const char *allowed)
{
    struct buffer buffer = buffer_open(arena, text.length * 3);
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.bytes[i];
        if (byte != '\0' && strchr(allowed, byte) != NULL) {
            buffer_add_byte(&buffer, (char)byte);
        } else {
            const char escape[] = {'%', hexadecimal[byte >> 4], hexadecimal[byte & 15]};
            buffer_add(&buffer, text_of(escape, sizeof escape));
        }
    }
    return buffer_text(&buffer);
}

struct text encode_location(struct arena *arena, struct text text)
{
    return encode_percent(arena, text, UNRESERVED "!$&'()*+,;=:@/?%#");
}

struct text encode_query_value(struct arena *arena, struct text text)
{
    return encode_percent(arena, text, UNRESERVED "!$()*,;=:@/?");
}
