// See message.h.
#include "storefront/mail/message.h"
#include "storefront/base/clock.h"
#include "storefront/base/encode.h"
#include "storefront/base/unicode.h"

#define LINE_MAXIMUM ((size_t)76)
#define ENCODED_WORD_MAXIMUM                                                                                 \
    ((size_t)39) // bytes of text in one encoded word: behind "Subject: " it fits a line
#define PLAIN_WORD_MAXIMUM ((size_t)60) // longer ones are encoded, which can be cut into lines
#define CODE_PATH          "/register/verify/"

static const char *const code_names[] = {"language", "code", "minutes", "is_last_minute", "address", NULL};

const struct view_template message_templates[] = {
    {"code.txt", code_names}, {"code.html", code_names}, {NULL, NULL}};

const char *const message_names[] = {NULL};

const struct view_phrases message_phrases[] = {{"mail.", code_names}, {NULL, NULL}};

// Whether `value` may stand in a header as it is: printable, in words that fit into lines.
static bool is_plain(struct text value)
{
    for (size_t i = 0; i < value.length; i++) {
        if (value.bytes[i] < ' ' || value.bytes[i] > '~') {
            return false;
        }
    }
    for (struct text rest = value; rest.length > 0;) {
        size_t length = text_next(&rest, ' ').length;
        if (length == 0 || length > PLAIN_WORD_MAXIMUM) {
            return false;
        }
    }
    // What looks like an encoded word must be encoded, or it would be decoded.
    return text_trim(value).length == value.length && text_find_text(value, TEXT("=?")) == value.length;
}

// base64 as in MIME: with padding, and the alphabet of RFC 4648 section 4.
static void add_base64(struct buffer *out, struct text bytes)
{
    struct text encoded = encode_base64url(out->arena, bytes);
    for (size_t i = 0; i < encoded.length; i++) {
        char letter = encoded.bytes[i];
        letter = letter == '-' ? '+' : letter;
        buffer_add_byte(out, letter == '_' ? '/' : letter);
    }
    for (size_t i = encoded.length; i % 4 != 0; i++) {
        buffer_add_byte(out, '=');
    }
}

// The front of `value` that fits into one encoded word without cutting a character.
static struct text word_length(struct text value)
{
    struct text rest = value;
    struct text fitting = text_cut(value, 0, 0);
    while (rest.length > 0) {
        (void)unicode_next(&rest);
        if (value.length - rest.length > ENCODED_WORD_MAXIMUM) {
            break;
        }
        fitting = text_cut(value, 0, value.length - rest.length);
    }
    return fitting;
}

static void add_encoded_words(struct buffer *out, struct text value)
{
    bool is_first = true;
    while (value.length > 0) {
        struct text word = word_length(value);
        buffer_add(out, is_first ? TEXT("=?utf-8?B?") : TEXT("\r\n =?utf-8?B?"));
        add_base64(out, word);
        buffer_add(out, TEXT("?="));
        value = text_after(value, word.length);
        is_first = false;
    }
}

// Adds the words of `value` behind `column` bytes of the header's name.
static void add_folded(struct buffer *out, struct text value, size_t column)
{
    for (bool is_first = true; value.length > 0; is_first = false) {
        struct text word = text_next(&value, ' ');
        if (!is_first && column + 1 + word.length > LINE_MAXIMUM) {
            buffer_add(out, TEXT("\r\n"));
            column = 0;
        }
        buffer_add_byte(out, ' ');
        buffer_add(out, word);
        column += word.length + 1;
    }
}

void message_add_header(struct buffer *out, struct text name, struct text value)
{
    buffer_add(out, name);
    buffer_add(out, TEXT(":"));
    if (is_plain(value)) {
        add_folded(out, value, name.length + 1);
    } else {
        buffer_add(out, TEXT(" "));
        add_encoded_words(out, value);
    }
    buffer_add(out, TEXT("\r\n"));
}

static bool is_atom(struct text value)
{
    for (size_t i = 0; i < value.length; i++) {
        char byte = value.bytes[i];
        if (!((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
              byte == ' ')) {
            return false;
        }
    }
    return true;
}

// `address` up to the first byte that no address holds, so that none ends its header.
static struct text address_safe(struct text address)
{
    size_t length = 0;
    while (length < address.length && address.bytes[length] > ' ' && address.bytes[length] <= '~' &&
           address.bytes[length] != '<' && address.bytes[length] != '>') {
        length++;
    }
    return text_cut(address, 0, length);
}

static void add_address(struct buffer *out, struct text address)
{
    buffer_add(out, TEXT("<"));
    buffer_add(out, address_safe(address));
    buffer_add(out, TEXT(">\r\n"));
}

static void add_sender(struct buffer *out, const struct settings *settings)
{
    struct text name = settings->shop_name;
    bool is_short = name.length <= PLAIN_WORD_MAXIMUM && is_plain(name) && is_atom(name);
    buffer_add(out, TEXT("From: "));
    if (is_short) {
        buffer_add(out, name);
    } else {
        add_encoded_words(out, name);
    }
    bool fits = is_short && sizeof "From:  <>" + name.length + settings->mail_sender.length <= LINE_MAXIMUM;
    buffer_add(out, fits ? TEXT(" ") : TEXT("\r\n "));
    add_address(out, settings->mail_sender);
}

// Whether the byte at `at` may stand in a quoted-printable line as it is.
static bool is_literal(struct text content, size_t at)
{
    char byte = content.bytes[at];
    bool ends_line =
        at + 1 == content.length || content.bytes[at + 1] == '\n' || content.bytes[at + 1] == '\r';
    return (byte > ' ' && byte <= '~' && byte != '=') || ((byte == ' ' || byte == '\t') && !ends_line);
}

void message_add_quoted(struct buffer *out, struct text content)
{
    static const char digits[] = "0123456789ABCDEF";
    const size_t escape_length = 3;
    size_t column = 0;
    for (size_t i = 0; i < content.length; i++) {
        unsigned char byte = (unsigned char)content.bytes[i];
        if (byte == '\r' && i + 1 < content.length && content.bytes[i + 1] == '\n') {
            continue;
        }
        if (byte == '\n') {
            buffer_add(out, TEXT("\r\n"));
            column = 0;
            continue;
        }
        bool literal = is_literal(content, i);
        size_t length = literal ? 1 : escape_length;
        if (column + length > LINE_MAXIMUM - 1) {
            buffer_add(out, TEXT("=\r\n"));
            column = 0;
        }
        if (literal) {
            buffer_add_byte(out, (char)byte);
        } else {
            const char escape[] = {'=', digits[byte >> 4], digits[byte & 15]};
            buffer_add(out, text_of(escape, sizeof escape));
        }
        column += length;
    }
}

static void add_part(struct buffer *out, const struct view *view, size_t language, const char *name,
                     struct text type, struct text boundary, const struct value *data)
{
    struct buffer content = buffer_open(out->arena, MESSAGE_MAXIMUM);
    view_render(view, language, name, data, &content);
    out->overflowed = out->overflowed || content.overflowed;
    buffer_add(out, TEXT("--"));
    buffer_add(out, boundary);
    buffer_add(out, TEXT("\r\nContent-Type: "));
    buffer_add(out, type);
    buffer_add(out, TEXT("; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"));
    message_add_quoted(out, buffer_text(&content));
    buffer_add(out, TEXT("\r\n"));
}

static void add_identity(struct buffer *out, const struct settings *settings,
                         const struct code_message *message)
{
    struct text domain = address_safe(settings->mail_sender);
    (void)text_next(&domain, '@');
    buffer_add(out, TEXT("To: "));
    add_address(out, message->recipient);
    buffer_add(out, TEXT("Date: "));
    buffer_add(out, clock_rfc5322(out->arena, message->written_at));
    buffer_add(out, TEXT("\r\nMessage-ID: <"));
    buffer_add(out, encode_hexadecimal(out->arena, message->id));
    buffer_add(out, TEXT("@"));
    buffer_add(out, domain);
    buffer_add(out, TEXT(">\r\nAuto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n"));
    if (settings->shop_support.length > 0) {
        buffer_add(out, TEXT("Reply-To: "));
        add_address(out, settings->shop_support);
    }
}

static struct text without_slash(struct text url)
{
    bool has_slash = url.length > 0 && url.bytes[url.length - 1] == '/';
    return text_cut(url, 0, url.length - (has_slash ? 1 : 0));
}

void message_write_code(const struct view *view, const struct settings *settings, size_t language,
                        const struct code_message *message, struct buffer *out)
{
    struct arena *arena = out->arena;
    const struct text address[] = {without_slash(settings->public_url), TEXT(CODE_PATH)};
    const struct text boundary_parts[] = {TEXT("=_"), encode_hexadecimal(arena, message->id)};
    struct text boundary = text_join(arena, boundary_parts, 2);
    struct value *data = value_object(arena);
    value_set_text(data, "language", languages_tag(view_languages(view), language));
    value_set_text(data, "code", message->code);
    value_set_number(data, "minutes", message->minutes);
    value_set_switch(data, "is_last_minute", message->minutes == 1);
    value_set_text(data, "address", text_join(arena, address, 2));
    add_sender(out, settings);
    add_identity(out, settings, message);
    message_add_header(out, TEXT("Subject"), view_phrase(view, language, "mail.code_subject", data, arena));
    message_add_header(out, TEXT("Content-Language"), languages_tag(view_languages(view), language));
    buffer_add(out, TEXT("MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\""));
    buffer_add(out, boundary);
    buffer_add(out, TEXT("\"\r\n\r\n"));
    add_part(out, view, language, "code.txt", TEXT("text/plain"), boundary, data);
    add_part(out, view, language, "code.html", TEXT("text/html"), boundary, data);
    buffer_add(out, TEXT("--"));
    buffer_add(out, boundary);
    buffer_add(out, TEXT("--\r\n"));
}
