// See session.h.
#include "storefront/account/session.h"
#include "storefront/account/code.h"
#include "storefront/base/encode.h"

#define COOKIE_SIZE ((size_t)32) // 256 random bits
#define SECOND      ((int64_t)1000000)
#define MINUTE      (SECOND * 60)
#define DAY         (MINUTE * 60 * 24)

static struct text digest_cookie(struct account *account, struct text cookie)
{
    unsigned char bytes[COOKIE_SIZE];
    unsigned char *key = arena_take(account->arena, DIGEST_SIZE);
    bool is_cookie = key != NULL && decode_base64url(cookie, bytes, sizeof bytes);
    bool done = is_cookie && secret_digest(text_of(bytes, sizeof bytes), key);
    if (is_cookie && !done) {
        // Nobody may be told that he is signed out because of it.
        arena_fail(account->arena);
    }
    secret_wipe(bytes, sizeof bytes);
    return done ? text_of(key, DIGEST_SIZE) : (struct text){NULL, 0};
}

// The columns of sql/statements/find_session.sql.
enum {
    ID,
    EARLIER_TOKEN,
    BEGUN_AT,
    USED_AT,
    NOW,
    PENDING_ID,
    CUSTOMER_ID,
    USERNAME,
    NAME,
    EMAIL,
    VERIFIED_AT
};

static void read_session(const struct settings *settings, const struct rows *rows, struct session *session)
{
    int64_t age = rows_time(rows, 0, NOW) - rows_time(rows, 0, BEGUN_AT);
    int64_t idle = rows_time(rows, 0, NOW) - rows_time(rows, 0, USED_AT);
    int64_t life = settings->session_maximum_days * DAY;
    session->is_known = rows->count == 1 && idle < settings->session_days * DAY && age < life;
    if (!session->is_known) {
        return;
    }
    session->id = rows_text(rows, 0, ID);
    session->earlier_token = rows_text(rows, 0, EARLIER_TOKEN);
    session->is_to_be_touched = idle >= settings->session_touch_minutes * MINUTE;
    session->seconds_left = (life - age) / SECOND;
    session->is_signed_in = !rows_is_nothing(rows, 0, CUSTOMER_ID);
    session->is_pending = !rows_is_nothing(rows, 0, PENDING_ID);
    session->customer = (struct customer){
        .id = rows_text(rows, 0, CUSTOMER_ID),
        .username = rows_text(rows, 0, USERNAME),
        .name = rows_text(rows, 0, NAME),
        .email = rows_text(rows, 0, EMAIL),
        .member_since = rows_time(rows, 0, VERIFIED_AT) / SECOND,
    };
}

// The columns of sql/statements/find_pending_registration.sql.
enum { REGISTRATION_ID, PENDING_CUSTOMER_ID, PENDING_USERNAME, PENDING_NAME, PENDING_EMAIL, PENDING_CODE };

static void ask_pending(struct account *account, const struct session *session, struct answer *answer)
{
    const struct parameter parameters[] = {
        parameter_bytes(session->key),
        parameter_number(account->settings->unverified_hours),
    };
    database_ask(account->database, account->arena, STATEMENT_FIND_PENDING_REGISTRATION, parameters,
                 sizeof parameters / sizeof *parameters, answer);
}

// A session that was proven meanwhile is gone.
static void read_pending(const struct rows *rows, struct session *session)
{
    if (rows->count == 0) {
        *session = (struct session){.key = session->key};
        return;
    }
    session->is_pending = !rows_is_nothing(rows, 0, REGISTRATION_ID);
    session->pending = (struct registration){
        .id = rows_text(rows, 0, REGISTRATION_ID),
        .customer_id = rows_text(rows, 0, PENDING_CUSTOMER_ID),
        .username = rows_text(rows, 0, PENDING_USERNAME),
        .name = rows_text(rows, 0, PENDING_NAME),
        .email = rows_text(rows, 0, PENDING_EMAIL),
    };
    code_read_state(rows, PENDING_CODE, session->pending.id, &session->code);
}

// Most sessions await no proof: what they would need is asked for by a statement of its own, in the same turn
// where it is likely to be needed.
enum outcome session_find(struct account *account, struct text cookie, bool expects_pending,
                          struct session *session)
{
    struct answer found;
    struct answer pending;
    *session = (struct session){.key = digest_cookie(account, cookie)};
    if (session->key.length == 0) {
        return OUTCOME_DONE;
    }
    const struct parameter parameters[] = {parameter_bytes(session->key)};
    database_ask(account->database, account->arena, STATEMENT_FIND_SESSION, parameters,
                 sizeof parameters / sizeof *parameters, &found);
    if (expects_pending) {
        ask_pending(account, session, &pending);
    }
    enum database_outcome done = database_turn(account->database, account->arena);
    if (done == DATABASE_DONE) {
        read_session(account->settings, &found.rows, session);
    }
    if (session->is_pending && !expects_pending) {
        ask_pending(account, session, &pending);
        done = database_turn(account->database, account->arena);
    }
    if (session->is_pending && done == DATABASE_DONE) {
        read_pending(&pending.rows, session);
    }
    if (done != DATABASE_DONE) {
        *session = (struct session){.key = session->key};
    }
    account->customer_id = session->is_signed_in ? session->customer.id : session->pending.customer_id;
    return account_outcome(done);
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
    if (secret_random(bytes, sizeof bytes)) {
        ticket.cookie = encode_base64url(account->arena, text_of(bytes, sizeof bytes));
        ticket.key = digest_cookie(account, ticket.cookie);
    } else {
        arena_fail(account->arena);
    }
    secret_wipe(bytes, sizeof bytes);
    return ticket;
}

void session_ask_pending(struct account *account, const struct ticket *ticket, struct text registration_id,
                         struct text token_digest, bool is_twin, struct answer *answer)
{
    const struct parameter parameters[] = {
        parameter_bytes(ticket->id),       parameter_bytes(ticket->key), parameter_bytes(registration_id),
        parameter_bytes(token_digest),     parameter_switch(is_twin),    parameter_bytes(ticket->was_key),
        parameter_bytes(ticket->spare_id),
    };
    database_ask(account->database, account->arena, STATEMENT_OPEN_PENDING_SESSION, parameters,
                 sizeof parameters / sizeof *parameters, answer);
}

enum outcome session_read_pending(const struct answer *answer)
{
    return answer->outcome == DATABASE_DONE && answer->rows.count == 0 ? OUTCOME_NOTHING_PENDING
                                                                       : account_outcome(answer->outcome);
}

enum outcome session_open_pending(struct account *account, const struct ticket *ticket,
                                  struct text registration_id, struct text token_digest, bool is_twin)
{
    struct answer answer;
    session_ask_pending(account, ticket, registration_id, token_digest, is_twin, &answer);
    (void)database_turn(account->database, account->arena);
    return session_read_pending(&answer);
}
