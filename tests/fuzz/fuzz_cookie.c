// The Cookie header and the tokens in it. Input: the header, a line end, a token as a page or script would
// send it.
#include "support.h"

#include "storefront/account/csrf.h"
#include "storefront/base/encode.h"
#include "storefront/http/request.h"

#include <string.h>

#define COOKIE_SIZE ((size_t)32)
#define TOKEN_SIZE  ((size_t)48)

static void check_value(struct arena *arena, struct text header, struct text name)
{
    const struct request request = {.cookies = header};
    const struct text longer[] = {header, TEXT("; "), name, TEXT("=later")};
    const struct request with_second = {.cookies = text_join(fuzz_room(), longer, 4)};
    struct text value = request_cookie(&request, name);
    unsigned char bytes[COOKIE_SIZE];
    promise(!fuzz_holds(value, TEXT(";")));
    promise(value.bytes == NULL || value.length == 0 || fuzz_holds(header, value));
    promise(text_equals(request_cookie(&with_second, name), value.bytes == NULL ? TEXT("later") : value));
    if (decode_base64url(value, bytes, sizeof bytes)) {
        promise(text_equals(encode_base64url(arena, text_of(bytes, sizeof bytes)), value));
    }
}

// A token that passes stays good when it is masked, and no longer when one bit of it is another.
static void check_passing(struct account *account, const struct session *session, struct text cookie,
                          struct text given)
{
    struct text digest = {NULL, 0};
    struct text again = {NULL, 0};
    unsigned char bytes[TOKEN_SIZE];
    if (!csrf_check(account, session, cookie, given, false, &digest)) {
        return;
    }
    promise(digest.length == DIGEST_SIZE && csrf_is_valid(account, session, cookie));
    promise(csrf_check(account, session, cookie, csrf_mask(account, cookie), false, &again));
    promise(text_equals(digest, again));
    promise(decode_base64url(cookie, bytes, sizeof bytes));
    bytes[given.length % TOKEN_SIZE] ^= (unsigned char)(1U << (cookie.length % 8));
    struct text wrong = encode_base64url(account->arena, text_of(bytes, sizeof bytes));
    promise(!csrf_is_valid(account, session, wrong));
    promise(!csrf_check(account, session, wrong, wrong, false, &again));
    promise(!csrf_check(account, session, cookie, wrong, false, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text given = text_of(bytes, size);
    struct text header = text_next(&given, '\n');
    struct arena *arena = fuzz_begin();
    struct account account = {.keyring = fuzz_keyring(), .settings = fuzz_settings(), .arena = arena};
    const struct session none = {.is_known = false};
    const struct session known = {.is_known = true, .key = TEXT("0123456789abcdef0123456789abcdef")};
    const struct request request = {.cookies = header};
    struct text cookie = request_cookie(&request, TEXT("csrftoken"));
    check_value(arena, header, TEXT("sessionid"));
    check_value(arena, header, TEXT("__Host-sessionid"));
    check_value(arena, header, TEXT("csrftoken"));
    check_value(arena, header, TEXT("language"));
    check_passing(&account, &none, cookie, given);
    check_passing(&account, &known, cookie, given);
    struct text own = csrf_make(&account, known.key);
    promise(csrf_is_valid(&account, &known, own) && !csrf_is_valid(&account, &none, own));
    check_passing(&account, &known, own, own);
    promise(!arena_failed(arena));
    fuzz_end();
    return 0;
}
