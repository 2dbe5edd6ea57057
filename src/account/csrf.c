// See csrf.h. A token is a nonce of 16 bytes and an HMAC of 32, in base64url; masked, it is a random pad and
// the token combined with it, as in Django.
#include "storefront/account/csrf.h"
#include "storefront/base/encode.h"

#include <string.h>

#define NONCE_SIZE  ((size_t)16)
#define TOKEN_SIZE  (NONCE_SIZE + DIGEST_SIZE)
#define MASKED_SIZE (2 * TOKEN_SIZE)

static const struct text none = {"", 0};

static void fill_parts(struct text parts[static 3], const unsigned char *nonce, struct text session_key)
{
    parts[0] = TEXT("csrftoken");
    parts[1] = text_of(nonce, NONCE_SIZE);
    parts[2] = session_key;
}

struct text csrf_make(struct account *account, struct text session_key)
{
    unsigned char token[TOKEN_SIZE] = {0};
    struct text parts[3];
    fill_parts(parts, token, session_key);
    bool done = secret_random(token, NONCE_SIZE) &&
                keyring_mac(account->keyring, KEY_TOKENS, keyring_current(account->keyring), parts, 3,
                            token + NONCE_SIZE);
    if (!done) {
        arena_fail(account->arena);
    }
    struct text made = done ? encode_base64url(account->arena, text_of(token, sizeof token)) : none;
    secret_wipe(token, sizeof token);
    return made;
}

static bool is_made_for(const struct account *account, const unsigned char token[static TOKEN_SIZE],
                        struct text session_key)
{
    struct text parts[3];
    fill_parts(parts, token, session_key);
    return keyring_verify(account->arena, account->keyring, KEY_TOKENS, parts, 3,
                          text_of(token + NONCE_SIZE, DIGEST_SIZE));
}

// A session that is not known counts as none. A token for it passes too: it was this browser's a moment ago
// (two clicks, of which the first changed the session), and opens no more than one for none, which anybody
// can have.
static bool fits_session(const struct account *account, const struct session *session,
                         const unsigned char token[static TOKEN_SIZE])
{
    if (session->is_known) {
        return is_made_for(account, token, session->key);
    }
    return is_made_for(account, token, none) ||
           (session->key.length > 0 && is_made_for(account, token, session->key));
}

bool csrf_is_valid(const struct account *account, const struct session *session, struct text token)
{
    unsigned char bytes[TOKEN_SIZE];
    bool is_valid = decode_base64url(token, bytes, sizeof bytes) && fits_session(account, session, bytes);
    secret_wipe(bytes, sizeof bytes);
    return is_valid;
}

struct text csrf_mask(struct account *account, struct text token)
{
    unsigned char masked[MASKED_SIZE];
    unsigned char bytes[TOKEN_SIZE];
    bool done = decode_base64url(token, bytes, sizeof bytes) && secret_nonce(masked, TOKEN_SIZE);
    if (!done) {
        arena_fail(account->arena);
    }
    for (size_t i = 0; i < TOKEN_SIZE && done; i++) {
        masked[TOKEN_SIZE + i] = masked[i] ^ bytes[i];
    }
    secret_wipe(bytes, sizeof bytes);
    struct text made = done ? encode_base64url(account->arena, text_of(masked, sizeof masked)) : none;
    secret_wipe(masked, sizeof masked);
    return made;
}

static bool unmask(struct text given, unsigned char token[static TOKEN_SIZE])
{
    unsigned char masked[MASKED_SIZE];
    if (decode_base64url(given, token, TOKEN_SIZE)) {
        return true;
    }
    bool is_masked = decode_base64url(given, masked, sizeof masked);
    for (size_t i = 0; i < TOKEN_SIZE && is_masked; i++) {
        token[i] = masked[i] ^ masked[TOKEN_SIZE + i];
    }
    secret_wipe(masked, sizeof masked);
    return is_masked;
}

// True when `token` is the one in `cookie`, and good for the session.
static bool is_own(const struct account *account, const struct session *session, struct text cookie,
                   const unsigned char token[static TOKEN_SIZE])
{
    unsigned char expected[TOKEN_SIZE];
    bool is_own = decode_base64url(cookie, expected, sizeof expected) &&
                  secret_equals(text_of(token, TOKEN_SIZE), text_of(expected, sizeof expected)) &&
                  fits_session(account, session, token);
    secret_wipe(expected, sizeof expected);
    return is_own;
}

bool csrf_check(struct account *account, const struct session *session, struct text cookie, struct text given,
                bool allows_earlier, struct text *digest)
{
    unsigned char token[TOKEN_SIZE];
    unsigned char *digest_bytes = arena_take(account->arena, DIGEST_SIZE);
    bool is_token = digest_bytes != NULL && unmask(given, token);
    if (is_token && !secret_digest(text_of(token, sizeof token), digest_bytes)) {
        arena_fail(account->arena);
        is_token = false;
    }
    bool passes = is_token && is_own(account, session, cookie, token);
    secret_wipe(token, sizeof token);
    if (is_token) {
        *digest = text_of(digest_bytes, DIGEST_SIZE);
    }
    return passes || (is_token && allows_earlier && session->is_known && session->earlier_token.length > 0 &&
                      secret_equals(*digest, session->earlier_token));
}
