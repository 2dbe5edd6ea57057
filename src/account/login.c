// See login.h. The way: take the limit and find the account in one step; hash, whether or not there is one;
// then write.
#include "storefront/account/login.h"
#include "storefront/account/code.h"
#include "storefront/account/identity.h"
#include "storefront/account/throttle.h"
#include "storefront/base/log.h"
#include "storefront/security/password.h"

#define MINUTE           60
#define LOOKS            6 // the registration that was found can be mended or proved meanwhile
#define PASSWORD_MAXIMUM ((size_t)4 * 1024) // bytes: 1,024 characters of four; longer was never accepted

// Who was named: sql/statements/begin_sign_in.sql.
struct named {
    struct text limit_key;
    struct text customer_id; // empty: nobody
    struct text password_hash;
    bool is_verified;
    struct registration registration;
};

enum { IS_TAKEN, SECONDS, LIMIT_KEY, ID, USERNAME, NAME, EMAIL, PASSWORD_HASH, IS_VERIFIED, REGISTRATION_ID };

static void read_named(const struct rows *rows, struct named *named)
{
    *named = (struct named){
        .limit_key = rows_text(rows, 0, LIMIT_KEY),
        .customer_id = rows_text(rows, 0, ID),
        .password_hash = rows_text(rows, 0, PASSWORD_HASH),
        .is_verified = rows_switch(rows, 0, IS_VERIFIED),
        .registration = {.id = rows_text(rows, 0, REGISTRATION_ID),
                         .username = rows_text(rows, 0, USERNAME),
                         .name = rows_text(rows, 0, NAME),
                         .email = rows_text(rows, 0, EMAIL)},
    };
}

static enum outcome begin(struct account *account, const struct visitor *visitor,
                          const struct login_form *form, struct named *named, int64_t *retry_after)
{
    const struct settings *settings = account->settings;
    struct text username_key = {NULL, 0};
    struct text email_key = {NULL, 0};
    struct rows rows;
    identity_sign_in_keys(account, form->username, &username_key, &email_key);
    struct text address = throttle_address(account->arena, visitor->address);
    if (address.length == 0) {
        return OUTCOME_UNAVAILABLE;
    }
    struct sign_in_key key = throttle_sign_in_key(account, username_key, email_key, address);
    const struct parameter parameters[] = {
        parameter_bytes(username_key),
        email_key.length == 0 ? parameter_nothing() : parameter_bytes(email_key),
        parameter_bytes(key.name),
        parameter_bytes(key.address),
        parameter_number(settings->sign_in_failures),
        parameter_number(settings->sign_in_minutes * MINUTE),
        parameter_number(settings->unverified_hours),
    };
    if (database_run(account->database, account->arena, STATEMENT_BEGIN_SIGN_IN, parameters,
                     sizeof parameters / sizeof *parameters, &rows) != DATABASE_DONE) {
        return OUTCOME_UNAVAILABLE;
    }
    read_named(&rows, named);
    account->customer_id = named->customer_id;
    int64_t wait = rows_number(&rows, 0, SECONDS);
    *retry_after = wait < 1 ? 1 : wait;
    return rows_switch(&rows, 0, IS_TAKEN) ? OUTCOME_DONE : OUTCOME_THROTTLED;
}

static bool checks_password(struct account *account, struct text password, const struct named *named)
{
    struct hashing hashing = account_begin_hashing();
    bool is_nobodys = named->customer_id.length == 0 || password.length > PASSWORD_MAXIMUM;
    struct text hash = is_nobodys ? password_nobody() : named->password_hash;
    bool is_right =
        password_check(account->arena, text_cut(password, 0, PASSWORD_MAXIMUM), hash) && !is_nobodys;
    account_end_hashing(account, hashing);
    return is_right;
}

// Best effort: a customer who is signed in must not be told otherwise because a hash stayed as it was.
static void renew_hash(struct account *account, const struct named *named, struct text password)
{
    const struct password_cost cost = {account->settings->password_memory_kib,
                                       account->settings->password_passes};
    if (!password_is_outdated(named->password_hash, cost)) {
        return;
    }
    struct hashing hashing = account_begin_hashing();
    struct text hash = password_hash(account->arena, password, cost);
    account_end_hashing(account, hashing);
    const struct parameter parameters[] = {parameter_bytes(named->customer_id),
                                           parameter_bytes(named->password_hash), parameter_bytes(hash)};
    if (hash.length == 0 || database_run(account->database, account->arena, STATEMENT_RENEW_PASSWORD_HASH,
                                         parameters, 3, NULL) != DATABASE_DONE) {
        log_line(LOG_WARNING, "password hash was not renewed");
    }
}

static enum outcome sign_in(struct account *account, const struct visitor *visitor, const struct named *named,
                            struct login_result *result)
{
    struct ticket ticket = session_new_ticket(account, visitor->session);
    const struct parameter parameters[] = {
        parameter_bytes(ticket.id),          parameter_bytes(ticket.key),
        parameter_bytes(named->customer_id), parameter_bytes(visitor->token_digest),
        parameter_bytes(named->limit_key),   parameter_bytes(ticket.was_key),
        parameter_bytes(ticket.spare_id),
    };
    enum database_outcome done = database_run(account->database, account->arena, STATEMENT_SIGN_IN,
                                              parameters, sizeof parameters / sizeof *parameters, NULL);
    result->ticket = ticket;
    return account_outcome(done);
}

// In one transaction mails the code again where it may be, opens the session and gives the limit back. The
// mail first: it locks its limits, the customer and the code in the order in which a registration does.
static enum outcome write_pending(struct account *account, const struct visitor *visitor,
                                  const struct named *named, const struct ticket *ticket,
                                  struct code_state *state)
{
    const struct parameter limit[] = {parameter_bytes(named->limit_key), parameter_nothing()};
    enum outcome outcome = state->is_there ? OUTCOME_DONE : OUTCOME_NOTHING_PENDING;
    database_begin(account->database);
    if (outcome == OUTCOME_DONE && state->resend_in == 0) {
        outcome = code_queue(account, &named->registration, ticket->id, state);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = session_open_pending(account, ticket, named->registration.id, visitor->token_digest, false);
    }
    if (outcome != OUTCOME_DONE) {
        database_rollback(account->database);
    }
    if (database_run(account->database, account->arena, STATEMENT_GIVE_BACK_LIMIT, limit, 2, NULL) !=
        DATABASE_DONE) {
        database_rollback(account->database);
        return OUTCOME_UNAVAILABLE;
    }
    return outcome == OUTCOME_DONE ? account_outcome(database_commit(account->database)) : outcome;
}

// The password is right but the e-mail is not proved: the session may prove it, and the code is mailed again
// if it may be. OUTCOME_NOTHING_PENDING: the registration was mended, proved or taken over meanwhile, or
// somebody else had the code mailed.
static enum outcome open_pending(struct account *account, const struct visitor *visitor,
                                 const struct named *named, struct login_result *result)
{
    struct ticket ticket = session_new_ticket(account, visitor->session);
    struct code_state state = {.is_there = false};
    enum outcome outcome = code_find(account, &named->registration, ticket.id, &state);
    if (outcome == OUTCOME_DONE) {
        outcome = write_pending(account, visitor, named, &ticket, &state);
    }
    if (outcome == OUTCOME_DONE) {
        result->ticket = ticket;
        return OUTCOME_UNVERIFIED;
    }
    return outcome == OUTCOME_UNAVAILABLE ? OUTCOME_UNAVAILABLE : OUTCOME_NOTHING_PENDING;
}

static enum outcome try_once(struct account *account, const struct visitor *visitor,
                             const struct login_form *form, struct login_result *result)
{
    struct named named = {.is_verified = false};
    enum outcome outcome = begin(account, visitor, form, &named, &result->retry_after);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (!checks_password(account, form->password, &named)) {
        return OUTCOME_DENIED;
    }
    if (!named.is_verified) {
        return open_pending(account, visitor, &named, result);
    }
    renew_hash(account, &named, form->password);
    return sign_in(account, visitor, &named, result);
}

enum outcome account_login(struct account *account, const struct visitor *visitor,
                           const struct login_form *form, struct login_result *result)
{
    *result = (struct login_result){.retry_after = 0};
    if (text_trim(form->username).length == 0) {
        field_errors_add(&result->errors, "username", "error.required");
    }
    if (form->password.length == 0) {
        field_errors_add(&result->errors, "password", "error.required");
    }
    if (result->errors.count > 0) {
        return OUTCOME_INVALID;
    }
    enum outcome outcome = OUTCOME_NOTHING_PENDING;
    for (int look = 0; look < LOOKS && outcome == OUTCOME_NOTHING_PENDING; look++) {
        outcome = try_once(account, visitor, form, result);
    }
    return outcome == OUTCOME_NOTHING_PENDING ? OUTCOME_UNAVAILABLE : outcome;
}
