// See throttle.h.
#include "storefront/account/throttle.h"
#include "storefront/security/secret.h"

#include <arpa/inet.h>
#include <string.h>

#define HOUR             3600
#define HALF_KEY         ((size_t)16) // bytes: two of them are as long as the other limits' keys
#define IPV6_COUNTED     ((size_t)8)  // bytes of a /64
#define IPV6_MAPPED_SIZE ((size_t)12)

// The name of `subject` by the key `number`, 32 bytes.
static struct text digest(struct account *account, int64_t number, enum limit limit, struct text subject)
{
    static const char *const names[] = {
        [LIMIT_ADDRESS_REGISTRATIONS] = "registrations of an address",
        [LIMIT_ADDRESS_SIGN_INS] = "sign-ins of an address",
        [LIMIT_SIGN_INS] = "sign-ins",
        [LIMIT_MAILBOX] = "mailbox",
        [LIMIT_SESSION] = "session",
    };
    const struct text parts[] = {text_from(names[limit]), subject};
    unsigned char *key = arena_take(account->arena, DIGEST_SIZE);
    if (key == NULL || !keyring_mac(account->keyring, KEY_LIMITS, number, parts, 2, key)) {
        arena_fail(account->arena);
        return (struct text){NULL, 0};
    }
    return text_of(key, DIGEST_SIZE);
}

// A limit that cannot be asked in full must not be asked at all.
static void carry_over(struct account *account, enum statement statement, const struct parameter *parameters,
                       size_t count)
{
    if (database_run(account->database, account->arena, statement, parameters, count, NULL) !=
        DATABASE_DONE) {
        arena_fail(account->arena);
    }
}

struct text throttle_key(struct account *account, enum limit limit, struct text subject)
{
    struct text key = digest(account, keyring_current(account->keyring), limit, subject);
    for (size_t i = 1; i < keyring_count(account->keyring); i++) {
        struct text other = digest(account, keyring_number(account->keyring, i), limit, subject);
        const struct parameter parameters[] = {parameter_bytes(other), parameter_bytes(key)};
        carry_over(account, STATEMENT_CARRY_LIMIT_OVER, parameters, 2);
    }
    return key;
}

static struct text half(struct account *account, size_t key, struct text subject)
{
    struct text whole = digest(account, keyring_number(account->keyring, key), LIMIT_SIGN_INS, subject);
    return text_cut(whole, 0, HALF_KEY);
}

struct sign_in_key throttle_sign_in_key(struct account *account, struct text username_key,
                                        struct text email_key, struct text address)
{
    struct text name = email_key.length == 0 ? username_key : email_key;
    struct sign_in_key key = {.name = half(account, 0, name), .address = half(account, 0, address)};
    for (size_t i = 1; i < keyring_count(account->keyring); i++) {
        const struct parameter parameters[] = {
            parameter_bytes(username_key),
            email_key.length == 0 ? parameter_nothing() : parameter_bytes(email_key),
            parameter_bytes(half(account, i, name)),
            parameter_bytes(half(account, i, address)),
            parameter_bytes(key.name),
            parameter_bytes(key.address),
        };
        carry_over(account, STATEMENT_CARRY_SIGN_INS_OVER, parameters, 6);
    }
    return key;
}

struct text throttle_address(struct arena *arena, struct text address)
{
    static const unsigned char mapped[IPV6_MAPPED_SIZE] = {[10] = 0xff, [11] = 0xff};
    struct in_addr four;
    struct in6_addr six;
    const char *string = text_string(arena, address);
    if (string == NULL || address.length == 0) {
        return (struct text){NULL, 0};
    }
    if (inet_pton(AF_INET, string, &four) == 1) {
        return text_copy(arena, text_of(&four, sizeof four));
    }
    if (inet_pton(AF_INET6, string, &six) != 1) {
        return (struct text){NULL, 0};
    }
    struct text bytes = text_copy(arena, text_of(&six, sizeof six));
    bool is_mapped = text_starts_with(bytes, text_of(mapped, sizeof mapped));
    return is_mapped ? text_after(bytes, IPV6_MAPPED_SIZE) : text_cut(bytes, 0, IPV6_COUNTED);
}

// What a limit for a client address allows in an hour.
static int64_t address_maximum(const struct settings *settings, enum limit limit)
{
    return limit == LIMIT_ADDRESS_REGISTRATIONS ? settings->address_registrations
                                                : settings->address_sign_in_failures;
}

enum outcome throttle_take_address(struct account *account, enum limit limit, struct text address,
                                   int64_t *retry_after)
{
    struct text counted = throttle_address(account->arena, address);
    struct rows rows;
    if (!account->settings->address_limits) {
        return OUTCOME_DONE;
    }
    if (counted.length == 0) {
        return OUTCOME_UNAVAILABLE;
    }
    const struct parameter parameters[] = {
        parameter_bytes(throttle_key(account, limit, counted)),
        parameter_number(address_maximum(account->settings, limit)),
        parameter_number(HOUR),
    };
    if (database_run(account->database, account->arena, STATEMENT_TAKE_LIMIT, parameters, 3, &rows) !=
        DATABASE_DONE) {
        return OUTCOME_UNAVAILABLE;
    }
    int64_t wait = rows_number(&rows, 0, 1);
    *retry_after = wait < 1 ? 1 : wait;
    return rows_switch(&rows, 0, 0) ? OUTCOME_DONE : OUTCOME_THROTTLED;
}

void throttle_give_back_address(struct account *account, enum limit limit, struct text address)
{
    struct text counted = throttle_address(account->arena, address);
    if (!account->settings->address_limits || counted.length == 0) {
        return;
    }
    const struct parameter parameters[] = {parameter_bytes(throttle_key(account, limit, counted)),
                                           parameter_nothing()};
    // What cannot be given back is forgotten within the hour.
    (void)database_run(account->database, account->arena, STATEMENT_GIVE_BACK_LIMIT, parameters, 2, NULL);
}

void throttle_ask_mail(struct account *account, struct text mailbox_key, struct text session_key,
                       struct answer *answer)
{
    const struct parameter parameters[] = {
        parameter_bytes(mailbox_key),
        parameter_bytes(session_key),
        parameter_number(account->settings->mails_per_hour),
        parameter_number(account->settings->mails_per_day),
    };
    database_ask(account->database, account->arena, STATEMENT_TAKE_MAIL_LIMITS, parameters, 4, answer);
}

enum outcome throttle_read_mail(const struct account *account, const struct answer *answer, int64_t *next_in)
{
    if (answer->outcome != DATABASE_DONE) {
        return OUTCOME_UNAVAILABLE;
    }
    *next_in = account->settings->resend_seconds;
    for (size_t row = 0; row < answer->rows.count; row++) {
        int64_t wait = rows_number(&answer->rows, row, 0);
        *next_in = wait > *next_in ? wait : *next_in;
    }
    return answer->rows.count == 2 ? OUTCOME_DONE : OUTCOME_THROTTLED;
}

int64_t throttle_mail_wait(struct account *account, struct text mailbox_key, struct text session_key)
{
    struct rows rows;
    const struct parameter parameters[] = {
        parameter_bytes(mailbox_key),
        parameter_bytes(session_key),
        parameter_number(account->settings->mails_per_hour),
        parameter_number(account->settings->mails_per_day),
    };
    (void)database_run(account->database, account->arena, STATEMENT_FIND_MAIL_WAIT, parameters, 4, &rows);
    int64_t wait = rows_number(&rows, 0, 0);
    return wait < 1 ? 1 : wait;
}
