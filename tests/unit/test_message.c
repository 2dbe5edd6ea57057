// A mail as bytes, read back by decoders of the test's own: headers that no name or address can break,
// encoded words and quoted-printable lines within their lengths and coming back as they were. How mail
// travels is not known here.
#include "support.h"

#include "storefront/mail/message.h"

#define LINE_LIMIT      78 // RFC 5322, section 2.1.1, without the line's end
#define WORD_LIMIT      76 // RFC 2047, section 2: a line with an encoded word

#define SMILES          "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
#define SHOP_IN_CHINESE "\xe4\xb8\xad\xe6\x96\x87\xe5\x95\x86\xe5\xba\x97"

// Calls `judge` for each line of `text`, whose lines must all end with CRLF.
static void each_line(struct text text, void (*judge)(struct text line))
{
    while (text.length > 0) {
        size_t end = text_find_text(text, TEXT("\r\n"));
        assert_true(end < text.length);
        judge(text_cut(text, 0, end));
        text = text_after(text, end + 2);
    }
}

static void judge_line(struct text line)
{
    assert_true(line.length <= LINE_LIMIT);
    assert_true(line.length <= WORD_LIMIT || !holds(line, "=?"));
    for (size_t i = 0; i < line.length; i++) {
        assert_true(line.bytes[i] >= ' ' && line.bytes[i] <= '~');
    }
}

static int hexadecimal_digit(char digit)
{
    const char *digits = "0123456789ABCDEF";
    const char *found = strchr(digits, digit);
    assert_true(found != NULL && digit != '\0');
    return (int)(found - digits);
}

// Quoted-printable read back (RFC 2045, section 6.7), line ends as single line feeds.
static struct text unquoted(struct arena *arena, struct text quoted)
{
    struct buffer out = buffer_open(arena, quoted.length);
    for (size_t i = 0; i < quoted.length; i++) {
        if (quoted.bytes[i] == '\r' && quoted.bytes[i + 1] == '\n') {
            buffer_add_byte(&out, '\n');
            i++;
        } else if (quoted.bytes[i] == '=' && quoted.bytes[i + 1] == '\r') {
            i += 2;
        } else if (quoted.bytes[i] == '=') {
            buffer_add_byte(&out, (char)(hexadecimal_digit(quoted.bytes[i + 1]) * 16 +
                                         hexadecimal_digit(quoted.bytes[i + 2])));
            i += 2;
        } else {
            buffer_add_byte(&out, quoted.bytes[i]);
        }
    }
    return buffer_text(&out);
}

static void add_base64_decoded(struct buffer *out, struct text base64)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0;
    unsigned count = 0;
    assert_int_equal(base64.length % 4, 0);
    for (size_t i = 0; i < base64.length && base64.bytes[i] != '='; i++) {
        const char *found = strchr(letters, base64.bytes[i]);
        assert_non_null(found);
        bits = bits << 6 | (unsigned)(found - letters);
        count += 6;
        if (count >= 8) {
            count -= 8;
            buffer_add_byte(out, (char)(bits >> count & 255));
        }
    }
}

// The value of a header that consists of encoded words alone (RFC 2047), or of plain words, unfolded.
static struct text unfolded(struct arena *arena, struct text value)
{
    struct buffer out = buffer_open(arena, value.length);
    while (value.length > 0) {
        struct text word = text_cut(value, 0, text_find_text(value, TEXT("\r\n ")));
        value = text_after(value, word.length + (holds(word, "=?") ? 3 : 2));
        if (text_starts_with(word, TEXT("=?utf-8?B?"))) {
            assert_true(word.length <= 75);
            assert_text(text_after(word, word.length - 2), "?=");
            add_base64_decoded(&out, text_cut(word, 10, word.length - 12));
        } else {
            buffer_add(&out, word);
        }
    }
    return buffer_text(&out);
}

static struct text header(struct arena *arena, struct text value)
{
    struct buffer out = buffer_open(arena, 65536);
    message_add_header(&out, TEXT("Subject"), value);
    assert_false(out.overflowed);
    struct text whole = buffer_text(&out);
    each_line(whole, judge_line);
    assert_true(text_starts_with(whole, TEXT("Subject: ")));
    return text_cut(whole, 9, whole.length - 11);
}

static const char *const subjects[] = {
    "1234 is your code for Our Shop",
    "a",
    "two  spaces",
    "Caf\xc3\xa9",
    "\xe4\xb8\xad\xe6\x96\x87\xe5\x95\x86\xe5\xba\x97 \xe2\x80\x94 1234",
    SMILES SMILES SMILES,
    "a\r\nBcc: victim@example.com",
    "a\nX: y",
    "a\rX: y",
    "tab\there",
    "=?utf-8?B?aGk=?=",
    "a =?utf-8?Q?b?= c",
    "a long subject that goes on and on, over the length of one line, and then some more, to see it folded at a blank",
};

static void subjects_come_back_and_never_break_a_line(void **state)
{
    for (size_t i = 0; i < ROWS(subjects); i++) {
        struct text value = header(*state, text_from(subjects[i]));
        assert_text(unfolded(*state, value), subjects[i]);
        // The value is folded only where white space follows.
        for (size_t at = text_find(value, '\n'); at + 1 < value.length; at++) {
            assert_true(value.bytes[at] != '\n' || value.bytes[at + 1] == ' ');
        }
    }
}

static void long_words_are_cut_into_lines(void **state)
{
    struct arena *arena = *state;
    static const char *const units[] = {"x", "\xc3\xa9", "\xe4\xb8\xad", "\xf0\x9f\x98\x80", "word "};
    for (size_t i = 0; i < ROWS(units); i++) {
        const struct text parts[] = {repeated(arena, units[i], 400), TEXT("end")};
        struct text subject = text_join(arena, parts, 2);
        assert_texts(unfolded(arena, header(arena, subject)), subject);
    }
}

static void encoded_words_cut_no_character(void **state)
{
    struct arena *arena = *state;
    for (size_t shift = 0; shift < 8; shift++) {
        const struct text parts[] = {repeated(arena, "x", shift), repeated(arena, "\xf0\x9f\x98\x80", 60)};
        struct text value = header(arena, text_join(arena, parts, 2));
        while (value.length > 0) {
            size_t end = text_find_text(value, TEXT("?="));
            struct buffer word = buffer_open(arena, 100);
            add_base64_decoded(&word, text_cut(value, 10, end - 10));
            assert_int_equal((word.length - (value.length > 0 && word.bytes[0] == 'x' ? shift : 0)) % 4, 0);
            value = text_after(value, end + 5);
        }
    }
}

static struct text quoted(struct arena *arena, struct text content)
{
    struct buffer out = buffer_open(arena, content.length * 4 + 100);
    message_add_quoted(&out, content);
    assert_false(out.overflowed);
    return buffer_text(&out);
}

static void judge_quoted_line(struct text line)
{
    assert_true(line.length <= 76);
    assert_true(line.length == 0 ||
                (line.bytes[line.length - 1] != ' ' && line.bytes[line.length - 1] != '\t'));
    for (size_t i = 0; i < line.length; i++) {
        assert_true((line.bytes[i] >= ' ' && line.bytes[i] <= '~') || line.bytes[i] == '\t');
    }
}

static const char *const contents[] = {
    "plain\n",        "Caf\xc3\xa9 = 1\n", "ends with a blank \nand a tab\t\n \n",
    "\n\n\n",         "bare\rreturn\n",    ".\n..\nFrom me\n",
    "\x01\x7f\xff\n", "no line end",       "ends with a blank ",
};

static void quoted_lines_come_back(void **state)
{
    struct arena *arena = *state;
    for (size_t i = 0; i < ROWS(contents); i++) {
        struct text out = quoted(arena, text_from(contents[i]));
        const struct text closed[] = {out, TEXT("\r\n")};
        each_line(text_join(arena, closed, 2), judge_quoted_line);
        assert_text(unquoted(arena, out), contents[i]);
    }
    assert_text(unquoted(arena, quoted(arena, TEXT("a\r\nb\r\n"))), "a\nb\n");
}

static void long_lines_are_broken_softly(void **state)
{
    struct arena *arena = *state;
    static const char *const units[] = {"x", " ", "=", "\xc3\xa9", "word ", "\t."};
    for (size_t i = 0; i < ROWS(units); i++) {
        for (size_t count = 60; count < 170; count++) {
            struct text content = repeated(arena, units[i], count);
            struct text out = quoted(arena, content);
            const struct text closed[] = {out, TEXT("\r\n")};
            each_line(text_join(arena, closed, 2), judge_quoted_line);
            assert_texts(unquoted(arena, out), content);
        }
    }
}

// A shop with two small mails.
struct post {
    struct arena *arena;
    struct folder folder;
    struct settings settings;
    struct view *view;
};

#define WORDS                                                                                                \
    "{\"language.name\":\"English\",\"mail.code_subject\":\"{{code}} is your code for {{shop.name}}\"}"

static int open_post(void **state)
{
    static const char *const nothing[] = {NULL};
    struct post *post = calloc(1, sizeof *post);
    assert_non_null(post);
    post->arena = arena_open(4 * SUPPORT_ARENA);
    post->folder = folder_make();
    (void)folder_write(post->arena, &post->folder, "language/en.json", TEXT(WORDS));
    (void)folder_write(
        post->arena, &post->folder, "mail/code.txt",
        TEXT("{{shop.name}}\n{{code}}\n{{{address}}} {{minutes}}{{#is_last_minute}}!{{/is_last_minute}}\n"));
    (void)folder_write(post->arena, &post->folder, "mail/code.html",
                       TEXT("<p lang={{language}}>{{shop.name}} {{code}}</p>\n"));
    post->settings = settings_of(post->arena, nothing);
    post->settings.www_folder = text_from(post->folder.path);
    *state = post;
    return 0;
}

static int close_post(void **state)
{
    struct post *post = *state;
    folder_remove(&post->folder);
    arena_close(&post->arena);
    free(post);
    return 0;
}

#define WITH_POST(test) cmocka_unit_test_setup_teardown(test, open_post, close_post)

static struct text written(struct post *post)
{
    const struct view_settings settings = {.settings = &post->settings,
                                           .folder = "mail",
                                           .templates = message_templates,
                                           .common_names = message_names,
                                           .phrases = message_phrases};
    const struct code_message message = {
        .id = TEXT("\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"),
        .recipient = TEXT("john@example.com"),
        .code = TEXT("0042"),
        .minutes = 10,
        .written_at = 1234567890};
    struct buffer out = buffer_open(post->arena, MESSAGE_MAXIMUM);
    post->view = view_open(post->arena, &settings);
    assert_non_null(post->view);
    message_write_code(post->view, &post->settings, 0, &message, &out);
    assert_false(out.overflowed);
    return buffer_text(&out);
}

static struct text head_of(struct text mail)
{
    return text_cut(mail, 0, text_find_text(mail, TEXT("\r\n\r\n")) + 2);
}

static void a_mail_has_its_headers(void **state)
{
    struct text mail = written(*state);
    assert_text(head_of(mail), "From: Our Shop <shop@shop.example>\r\n"
                               "To: <john@example.com>\r\n"
                               "Date: Fri, 13 Feb 2009 23:31:30 +0000\r\n"
                               "Message-ID: <0123456789abcdef0123456789abcdef@shop.example>\r\n"
                               "Auto-Submitted: auto-generated\r\n"
                               "X-Auto-Response-Suppress: All\r\n"
                               "Subject: 0042 is your code for Our Shop\r\n"
                               "Content-Language: en\r\n"
                               "MIME-Version: 1.0\r\n"
                               "Content-Type: multipart/alternative; "
                               "boundary=\"=_0123456789abcdef0123456789abcdef\"\r\n");
}

static void a_mail_has_text_and_html(void **state)
{
    struct text mail = written(*state);
    struct text body = text_after(mail, head_of(mail).length + 2);
    assert_text(body, "--=_0123456789abcdef0123456789abcdef\r\n"
                      "Content-Type: text/plain; charset=utf-8\r\n"
                      "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                      "Our Shop\r\n0042\r\nhttp://127.0.0.1:8080/register/verify/ 10\r\n\r\n"
                      "--=_0123456789abcdef0123456789abcdef\r\n"
                      "Content-Type: text/html; charset=utf-8\r\n"
                      "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                      "<p lang=3Den>Our Shop 0042</p>\r\n\r\n"
                      "--=_0123456789abcdef0123456789abcdef--\r\n");
}

static void help_is_where_replies_go(void **state)
{
    struct post *post = *state;
    post->settings.shop_support = TEXT("help@shop.example");
    assert_true(holds(head_of(written(post)), "\r\nReply-To: <help@shop.example>\r\n"));
}

static void a_final_slash_of_the_public_url_is_not_doubled(void **state)
{
    struct post *post = *state;
    post->settings.public_url = TEXT("https://shop.example/");
    assert_true(holds(written(post), "\r\nhttps://shop.example/register/verify/ 10\r\n"));
}

static const char *const shop_names[] = {
    "Caf\xc3\xa9 \xe4\xb8\xad\xe6\x96\x87",
    "Shop, Inc. <shop@evil.example>",
    "\"Shop\" (the best)",
    "Shop\r\nBcc: victim@example.com",
    "Shop\nX-Evil: yes",
    "a shop whose name is so long that it cannot stand in one line of a mail together with the address of its sender",
    "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaftsladenundnochvielmehrdahinter",
    SHOP_IN_CHINESE SHOP_IN_CHINESE SHOP_IN_CHINESE SHOP_IN_CHINESE SHOP_IN_CHINESE,
};

// The value of the header `name` in `head`, up to the next header.
static struct text value_of(struct text head, const char *name)
{
    size_t at = text_find_text(head, text_from(name));
    assert_true(at < head.length);
    struct text rest = text_after(head, at + strlen(name));
    size_t end = 0;
    while (!(rest.bytes[end] == '\r' && rest.bytes[end + 2] != ' ')) {
        end++;
    }
    return text_cut(rest, 0, end);
}

static void no_name_of_a_shop_breaks_a_header(void **state)
{
    struct post *post = *state;
    for (size_t i = 0; i < ROWS(shop_names); i++) {
        post->settings.shop_name = text_from(shop_names[i]);
        struct text head = head_of(written(post));
        each_line(text_cut(head, 0, text_find_text(head, TEXT("MIME-Version"))), judge_line);
        assert_row(!holds(head, "\r\nBcc:") && !holds(head, "\r\nX-Evil:"), shop_names[i]);
        struct text from = value_of(head, "From: ");
        size_t address = text_find_text(from, TEXT("<shop@shop.example>"));
        assert_row(address + strlen("<shop@shop.example>") == from.length, shop_names[i]);
        struct text name = text_trim(text_cut(from, 0, address));
        assert_text(unfolded(post->arena, name), shop_names[i]);
        assert_row(!holds(name, "<") && !holds(name, ","), shop_names[i]);
    }
}

static void no_address_breaks_a_header(void **state)
{
    struct post *post = *state;
    post->settings.mail_sender = TEXT("shop@shop.example\r\nBcc: victim@example.com");
    post->settings.shop_support = TEXT("help@shop.example\nX-Evil: yes");
    struct text mail = written(post);
    assert_false(holds(mail, "Bcc") || holds(mail, "X-Evil"));
    assert_true(holds(mail, "From: Our Shop <shop@shop.example>\r\n"));
    assert_true(holds(mail, "Reply-To: <help@shop.example>\r\n"));
    each_line(text_cut(mail, 0, text_find_text(mail, TEXT("MIME-Version"))), judge_line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(subjects_come_back_and_never_break_a_line),
        WITH_ARENA(long_words_are_cut_into_lines),
        WITH_ARENA(encoded_words_cut_no_character),
        WITH_ARENA(quoted_lines_come_back),
        WITH_ARENA(long_lines_are_broken_softly),
        WITH_POST(a_mail_has_its_headers),
        WITH_POST(a_mail_has_text_and_html),
        WITH_POST(help_is_where_replies_go),
        WITH_POST(a_final_slash_of_the_public_url_is_not_doubled),
        WITH_POST(no_name_of_a_shop_breaks_a_header),
        WITH_POST(no_address_breaks_a_header),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
