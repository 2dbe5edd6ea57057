// A mail as bytes (RFC 5322, MIME): text and HTML from templates. It promises pure ASCII lines of bounded
// length, that nothing but the settings and the code gets into it, and that no line end gets into a header.
// It refuses to know how mail travels.
#ifndef STOREFRONT_MAIL_MESSAGE_H
#define STOREFRONT_MAIL_MESSAGE_H

#include "storefront/base/settings.h"
#include "storefront/view/view.h"

#define MESSAGE_MAXIMUM ((size_t)256 * 1024)

// What a mail with a code says.
struct code_message {
    struct text id;        // 16 bytes: becomes the Message-ID
    struct text recipient; // mail address
    struct text code;      // digits
    int64_t minutes;       // that the code lives, at least 1
    int64_t written_at;    // seconds since 1970, for Date
};

// The templates of mails and the names that they may use, for view_open(); end with a row without a name, and
// NULL.
extern const struct view_template message_templates[];
extern const char *const message_names[];
extern const struct view_phrases message_phrases[]; // ends with a row without a prefix

// Writes the mail in `language` to `out`, with CRLF line ends.
void message_write_code(const struct view *view, const struct settings *settings, size_t language,
                        const struct code_message *message, struct buffer *out);

// Adds a header `name` with `value` as unstructured text: encoded words where it is not plain ASCII (RFC
// 2047), folded.
void message_add_header(struct buffer *out, struct text name, struct text value);

// Adds `content` in quoted-printable with CRLF line ends (RFC 2045, section 6.7).
void message_add_quoted(struct buffer *out, struct text content);

#endif
