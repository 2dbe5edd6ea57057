// FastCGI records as a web server writes and reads them (FastCGI 1.0, section 3). It promises to take nothing
// for an answer that is not one. It refuses to know what requests say.
#ifndef STOREFRONT_TESTS_FUZZ_RECORDS_H
#define STOREFRONT_TESTS_FUZZ_RECORDS_H

#include "support.h"

enum record_type {
    RECORD_BEGIN = 1,
    RECORD_END = 3,
    RECORD_PARAMETERS = 4,
    RECORD_BODY = 5,
    RECORD_ANSWER = 6
};

#define RECORD_HEADER ((size_t)8)

static inline void record_add(struct buffer *out, enum record_type type, struct text content)
{
    const char header[] = {1, (char)type, 0, 1, (char)(content.length >> 8), (char)content.length, 0, 0};
    buffer_add(out, text_of(header, sizeof header));
    buffer_add(out, content);
}

// `content` in records of at most `size` bytes, and the empty one that ends it.
static inline void record_add_stream(struct buffer *out, enum record_type type, struct text content,
                                     size_t size)
{
    while (content.length > 0) {
        record_add(out, type, text_cut(content, 0, size));
        content = text_after(content, size);
    }
    record_add(out, type, content);
}

static inline void record_add_length(struct buffer *out, size_t length)
{
    const char bytes[] = {(char)(length >> 24 | 0x80), (char)(length >> 16), (char)(length >> 8),
                          (char)length};
    buffer_add(out, length < 128 ? text_of(bytes + 3, 1) : text_of(bytes, 4));
}

static inline void record_add_pair(struct buffer *out, struct text name, struct text value)
{
    record_add_length(out, name.length);
    record_add_length(out, value.length);
    buffer_add(out, name);
    buffer_add(out, value);
}

static inline void record_add_begin(struct buffer *out)
{
    static const char responder[] = {0, 1, 0, 0, 0, 0, 0, 0};
    record_add(out, RECORD_BEGIN, text_of(responder, sizeof responder));
}

// Takes one answer off the front of `*rest`: what was written, in `out`. False where there is no whole one.
static inline bool record_take_answer(struct text *rest, struct buffer *out)
{
    while (rest->length >= RECORD_HEADER) {
        const unsigned char *header = (const unsigned char *)rest->bytes;
        size_t length = (size_t)header[4] << 8 | header[5];
        size_t padding = header[6];
        promise(header[0] == 1);
        if (rest->length < RECORD_HEADER + length + padding) {
            return false;
        }
        if (header[1] == RECORD_ANSWER) {
            buffer_add(out, text_cut(*rest, RECORD_HEADER, length));
        }
        *rest = text_after(*rest, RECORD_HEADER + length + padding);
        if (header[1] == RECORD_END) {
            return true;
        }
    }
    return false;
}

#endif
