// Who may be called what: usernames, e-mails, names and passwords in tables, with the phrase that each
// refusal says; and which two spellings are one customer. Who has them already is the database's business.
#include "support.h"

#include "storefront/account/identity.h"
#include "storefront/security/password.h"

static const struct text good_password = TEXT("xkT8#mQp2vL!9f");

static int start(void **state)
{
    (void)state;
    return password_start((struct password_cost){1024, 1}) ? 0 : -1;
}

// The phrase for `field` in `errors`, or NULL.
static const char *error_of(const struct field_errors *errors, const char *field)
{
    for (size_t i = 0; i < errors->count; i++) {
        if (strcmp(errors->items[i].field, field) == 0) {
            return errors->items[i].phrase;
        }
    }
    return NULL;
}

static void check_phrase(const char *actual, const char *expected, const char *row)
{
    if (actual == NULL || expected == NULL ? actual != expected : strcmp(actual, expected) != 0) {
        fail_msg("\"%s\": %s, not %s", row, actual == NULL ? "accepted" : actual,
                 expected == NULL ? "accepted" : expected);
    }
}

struct username_row {
    const char *typed;
    const char *error;    // NULL: accepted
    const char *username; // as stored, and its key
    const char *key;
};

static const struct username_row usernames[] = {
    {"johndoe", NULL, "johndoe", "johndoe"},
    {"JohnDoe", NULL, "JohnDoe", "johndoe"},
    {"  johndoe \t", NULL, "johndoe", "johndoe"},
    {"\xe3\x80\x80johndoe\xc2\xa0", NULL, "johndoe", "johndoe"},
    {"a.b+c-d_9", NULL, "a.b+c-d_9", "a.b+c-d_9"},
    {"Stra\xc3\x9f"
     "e",
     NULL,
     "Stra\xc3\x9f"
     "e",
     "strasse"},
    {"\xe6\x9d\x8e\xe5\xb0\x8f\xe9\xbe\x99", NULL, "\xe6\x9d\x8e\xe5\xb0\x8f\xe9\xbe\x99",
     "\xe6\x9d\x8e\xe5\xb0\x8f\xe9\xbe\x99"},
    {"\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd", NULL, "\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd",
     "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd"},
    {"\xd9\x85\xd8\xad\xd9\x85\xd8\xaf", NULL, "\xd9\x85\xd8\xad\xd9\x85\xd8\xaf",
     "\xd9\x85\xd8\xad\xd9\x85\xd8\xaf"},
    {"\xe0\xa4\xb0\xe0\xa4\xbe\xe0\xa4\xae\xe0\xa5\x80", NULL,
     "\xe0\xa4\xb0\xe0\xa4\xbe\xe0\xa4\xae\xe0\xa5\x80", "\xe0\xa4\xb0\xe0\xa4\xbe\xe0\xa4\xae\xe0\xa5\x80"},
    {"\xef\xbd\x8a\xef\xbd\x8f\xef\xbd\x88\xef\xbd\x8e", NULL, "john", "john"},
    {"e\xcc\x81mile", NULL, "\xc3\xa9mile", "\xc3\xa9mile"},
    {"\xd9\xa1\xd9\xa2\xd9\xa3", NULL, "\xd9\xa1\xd9\xa2\xd9\xa3", "\xd9\xa1\xd9\xa2\xd9\xa3"},
    {"john\xc2\xb2", NULL, "john2", "john2"},
    {"\xef\xac\x81x", NULL, "fix", "fix"},
    {"john@example.com", NULL, "john@example.com", "john@example.com"},
    {"John@Example.COM", NULL, "John@Example.COM", "john@example.com"},
    {"john\xef\xbc\xa0"
     "example.com",
     NULL, "john@example.com", "john@example.com"},
    {"", "error.required", "", ""},
    {" \t\n", "error.required", "", ""},
    {"\xe3\x80\x80\xc2\xa0", "error.required", "", ""},
    {"ab", "error.username_length", NULL, NULL},
    {"\xc3\xa9\xc3\xa9", "error.username_length", NULL, NULL},
    {"e\xcc\x81"
     "e\xcc\x81",
     "error.username_length", NULL, NULL},
    {"john doe", "error.username_characters", NULL, NULL},
    {"john\xc2\xa0"
     "doe",
     "error.username_characters", NULL, NULL},
    {"john/doe", "error.username_characters", NULL, NULL},
    {"john\\doe", "error.username_characters", NULL, NULL},
    {"john<b>", "error.username_characters", NULL, NULL},
    {"john'--", "error.username_characters", NULL, NULL},
    {"john\"doe", "error.username_characters", NULL, NULL},
    {"john&doe", "error.username_characters", NULL, NULL},
    {"john%00", "error.username_characters", NULL, NULL},
    {"john\ndoe", "error.username_characters", NULL, NULL},
    {"john\x01"
     "doe",
     "error.username_characters", NULL, NULL},
    {"john\x7f"
     "doe",
     "error.username_characters", NULL, NULL},
    {"john\xe2\x80\x8b"
     "doe",
     "error.username_characters", NULL, NULL}, // zero width
    {"john\xe2\x80\x8d"
     "doe",
     "error.username_characters", NULL, NULL},
    {"john\xc2\xad"
     "doe",
     "error.username_characters", NULL, NULL}, // soft hyphen
    {"john\xef\xbb\xbf"
     "doe",
     "error.username_characters", NULL, NULL},
    {"john\xe3\x85\xa4"
     "doe",
     "error.username_characters", NULL, NULL}, // Hangul filler, a letter to see nothing of
    {"\xe2\x80\xaejohndoe", "error.username_characters", NULL, NULL}, // right-to-left override
    {"john\xe2\x81\xa6"
     "doe",
     "error.username_characters", NULL, NULL},
    {"john\xef\xb8\x8f"
     "doe",
     "error.username_characters", NULL, NULL},
    {"john\xf0\x9f\x98\x80", "error.username_characters", NULL, NULL},
    {"john\xe2\x80\x93"
     "doe",
     "error.username_characters", NULL, NULL},                     // a dash that is no hyphen
    {"john\xee\x80\x80", "error.username_characters", NULL, NULL}, // private use
    {"jane@example.com", "error.username_email", NULL, NULL},
    {"john@", "error.username_email", NULL, NULL},
    {"@john", "error.username_email", NULL, NULL},
    {"john@example.com@x", "error.username_email", NULL, NULL},
    {"john@example.co", "error.username_email", NULL, NULL},
    {"john+x@example.com", "error.username_email", NULL, NULL},
};

static struct field_errors read_identity(struct fixture *fixture, const char *username, const char *email,
                                         const char *name, struct text password, struct identity *identity)
{
    struct field_errors errors = {.count = 0};
    identity_read(&fixture->account, text_from(username), text_from(email), text_from(name), password,
                  identity, &errors);
    return errors;
}

static void usernames_are_taken_or_refused(void **state)
{
    for (size_t i = 0; i < ROWS(usernames); i++) {
        const struct username_row *row = &usernames[i];
        struct identity identity;
        struct field_errors errors =
            read_identity(*state, row->typed, "john@example.com", "John Doe", good_password, &identity);
        check_phrase(error_of(&errors, "username"), row->error, row->typed);
        assert_int_equal(errors.count, row->error == NULL ? 0 : 1);
        if (row->username != NULL) {
            assert_text(identity.username, row->username);
            assert_text(identity.username_key, row->key);
        }
    }
}

struct length_row {
    const char *unit;
    size_t count;
    const char *error;
};

static const struct length_row username_lengths[] = {
    {"a", 3, NULL},
    {"a", 150, NULL},
    {"a", 151, "error.username_length"},
    {"\xe4\xb8\xad", 150, NULL},
    {"\xe4\xb8\xad", 151, "error.username_length"},
    {"\xf0\x90\x90\xb7", 150, NULL},
    {"e\xcc\x81", 150, NULL},   // composed before it is counted
    {"\xef\xac\x83", 50, NULL}, // a ligature of three
    {"\xef\xac\x83", 51, "error.username_length"},
    {"a", 100000, "error.username_length"},
};

static void usernames_are_counted_in_characters(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ROWS(username_lengths); i++) {
        const struct length_row *row = &username_lengths[i];
        struct identity identity;
        const char *typed = text_string(fixture->arena, repeated(fixture->arena, row->unit, row->count));
        struct field_errors errors =
            read_identity(fixture, typed, "john@example.com", "John Doe", good_password, &identity);
        check_phrase(error_of(&errors, "username"), row->error, row->unit);
    }
}

// Each pair is one username in two spellings.
static const char *const same_usernames[][2] = {
    {"johndoe", "JOHNDOE"},
    {"johndoe", "\xef\xbd\x8a\xef\xbd\x8f\xef\xbd\x88\xef\xbd\x8e\xef\xbd\x84\xef\xbd\x8f\xef\xbd\x85"},
    {"stra\xc3\x9f"
     "e",
     "STRASSE"},
    {"\xce\xa3\xce\xaf\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x82",
     "\xcf\x83\xce\xaf\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x83"},
    {"\xc3\xa9mile", "E\xcc\x81MILE"},
    {"kelvin", "\xe2\x84\xaa"
               "elvin"},
    {"fix", "\xef\xac\x81x"},
    {"john2", "john\xc2\xb2"},
    {"xx\xe1\xbe\xb4", "xx\xce\xb1\xcd\x85\xcc\x81"},
    {"john@example.com", "JOHN@EXAMPLE.COM"},
};

static void spellings_of_one_username_have_one_key(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ROWS(same_usernames); i++) {
        struct text one = identity_username_key(&fixture->account, text_from(same_usernames[i][0]));
        struct text other = identity_username_key(&fixture->account, text_from(same_usernames[i][1]));
        assert_true(one.length > 0);
        assert_texts(other, one);
    }
    assert_false(text_equals(identity_username_key(&fixture->account, TEXT("john")),
                             identity_username_key(&fixture->account, TEXT("j0hn"))));
    assert_false(text_equals(identity_username_key(&fixture->account, TEXT("john-doe")),
                             identity_username_key(&fixture->account, TEXT("john_doe"))));
    assert_int_equal(identity_username_key(&fixture->account, TEXT(" ")).length, 0);
    // 150 Hangul syllables taken apart are the longest that can be meant; what is longer is not normalised.
    struct text syllables = repeated(fixture->arena, "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", 150);
    assert_int_equal(identity_username_key(&fixture->account, syllables).length, 450);
    assert_int_equal(identity_username_key(&fixture->account, repeated(fixture->arena, "x", 1351)).length, 0);
}

struct email_row {
    const char *typed;
    const char *error;
    const char *email; // as stored
};

static const struct email_row emails[] = {
    {"john@example.com", NULL, "john@example.com"},
    {" john@example.com\n", NULL, "john@example.com"},
    {"\xc2\xa0john@example.com\xe3\x80\x80", NULL, "john@example.com"},
    {"John.Doe+tag@Example.COM", NULL, "John.Doe+tag@Example.COM"},
    {"!#$%&'*+-/=?^_`{|}~@example.com", NULL, "!#$%&'*+-/=?^_`{|}~@example.com"},
    {"a@b.co", NULL, "a@b.co"},
    {"a@1.2.3.x1", NULL, "a@1.2.3.x1"},
    {"a@xn--bcher-kva.example", NULL, "a@xn--bcher-kva.example"},
    {"a@B\xc3\xbc"
     "cher.example",
     NULL, "a@xn--bcher-kva.example"},
    {"a@b\xc3\xbc"
     "cher\xe3\x80\x82"
     "example",
     NULL, "a@xn--bcher-kva.example"},
    {"", "error.required", ""},
    {"  ", "error.required", ""},
    {"\xc2\xa0", "error.required", ""},
    {"john", "error.email_invalid", ""},
    {"john@", "error.email_invalid", ""},
    {"@example.com", "error.email_invalid", ""},
    {"john@example", "error.email_invalid", ""},
    {"john@@example.com", "error.email_invalid", ""},
    {"john@a@example.com", "error.email_invalid", ""},
    {"john@example..com", "error.email_invalid", ""},
    {"john@.example.com", "error.email_invalid", ""},
    {"john@example.com.", "error.email_invalid", ""},
    {"john@-example.com", "error.email_invalid", ""},
    {"john@example-.com", "error.email_invalid", ""},
    {"john@exa_mple.com", "error.email_invalid", ""},
    {"john@exa mple.com", "error.email_invalid", ""},
    {"john@example.123", "error.email_invalid", ""},
    {"john@127.0.0.1", "error.email_invalid", ""},
    {"john@[127.0.0.1]", "error.email_invalid", ""},
    {"john@[IPv6:::1]", "error.email_invalid", ""},
    {".john@example.com", "error.email_invalid", ""},
    {"john.@example.com", "error.email_invalid", ""},
    {"john..doe@example.com", "error.email_invalid", ""},
    {"\"john doe\"@example.com", "error.email_invalid", ""},
    {"\"john\"@example.com", "error.email_invalid", ""},
    {"john(comment)@example.com", "error.email_invalid", ""},
    {"john doe@example.com", "error.email_invalid", ""},
    {"<john@example.com>", "error.email_invalid", ""},
    {"John <john@example.com>", "error.email_invalid", ""},
    {"john@example.com,jane@example.com", "error.email_invalid", ""},
    {"john@example.com;jane@example.com", "error.email_invalid", ""},
    {"mailto:john@example.com", "error.email_invalid", ""},
    {"john\\@example.com", "error.email_invalid", ""},
    {"j\xc3\xb6hn@example.com", "error.email_invalid", ""},
    {"john@example.com\nBcc: x@example.com", "error.email_invalid", ""},
    {"john\r\n@example.com", "error.email_invalid", ""},
    {"john@example.com\x01", "error.email_invalid", ""},
    {"john\xe2\x80\x8b@example.com", "error.email_invalid", ""},
    {"john@b\xc3\xbc cher.example", "error.email_invalid", ""},
    {"john@b\xc3\xbc@cher.example", "error.email_invalid", ""},
    {"john@b\xc3\xbc>.example", "error.email_invalid", ""},
    {"john@b\xc3\xbc,x.example", "error.email_invalid", ""},
    {"john@\xe2\x80\xae"
     "b\xc3\xbc.example",
     "error.email_invalid", ""},
    {"john@b\xc3\xbc", "error.email_invalid", ""},
};

static void emails_are_taken_or_refused(void **state)
{
    for (size_t i = 0; i < ROWS(emails); i++) {
        struct identity identity;
        struct field_errors errors =
            read_identity(*state, "somebody", emails[i].typed, "John Doe", good_password, &identity);
        check_phrase(error_of(&errors, "email"), emails[i].error, emails[i].typed);
        assert_int_equal(errors.count, emails[i].error == NULL ? 0 : 1);
        assert_text(identity.email, emails[i].email);
    }
}

static const char *email_error(struct fixture *fixture, struct text local, struct text domain)
{
    const struct text parts[] = {local, TEXT("@"), domain};
    struct identity identity;
    struct field_errors errors =
        read_identity(fixture, "somebody", text_string(fixture->arena, text_join(fixture->arena, parts, 3)),
                      "John Doe", good_password, &identity);
    return error_of(&errors, "email");
}

static void emails_have_their_lengths(void **state)
{
    struct fixture *fixture = *state;
    struct arena *arena = fixture->arena;
    const struct text label[] = {repeated(arena, "b", 63), TEXT(".de")};
    const struct text long_label[] = {repeated(arena, "b", 64), TEXT(".de")};
    struct text most = text_after(repeated(arena, "bbb.", 48), 1); // 191 bytes, ending with a dot
    const struct text fitting[] = {text_after(most, 4), TEXT("de")};
    const struct text beyond[] = {most, TEXT("de")};
    assert_null(email_error(fixture, repeated(arena, "a", 64), TEXT("example.com")));
    check_phrase(email_error(fixture, repeated(arena, "a", 65), TEXT("example.com")), "error.email_invalid",
                 "65");
    assert_null(email_error(fixture, TEXT("a"), text_join(arena, label, 2)));
    check_phrase(email_error(fixture, TEXT("a"), text_join(arena, long_label, 2)), "error.email_invalid",
                 "label");
    assert_int_equal(text_join(arena, fitting, 2).length, 254 - 65);
    assert_null(email_error(fixture, repeated(arena, "a", 64), text_join(arena, fitting, 2)));
    check_phrase(email_error(fixture, repeated(arena, "a", 64), text_join(arena, beyond, 2)),
                 "error.email_invalid", "258 bytes");
    check_phrase(email_error(fixture, TEXT("a"), repeated(arena, "b.", 5000)), "error.email_invalid",
                 "10000 bytes");
}

static void emails_are_one_without_regard_to_ascii_case(void **state)
{
    struct identity identity;
    (void)read_identity(*state, "somebody",
                        "John.Doe@B\xc3\x9c"
                        "cher.Example",
                        "x", good_password, &identity);
    assert_text(identity.email_key, "john.doe@xn--bcher-kva.example");
}

struct name_row {
    const char *typed;
    const char *error;
    const char *name;
};

static const struct name_row names[] = {
    {"John Doe", NULL, "John Doe"},
    {" \xe3\x80\x80John  Doe\t", NULL, "John  Doe"},
    {"X", NULL, "X"},
    {"O'Brien-\xc5\x81ukasz, Jr. <3", NULL, "O'Brien-\xc5\x81ukasz, Jr. <3"},
    {"\xe6\x9d\x8e\xe5\xb0\x8f\xe9\xbe\x99", NULL, "\xe6\x9d\x8e\xe5\xb0\x8f\xe9\xbe\x99"},
    {"\xd9\x86\xdb\x8c\xe2\x80\x8c\xd9\x84\xd9\x88\xd9\x81\xd8\xb1", NULL,
     "\xd9\x86\xdb\x8c\xe2\x80\x8c\xd9\x84\xd9\x88\xd9\x81\xd8\xb1"},
    {"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xa7 Ann", NULL,
     "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xa7 Ann"},
    {"", "error.required", ""},
    {" \n\t", "error.required", ""},
    {"\xe2\x80\x8b\xe2\x81\xa0", "error.required", NULL}, // nothing to see
    {"\xe3\x85\xa4", "error.required", NULL},
    {"\xc2\xad \xef\xbb\xbf", "error.required", NULL},
    {"John\nDoe", "error.name_characters", NULL},
    {"John\r\nBcc: x", "error.name_characters", NULL},
    {"John\tDoe", "error.name_characters", NULL},
    {"John\x1b[31m", "error.name_characters", NULL},
    {"John\x7f"
     "Doe",
     "error.name_characters", NULL},
    {"John\xc2\x85"
     "Doe",
     "error.name_characters", NULL},
    {"John\xe2\x80\xae"
     "eoD",
     "error.name_characters", NULL},
    {"John\xe2\x80\xaa"
     "Doe",
     "error.name_characters", NULL},
    {"John\xe2\x81\xa7"
     "Doe",
     "error.name_characters", NULL},
    {"John\xee\x80\x80"
     "Doe",
     "error.name_characters", NULL},
};

static void names_are_taken_or_refused(void **state)
{
    for (size_t i = 0; i < ROWS(names); i++) {
        struct identity identity;
        struct field_errors errors =
            read_identity(*state, "somebody", "john@example.com", names[i].typed, good_password, &identity);
        check_phrase(error_of(&errors, "name"), names[i].error, names[i].typed);
        assert_int_equal(errors.count, names[i].error == NULL ? 0 : 1);
        if (names[i].name != NULL) {
            assert_text(identity.name, names[i].name);
        }
    }
}

static const struct length_row name_lengths[] = {
    {"a", 150, NULL},
    {"a", 151, "error.name_length"},
    {"\xf0\x9f\x98\x80", 150, NULL},
    {"\xf0\x9f\x98\x80", 151, "error.name_length"},
};

static void names_are_counted_in_characters(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ROWS(name_lengths); i++) {
        struct identity identity;
        const char *typed = text_string(
            fixture->arena, repeated(fixture->arena, name_lengths[i].unit, name_lengths[i].count));
        struct field_errors errors =
            read_identity(fixture, "somebody", "john@example.com", typed, good_password, &identity);
        check_phrase(error_of(&errors, "name"), name_lengths[i].error, name_lengths[i].unit);
    }
}

struct password_row {
    const char *head;
    const char *unit;
    size_t count;
    const char *error;
};

static const struct password_row passwords[] = {
    {"", "", 0, "error.required"},
    {"xkT8#mQ", "", 0, "error.password_short"},
    {"xkT8#mQ2", "", 0, NULL},
    {"", "\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97", 2, "error.password_short"}, // 18 bytes, 6 characters
    {"       ", "", 0, "error.password_short"},
    {"        ", "", 0, "error.password_weak"},
    {"xkT8#mQp2vL!9f", "\xf0\x9f\x98\x80", 1010, NULL},
    {"xkT8#mQp2vL!9f", "\xf0\x9f\x98\x80", 1011, "error.password_long"},
    {"xkT8#mQp2vL!9f", "a", 60000, "error.password_long"},
    {"securepass123", "", 0, NULL},
    {"johndoe123", "", 0, "error.password_weak"},
    {"john@example.com", "", 0, "error.password_weak"},
    {"password", "", 0, "error.password_weak"},
    {"aaaaaaaa", "", 0, "error.password_weak"},
};

static void passwords_are_taken_or_refused(void **state)
{
    struct fixture *fixture = *state;
    struct arena *arena = fixture->arena;
    for (size_t i = 0; i < ROWS(passwords); i++) {
        const struct text parts[] = {text_from(passwords[i].head),
                                     repeated(arena, passwords[i].unit, passwords[i].count)};
        struct identity identity;
        struct field_errors errors = read_identity(fixture, "johndoe", "john@example.com", "John Doe",
                                                   text_join(arena, parts, 2), &identity);
        check_phrase(error_of(&errors, "password"), passwords[i].error, passwords[i].head);
    }
}

static void every_fault_is_told_at_once_in_the_forms_order(void **state)
{
    struct identity identity;
    struct field_errors errors = read_identity(*state, "a b", "nonsense", "\n", TEXT("short"), &identity);
    static const char *const fields[] = {"name", "username", "email", "password"};
    assert_int_equal(errors.count, 4);
    for (size_t i = 0; i < ROWS(fields); i++) {
        assert_string_equal(errors.items[i].field, fields[i]);
    }
}

static void a_sign_in_names_a_username_or_an_email(void **state)
{
    struct fixture *fixture = *state;
    struct text username = {NULL, 0};
    struct text email = {NULL, 0};
    identity_sign_in_keys(&fixture->account, TEXT(" JohnDoe "), &username, &email);
    assert_text(username, "johndoe");
    assert_int_equal(email.length, 0);
    identity_sign_in_keys(&fixture->account,
                          TEXT("John@B\xc3\xbc"
                               "cher.Example "),
                          &username, &email);
    assert_text(username, "john@b\xc3\xbc"
                          "cher.example");
    assert_text(email, "john@xn--bcher-kva.example");
    identity_sign_in_keys(&fixture->account, TEXT("  "), &username, &email);
    assert_int_equal(username.length + email.length, 0);
    identity_sign_in_keys(&fixture->account, repeated(fixture->arena, "x@y.", 5000), &username, &email);
    assert_int_equal(username.length + email.length, 0);
}

static const char *const mailboxes[][2] = {
    {"John.Doe+shop@Example.COM", "john.doe@example.com"},
    {"john+a+b@example.com", "john@example.com"},
    {"john@example.com", "john@example.com"},
    {"john+@example.com", "john@example.com"},
    {"+john@example.com", "+john@example.com"},
    {"john@exam+ple.com", "john@exam+ple.com"},
};

static void a_mailbox_has_no_tag(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ROWS(mailboxes); i++) {
        assert_text(identity_mailbox(&fixture->account, text_from(mailboxes[i][0])), mailboxes[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(usernames_are_taken_or_refused),
        WITH_FIXTURE(usernames_are_counted_in_characters),
        WITH_FIXTURE(spellings_of_one_username_have_one_key),
        WITH_FIXTURE(emails_are_taken_or_refused),
        WITH_FIXTURE(emails_have_their_lengths),
        WITH_FIXTURE(emails_are_one_without_regard_to_ascii_case),
        WITH_FIXTURE(names_are_taken_or_refused),
        WITH_FIXTURE(names_are_counted_in_characters),
        WITH_FIXTURE(passwords_are_taken_or_refused),
        WITH_FIXTURE(every_fault_is_told_at_once_in_the_forms_order),
        WITH_FIXTURE(a_sign_in_names_a_username_or_an_email),
        WITH_FIXTURE(a_mailbox_has_no_tag),
    };
    return cmocka_run_group_tests_name("identity", tests, start, NULL);
}
