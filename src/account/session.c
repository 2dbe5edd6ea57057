// See session.h.
#include "storefront/account/session.h"
#include "storefront/base/encode.h"

#define COOKIE_SIZE ((size_t)32) // 256 random bits

static struct text digest_cookie(struct account *account, struct text cookie)
{
    unsigned char bytes[COOKIE_SIZE];
    unsigned char *key = arena_take(account->arena, DIGEST_SIZE);
    if (key == NULL || !decode_base64url(cookie, bytes, sizeof bytes) ||
        !secret_digest(text_of(bytes, sizeof bytes), key)) {
        return (struct text){NULL, 0};
    }
    secret_wipe(bytes, sizeof bytes);
    return text_of(key, DIGEST_SIZE);
}

// The columns of sql/statements/find_session.sql.
enum {
    ID,
    EARLIER_TOKEN,
    IS_TO_BE_TOUCHED,
    SECONDS_LEFT,
    CUSTOMER_ID,
    USERNAME,
    NAME,
    EMAIL,
    MEMBER_SINCE,
    REGISTRATION_ID,
    PENDING_USERNAME,
    PENDING_NAME,
    PENDING_EMAIL
};

static void read_session(const struct rows *rows, struct session *session)
{
    session->is_known = rows->count == 1;
    session->id = rows_text(rows, 0, ID);
    session->earlier_token = rows_text(rows, 0, EARLIER_TOKEN);
    session->is_to_be_touched = rows_switch(rows, 0, IS_TO_BE_TOUCHED);
    session->seconds_left = rows_number(rows, 0, SECONDS_LEFT);
    session->is_signed_in = !rows_is_nothing(rows, 0, CUSTOMER_ID);
    session->customer = (struct customer){
        .id = rows_text(rows, 0, CUSTOMER_ID),
        .username = rows_text(rows, 0, USERNAME),
        .name = rows_text(rows, 0, NAME),
        .email = rows_text(rows, 0, EMAIL),
        .member_since = rows_number(rows, 0, MEMBER_SINCE),
    };
    session->is_pending = !rows_is_nothing(rows, 0, REGISTRATION_ID);
    session->pending = (struct registration){
        .id = rows_text(rows, 0, REGISTRATION_ID),
        .username = rows_text(rows, 0, PENDING_USERNAME),
        .name = rows_text(rows, 0, PENDING_NAME),
        .email = rows_text(rows, 0, PENDING_EMAIL),
    };
}

enum outcome session_find(struct account *account, struct text cookie, struct session *session)
{
    const struct settings *settings = account->settings;
    struct rows rows;
    *session = (struct session){.key = digest_cookie(account, cookie)};
    if (session->key.length == 0) {
        return OUTCOME_DONE;
    }
    const struct parameter parameters[] = {
        parameter_bytes(session->key),
        parameter_number(settings->session_days),
        parameter_number(settings->session_maximum_days),
        parameter_number(settings->session_touch_minutes),
        parameter_number(settings->unverified_hours),
    };
    enum database_outcome found = database_run(account->database, account->arena, STATEMENT_FIND_SESSION,
                                               parameters, sizeof parameters / sizeof *parameters, &rows);
    if (found == DATABASE_DONE) {
        read_session(&rows, session);
    }
    return account_outcome(found);
}

bool session_is_gone(const struct session *session)
{
    return !session->is_known && session->key.length > 0;
}

bool session_touch(struct account *account, const struct session *session)
{
    const struct parameter parameters[] = {parameter_bytes(session->id)};
    return database_run(account->database, account->arena, STATEMENT_TOUCH_SESSION, parameters, 1, NULL) ==
           DATABASE_DONE;
}

enum outcome session_end(struct account *account, const struct session *session)
{
    const struct parameter parameters[] = {parameter_bytes(session->id)};
    return account_outcome(
        database_run(account->database, account->arena, STATEMENT_END_SESSION, parameters, 1, NULL));
}

struct ticket session_new_ticket(struct account *account, const struct session *session)
{
    unsigned char bytes[COOKIE_SIZE];
    struct ticket ticket = {.was_key = session->key, .spare_id = account_new_id(account)};
    ticket.id = session->is_known ? session->id : ticket.spare_id;
    if (!secret_random(bytes, sizeof bytes)) {
        (void)arena_take(account->arena, SIZE_MAX);
        return ticket;
    }
    ticket.cookie = encode_base64url(account->arena, text_of(bytes, sizeof bytes));
    ticket.key = digest_cookie(account, ticket.cookie);
    secret_wipe(bytes, sizeof bytes);
    return ticket;
}

enum outcome session_open_pending(struct account *account, const struct ticket *ticket,
                                  struct text registration_id, struct text token_digest, bool is_twin)
{
    const struct parameter parameters[] = {
        parameter_bytes(ticket->id),       parameter_bytes(ticket->key), parameter_bytes(registration_id),
        parameter_bytes(token_digest),     parameter_switch(is_twin),    parameter_bytes(ticket->was_key),
        parameter_bytes(ticket->spare_id),
    };
    struct rows rows;
    enum database_outcome done =
        database_run(account->database, account->arena, STATEMENT_OPEN_PENDING_SESSION, parameters,
                     sizeof parameters / sizeof *parameters, &rows);
    return done == DATABASE_DONE && rows.count == 0 ? OUTCOME_NOTHING_PENDING : account_outcome(done);
}
