// See identity.h. Lengths are in code points, as NIST SP 800-63B-4 and the customer count.
#include "storefront/account/identity.h"
#include "storefront/base/unicode.h"
#include "storefront/security/password.h"

#include <string.h>

// Bytes: a username of 150 characters that are three code points of three bytes each. Sorting the marks of
// one letter takes time by the square of their number, and before any hash: 33 ms for four thousand bytes.
#define TYPED_MAXIMUM        ((size_t)1350)
#define USERNAME_MINIMUM     3
#define USERNAME_MAXIMUM     150
#define NAME_MAXIMUM         150
#define EMAIL_MAXIMUM        254
#define EMAIL_LOCAL_MAXIMUM  64
#define DOMAIN_LABEL_MAXIMUM 63
#define PASSWORD_MINIMUM     8
#define PASSWORD_MAXIMUM     1024
#define WORDS_MAXIMUM        ((size_t)12)

static struct text to_lower(struct arena *arena, struct text text)
{
    struct text copy = text_copy(arena, text);
    char *bytes = (char *)(uintptr_t)copy.bytes;
    for (size_t i = 0; i < copy.length; i++) {
        if (bytes[i] >= 'A' && bytes[i] <= 'Z') {
            bytes[i] = (char)(bytes[i] - 'A' + 'a');
        }
    }
    return copy;
}

static bool is_one_of(char byte, const char *set)
{
    return byte != '\0' && strchr(set, byte) != NULL;
}

static bool is_letter_or_digit(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

// A dot-atom (RFC 5322, section 3.2.3): no quotes, no comments.
static bool is_local_part(struct text local)
{
    if (local.length == 0 || local.length > EMAIL_LOCAL_MAXIMUM || local.bytes[0] == '.' ||
        local.bytes[local.length - 1] == '.' || text_find_text(local, TEXT("..")) < local.length) {
        return false;
    }
    for (size_t i = 0; i < local.length; i++) {
        if (!is_letter_or_digit(local.bytes[i]) && !is_one_of(local.bytes[i], ".!#$%&'*+-/=?^_`{|}~")) {
            return false;
        }
    }
    return true;
}

static bool is_label(struct text label)
{
    if (label.length == 0 || label.length > DOMAIN_LABEL_MAXIMUM || label.bytes[0] == '-' ||
        label.bytes[label.length - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < label.length; i++) {
        if (!is_letter_or_digit(label.bytes[i]) && label.bytes[i] != '-') {
            return false;
        }
    }
    return true;
}

static bool is_number(struct text label)
{
    for (size_t i = 0; i < label.length; i++) {
        if (label.bytes[i] < '0' || label.bytes[i] > '9') {
            return false;
        }
    }
    return true;
}

// A domain name in ASCII with a dot; no address literal, no number at its end.
static bool is_domain(struct text domain)
{
    size_t labels = 0;
    struct text label = {NULL, 0};
    bool more = domain.length > 0;
    while (more) {
        more = text_find(domain, '.') < domain.length;
        label = text_next(&domain, '.');
        labels++;
        if (!is_label(label)) {
            return false;
        }
    }
    return labels >= 2 && !is_number(label);
}

// `typed` as a mail address with its domain in ASCII; empty where it is none that a mail server would take.
static struct text canonical_email(struct arena *arena, struct text typed)
{
    struct text domain = unicode_trim(typed);
    if (domain.length > TYPED_MAXIMUM || text_find(domain, '@') == domain.length) {
        return (struct text){NULL, 0};
    }
    struct text local = text_next(&domain, '@');
    bool is_ascii = unicode_count(domain) == domain.length;
    domain = is_ascii ? domain : unicode_domain(arena, domain);
    const struct text parts[] = {local, TEXT("@"), domain};
    struct text email = text_join(arena, parts, 3);
    return is_local_part(local) && is_domain(domain) && email.length <= EMAIL_MAXIMUM
               ? email
               : (struct text){NULL, 0};
}

static void read_email(struct account *account, struct text typed, struct identity *identity,
                       struct field_errors *errors)
{
    identity->email = canonical_email(account->arena, typed);
    identity->email_key = to_lower(account->arena, identity->email);
    if (unicode_trim(typed).length == 0) {
        field_errors_add(errors, "email", "error.required");
    } else if (identity->email.length == 0) {
        field_errors_add(errors, "email", "error.email_invalid");
    }
}

static bool has_username_characters(struct text username)
{
    while (username.length > 0) {
        int32_t code_point = unicode_next(&username);
        enum unicode_class class = unicode_classify(code_point);
        bool is_sign = code_point < 128 && is_one_of((char)code_point, ".+-_");
        if (!is_sign && class != UNICODE_LETTER && class != UNICODE_MARK && class != UNICODE_DIGIT) {
            return false;
        }
    }
    return true;
}

// What is wrong with the username, or NULL.
static const char *judge_username(struct account *account, struct text typed, const struct identity *identity)
{
    size_t length = unicode_count(identity->username);
    if (unicode_trim(typed).length == 0) {
        return "error.required";
    }
    if (length < USERNAME_MINIMUM || length > USERNAME_MAXIMUM) {
        return "error.username_length";
    }
    if (text_find(identity->username, '@') < identity->username.length) {
        struct text email = to_lower(account->arena, canonical_email(account->arena, identity->username));
        bool is_own = email.length > 0 && text_equals(email, identity->email_key);
        return is_own ? NULL : "error.username_email";
    }
    return has_username_characters(identity->username) ? NULL : "error.username_characters";
}

static void read_username(struct account *account, struct text typed, struct identity *identity,
                          struct field_errors *errors)
{
    struct text trimmed = unicode_trim(typed);
    if (trimmed.length > 0 && trimmed.length <= TYPED_MAXIMUM) {
        identity->username = unicode_normalise(account->arena, trimmed);
        identity->username_key = unicode_fold(account->arena, trimmed);
    }
    const char *fault = judge_username(account, typed, identity);
    if (fault != NULL) {
        field_errors_add(errors, "username", fault);
    }
}

static bool has_control_characters(struct text text)
{
    while (text.length > 0) {
        if (unicode_classify(unicode_next(&text)) == UNICODE_CONTROL) {
            return true;
        }
    }
    return false;
}

// True when there is something to see in `text`.
static bool is_visible(struct text text)
{
    while (text.length > 0) {
        enum unicode_class class = unicode_classify(unicode_next(&text));
        if (class != UNICODE_INVISIBLE && class != UNICODE_SPACE) {
            return true;
        }
    }
    return false;
}

static void read_name(struct text typed, struct identity *identity, struct field_errors *errors)
{
    identity->name = unicode_trim(typed);
    if (!is_visible(identity->name)) {
        field_errors_add(errors, "name", "error.required");
    } else if (unicode_count(identity->name) > NAME_MAXIMUM) {
        field_errors_add(errors, "name", "error.name_length");
    } else if (has_control_characters(identity->name)) {
        field_errors_add(errors, "name", "error.name_characters");
    }
}

// The customer's own words, which make a password weak.
static size_t own_words(const struct identity *identity, struct text words[static WORDS_MAXIMUM])
{
    size_t count = 0;
    struct text rest = identity->email;
    words[count++] = identity->username;
    words[count++] = identity->email;
    words[count++] = text_next(&rest, '@');
    words[count++] = text_next(&rest, '.');
    words[count++] = identity->name;
    rest = identity->name;
    while (rest.length > 0 && count < WORDS_MAXIMUM) {
        words[count++] = text_next(&rest, ' ');
    }
    return count;
}

static void judge_password(struct account *account, struct text password, const struct identity *identity,
                           struct field_errors *errors)
{
    struct text words[WORDS_MAXIMUM];
    size_t length = unicode_count(password);
    if (length == 0) {
        field_errors_add(errors, "password", "error.required");
    } else if (length < PASSWORD_MINIMUM) {
        field_errors_add(errors, "password", "error.password_short");
    } else if (length > PASSWORD_MAXIMUM) {
        field_errors_add(errors, "password", "error.password_long");
    } else if (password_is_weak(account->arena, password, words, own_words(identity, words))) {
        field_errors_add(errors, "password", "error.password_weak");
    }
}

void identity_read(struct account *account, struct text username, struct text email, struct text name,
                   struct text password, struct identity *identity, struct field_errors *errors)
{
    *identity = (struct identity){0};
    // Errors come in the order of the form's fields; the username is judged against the e-mail, so that is
    // read first.
    struct field_errors email_errors = {.count = 0};
    read_email(account, email, identity, &email_errors);
    read_name(name, identity, errors);
    read_username(account, username, identity, errors);
    for (size_t i = 0; i < email_errors.count; i++) {
        field_errors_add(errors, email_errors.items[i].field, email_errors.items[i].phrase);
    }
    judge_password(account, password, identity, errors);
}

void identity_sign_in_keys(struct account *account, struct text typed, struct text *username_key,
                           struct text *email_key)
{
    struct text trimmed = unicode_trim(typed);
    *username_key = identity_username_key(account, typed);
    *email_key = to_lower(account->arena, canonical_email(account->arena, trimmed));
}

struct text identity_username_key(struct account *account, struct text typed)
{
    struct text trimmed = unicode_trim(typed);
    bool is_sensible = trimmed.length > 0 && trimmed.length <= TYPED_MAXIMUM;
    return is_sensible ? unicode_fold(account->arena, trimmed) : (struct text){NULL, 0};
}

struct text identity_mailbox(struct account *account, struct text email)
{
    struct text domain = to_lower(account->arena, email);
    struct text local = text_next(&domain, '@');
    size_t tag = text_find(local, '+');
    const struct text parts[] = {tag == 0 ? local : text_cut(local, 0, tag), TEXT("@"), domain};
    return text_join(account->arena, parts, 3);
}
