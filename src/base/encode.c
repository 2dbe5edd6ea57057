// See encode.h. Encoders and decoders work from the allowed set, never from a list of bad bytes.
#include "storefront/base/encode.h"

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

struct text encode_base64url(struct arena *arena, struct text bytes)
{
    size_t length = BASE64URL_LENGTH(bytes.length);
    char *characters = arena_take(arena, length);
    if (characters == NULL) {
        return (struct text){NULL, 0};
    }
    unsigned pending = 0;
    unsigned bits = 0;
    size_t at = 0;
    for (size_t i = 0; i < bytes.length; i++) {
        pending = (pending << 8 | (unsigned char)bytes.bytes[i]) & 0xffff;
        bits += 8;
        while (bits >= 6) {
            bits -= 6;
            characters[at++] = base64url[pending >> bits & 63];
        }
    }
    if (bits > 0) {
        characters[at] = base64url[pending << (6 - bits) & 63];
    }
    return (struct text){characters, length};
}

static int base64url_value(char character)
{
    const char *found = character == '\0' ? NULL : strchr(base64url, character);
    return found == NULL ? -1 : (int)(found - base64url);
}

bool decode_base64url(struct text characters, unsigned char *bytes, size_t size)
{
    if (characters.length != BASE64URL_LENGTH(size)) {
        return false;
    }
    unsigned pending = 0;
    unsigned bits = 0;
    size_t at = 0;
    for (size_t i = 0; i < characters.length; i++) {
        int value = base64url_value(characters.bytes[i]);
        if (value < 0) {
            return false;
        }
        pending = (pending << 6 | (unsigned)value) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[at++] = (unsigned char)(pending >> bits);
        }
    }
    return (pending & ((1U << bits) - 1)) == 0;
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

static bool may_stand_in_location(char byte)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-._~!$&'()*+,;=:@/?%";
    return byte != '\0' && strchr(allowed, byte) != NULL;
}

struct text encode_location(struct arena *arena, struct text text)
{
    struct buffer buffer = buffer_open(arena, text.length * 3);
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.bytes[i];
        if (may_stand_in_location((char)byte)) {
            buffer_add_byte(&buffer, (char)byte);
        } else {
            const char escape[] = {'%', hexadecimal[byte >> 4], hexadecimal[byte & 15]};
            buffer_add(&buffer, text_of(escape, sizeof escape));
        }
    }
    return buffer_text(&buffer);
}
