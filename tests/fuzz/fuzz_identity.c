// Who somebody is: username, e-mail, name and password, parted by zeros. What is accepted is accepted again
// in its canonical form, under the same keys, by which a sign-in finds it.
#include "support.h"

#include "storefront/account/identity.h"
#include "storefront/base/unicode.h"
#include "storefront/mail/message.h"

static void check_mail_header(struct text email)
{
    struct buffer out = buffer_open(fuzz_room(), (size_t)4096);
    message_add_header(&out, TEXT("To"), email);
    struct text line = buffer_text(&out);
    size_t end = text_find_text(line, TEXT("\r\n"));
    // A line that goes on begins with a blank; any other would be a header of its own.
    while (end + 2 < line.length) {
        promise(line.bytes[end + 2] == ' ');
        line = text_after(line, end + 2);
        end = text_find_text(line, TEXT("\r\n"));
    }
    promise(end + 2 == line.length);
}

static void check_email(struct account *account, const struct identity *identity)
{
    struct text domain = identity->email;
    struct text local = text_next(&domain, '@');
    struct text mailbox = identity_mailbox(account, identity->email);
    promise(identity->email.length <= 254 && unicode_count(identity->email) == identity->email.length);
    promise(local.length > 0 && !fuzz_holds(domain, TEXT("@")) && fuzz_holds(domain, TEXT(".")));
    promise(fuzz_is_one_line(identity->email) && !fuzz_holds(identity->email, TEXT(" ")) &&
            !fuzz_holds(identity->email, TEXT("<")) && !fuzz_holds(identity->email, TEXT(",")));
    promise(text_equals_ignoring_case(identity->email, identity->email_key));
    promise(text_equals(mailbox, identity_mailbox(account, mailbox)));
    check_mail_header(identity->email);
}

static void check_keys(struct account *account, const struct identity *identity)
{
    struct text username_key = {NULL, 0};
    struct text email_key = {NULL, 0};
    promise(identity->username_key.length > 0);
    promise(text_equals(unicode_fold(account->arena, identity->username_key), identity->username_key));
    identity_sign_in_keys(account, identity->username, &username_key, &email_key);
    promise(text_equals(username_key, identity->username_key));
    promise(email_key.length == 0 || text_equals(email_key, identity->email_key));
    identity_sign_in_keys(account, identity->email, &username_key, &email_key);
    promise(text_equals(email_key, identity->email_key));
    promise(text_equals(identity_username_key(account, identity->username), identity->username_key));
}

static void check_again(struct account *account, const struct identity *identity, struct text password)
{
    struct identity again;
    struct field_errors errors = {.count = 0};
    identity_read(account, identity->username, identity->email, identity->name, password, &again, &errors);
    promise(errors.count == 0);
    promise(text_equals(again.username, identity->username) &&
            text_equals(again.username_key, identity->username_key));
    promise(text_equals(again.email, identity->email) && text_equals(again.email_key, identity->email_key));
    promise(text_equals(again.name, identity->name));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text rest = text_of(bytes, size);
    struct text username = text_next(&rest, '\0');
    struct text email = text_next(&rest, '\0');
    struct text name = text_next(&rest, '\0');
    struct account account = {.settings = fuzz_settings(), .arena = fuzz_begin()};
    struct identity identity;
    struct field_errors errors = {.count = 0};
    // What is not UTF-8 gets no further than the form.
    if (unicode_is_valid(username) && unicode_is_valid(email) && unicode_is_valid(name) &&
        unicode_is_valid(rest)) {
        identity_read(&account, username, email, name, rest, &identity, &errors);
        promise(errors.count <= 4);
        if (identity.email.length > 0) {
            check_email(&account, &identity);
        }
        if (errors.count == 0 && !arena_failed(account.arena)) {
            promise(unicode_is_valid(identity.username) && fuzz_is_one_line(identity.username));
            promise(unicode_is_valid(identity.name) && fuzz_is_one_line(identity.name));
            check_keys(&account, &identity);
            check_again(&account, &identity, rest);
        }
    }
    fuzz_end();
    return 0;
}
