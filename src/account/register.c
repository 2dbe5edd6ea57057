// See register.h. The way: judge the fields; look who has the names; hash, outside of any transaction; then
// one transaction that either makes everything or nothing. Whoever loses a race for a name or a mail looks
// again.
#include "storefront/account/register.h"
#include "storefront/account/code.h"
#include "storefront/account/throttle.h"
#include "storefront/security/password.h"

#define DOUBLE_CLICK_SECONDS 60
#define MINUTE               60
#define LOOKS                4 // a race can be lost, the winner can go, the mails can be spent; not much oftener

// One try to register, from fields to session.
struct attempt {
    struct account *account;
    const struct visitor *visitor;
    const struct register_form *form;
    struct register_result *result;
    struct identity identity;
    struct text hash; // of the password; made once
};

// Who has the names: sql/statements/find_name_holders.sql.
struct holder {
    bool has_username;
    bool has_email;
    bool is_own;          // this session's pending registration
    bool is_double_click; // made by this browser a moment ago
    bool is_held;
    struct registration registration;
    struct text password_hash;
};

struct holders {
    struct holder items[3]; // of the username, of the e-mail, and this session's own
    size_t count;
};

enum {
    HAS_USERNAME,
    HAS_EMAIL,
    IS_OWN,
    IS_DOUBLE_CLICK,
    IS_HELD,
    REGISTRATION_ID,
    CUSTOMER_ID,
    USERNAME,
    EMAIL,
    NAME,
    PASSWORD_HASH
};

static struct password_cost cost_of(const struct account *account)
{
    return (struct password_cost){account->settings->password_memory_kib, account->settings->password_passes};
}

static void read_holders(const struct rows *rows, struct holders *holders)
{
    holders->count = rows->count < 3 ? rows->count : 3;
    for (size_t i = 0; i < holders->count; i++) {
        holders->items[i] = (struct holder){
            .has_username = rows_switch(rows, i, HAS_USERNAME),
            .has_email = rows_switch(rows, i, HAS_EMAIL),
            .is_own = rows_switch(rows, i, IS_OWN),
            .is_double_click = rows_switch(rows, i, IS_DOUBLE_CLICK),
            .is_held = rows_switch(rows, i, IS_HELD),
            .registration = {.id = rows_text(rows, i, REGISTRATION_ID),
                             .customer_id = rows_text(rows, i, CUSTOMER_ID),
                             .username = rows_text(rows, i, USERNAME),
                             .email = rows_text(rows, i, EMAIL),
                             .name = rows_text(rows, i, NAME)},
            .password_hash = rows_text(rows, i, PASSWORD_HASH),
        };
    }
}

static enum outcome find_holders(struct attempt *attempt, struct holders *holders)
{
    struct account *account = attempt->account;
    const struct session *session = attempt->visitor->session;
    struct rows rows;
    const struct parameter parameters[] = {
        parameter_bytes(attempt->identity.username_key),
        parameter_bytes(attempt->identity.email_key),
        session->is_pending ? parameter_bytes(session->pending.id) : parameter_nothing(),
        parameter_bytes(attempt->visitor->token_digest),
        parameter_number(DOUBLE_CLICK_SECONDS),
        parameter_number(account->settings->unverified_hours),
    };
    enum database_outcome found = database_run(account->database, account->arena, STATEMENT_FIND_NAME_HOLDERS,
                                               parameters, sizeof parameters / sizeof *parameters, &rows);
    read_holders(&rows, holders);
    return account_outcome(found);
}

static bool checks_password(struct attempt *attempt, const struct holder *holder)
{
    struct hashing hashing = account_begin_hashing();
    bool is_right = password_check(attempt->account->arena, attempt->form->password, holder->password_hash);
    account_end_hashing(attempt->account, hashing);
    return is_right;
}

static bool hash_password(struct attempt *attempt)
{
    struct hashing hashing = account_begin_hashing();
    if (attempt->hash.length == 0) {
        attempt->hash =
            password_hash(attempt->account->arena, attempt->form->password, cost_of(attempt->account));
    }
    account_end_hashing(attempt->account, hashing);
    return attempt->hash.length > 0;
}

static bool is_same_person(const struct attempt *attempt, const struct holder *holder)
{
    return holder->has_username && holder->has_email &&
           text_equals(holder->registration.username, attempt->identity.username) &&
           text_equals(holder->registration.email, attempt->identity.email);
}

// Says which names somebody else has; whether there are any.
static bool refuse_taken(struct attempt *attempt, const struct holders *holders)
{
    bool username_is_taken = false;
    bool email_is_taken = false;
    for (size_t i = 0; i < holders->count; i++) {
        const struct holder *holder = &holders->items[i];
        if (!holder->is_own && holder->is_held) {
            username_is_taken = username_is_taken || holder->has_username;
            email_is_taken = email_is_taken || holder->has_email;
        }
    }
    if (username_is_taken) {
        field_errors_add(&attempt->result->errors, "username", "error.username_taken");
    }
    if (email_is_taken) {
        field_errors_add(&attempt->result->errors, "email", "error.email_taken");
    }
    return username_is_taken || email_is_taken;
}

// Tells the browser how the code of a registration stands that is there already. OUTCOME_INVALID: it was
// proved or mended meanwhile.
static enum outcome report_code(struct attempt *attempt, const struct registration *registration,
                                struct text session_id, struct code_state *state)
{
    enum outcome outcome = code_find(attempt->account, registration, session_id, state);
    if (outcome == OUTCOME_DONE && !state->is_there) {
        return OUTCOME_INVALID;
    }
    attempt->result->expires_in = state->is_locked ? 0 : state->expires_in;
    attempt->result->resend_in = state->resend_in;
    attempt->result->code_length = state->facts.digits;
    return outcome;
}

// The second click of a double click, whose session does not know of the first: it gets a session of its own
// to the same registration.
static enum outcome answer_double_click(struct attempt *attempt, const struct holder *holder)
{
    struct account *account = attempt->account;
    struct code_state state = {.is_there = false};
    struct ticket ticket = session_new_ticket(account, attempt->visitor->session);
    enum outcome outcome =
        session_open_pending(account, &ticket, holder->registration.id, attempt->visitor->token_digest, true);
    if (outcome != OUTCOME_DONE) {
        // It was mended or taken over meanwhile: look again.
        return outcome == OUTCOME_NOTHING_PENDING ? OUTCOME_INVALID : outcome;
    }
    account->customer_id = holder->registration.customer_id;
    attempt->result->ticket = ticket;
    return report_code(attempt, &holder->registration, ticket.id, &state);
}

static enum outcome rename_registration(struct attempt *attempt, const struct holder *holder)
{
    struct account *account = attempt->account;
    const struct parameter parameters[] = {parameter_bytes(holder->registration.id),
                                           parameter_bytes(attempt->identity.name)};
    if (text_equals(holder->registration.name, attempt->identity.name)) {
        return OUTCOME_DONE;
    }
    return account_outcome(
        database_run(account->database, account->arena, STATEMENT_RENAME_REGISTRATION, parameters, 2, NULL));
}

// This session sent the form of its own registration again, with nothing changed that a code depends on: the
// code stays, and is mailed again where it may be. OUTCOME_INVALID: it was proved or taken over meanwhile.
static enum outcome answer_repetition(struct attempt *attempt, const struct holder *holder)
{
    struct code_state state = {.is_there = false};
    struct text session_id = attempt->visitor->session->id;
    int64_t retry_after = 0;
    enum outcome outcome = rename_registration(attempt, holder);
    if (outcome == OUTCOME_DONE) {
        outcome = report_code(attempt, &holder->registration, session_id, &state);
    }
    if (outcome == OUTCOME_DONE && !holder->is_double_click) {
        outcome = code_send_again(attempt->account, &holder->registration, session_id, &state, &retry_after);
        attempt->result->expires_in = state.is_locked && !state.is_new ? 0 : state.expires_in;
        attempt->result->resend_in = state.resend_in > retry_after ? state.resend_in : retry_after;
        attempt->result->code_length = state.facts.digits;
    }
    if (outcome == OUTCOME_NOTHING_PENDING) {
        return OUTCOME_INVALID;
    }
    return outcome == OUTCOME_THROTTLED ? OUTCOME_DONE : outcome;
}

// Puts the customer's row there: a new one, or this session's own in its mended form.
static void ask_customer(struct attempt *attempt, const struct holder *own, struct text registration_id,
                         struct answer *answer)
{
    struct account *account = attempt->account;
    const struct identity *identity = &attempt->identity;
    const struct parameter parameters[] = {
        parameter_bytes(own == NULL ? account_new_id(account) : registration_id),
        parameter_bytes(identity->username),
        parameter_bytes(identity->username_key),
        parameter_bytes(identity->email),
        parameter_bytes(identity->email_key),
        parameter_bytes(identity->name),
        parameter_bytes(attempt->hash),
        parameter_bytes(attempt->visitor->language),
        parameter_bytes(own == NULL ? registration_id : own->registration.id),
        parameter_bytes(attempt->visitor->token_digest),
        parameter_number(account->settings->hold_minutes),
        parameter_number(account->settings->unverified_hours),
    };
    enum statement statement = own == NULL ? STATEMENT_REGISTER_CUSTOMER : STATEMENT_MEND_REGISTRATION;
    database_ask(account->database, account->arena, statement, parameters,
                 sizeof parameters / sizeof *parameters, answer);
}

// OUTCOME_INVALID: a name went to somebody else meanwhile.
static enum outcome read_customer(const struct answer *answer)
{
    bool is_lost = answer->outcome == DATABASE_CONFLICT || answer->outcome == DATABASE_RETRY ||
                   (answer->outcome == DATABASE_DONE && answer->rows.count == 0);
    return is_lost ? OUTCOME_INVALID : account_outcome(answer->outcome);
}

// The transaction's one turn: limits, customer, code with its mail, session. Each statement finds nothing to
// do where the one before it did nothing, and all is given up then.
static enum outcome take_turn(struct attempt *attempt, const struct holder *own, struct text mailbox,
                              struct text session, const struct ticket *ticket)
{
    struct account *account = attempt->account;
    struct text registration_id = account_new_id(account);
    struct answer limits;
    struct answer customer;
    struct answer code;
    struct answer pending;
    throttle_ask_mail(account, mailbox, session, &limits);
    ask_customer(attempt, own, registration_id, &customer);
    code_ask(account, registration_id, mailbox, 0, &code);
    session_ask_pending(account, ticket, registration_id, attempt->visitor->token_digest, false, &pending);
    (void)database_turn(account->database, account->arena);
    enum outcome outcome = throttle_read_mail(account, &limits, &attempt->result->resend_in);
    if (outcome == OUTCOME_DONE) {
        outcome = read_customer(&customer);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = code_read(&code, &attempt->result->code_length);
    }
    outcome = outcome == OUTCOME_DONE ? session_read_pending(&pending) : outcome;
    if (outcome == OUTCOME_DONE) {
        account->customer_id = rows_text(&customer.rows, 0, 0);
    }
    return outcome;
}

static enum outcome write_registration(struct attempt *attempt, const struct holder *own)
{
    struct account *account = attempt->account;
    struct ticket ticket = session_new_ticket(account, attempt->visitor->session);
    struct text mailbox =
        throttle_key(account, LIMIT_MAILBOX, identity_mailbox(account, attempt->identity.email));
    struct text session = throttle_key(account, LIMIT_SESSION, ticket.id);
    database_begin(account->database);
    enum outcome outcome = take_turn(attempt, own, mailbox, session, &ticket);
    if (outcome == OUTCOME_DONE) {
        attempt->result->ticket = ticket;
        attempt->result->expires_in = account->settings->otp_minutes * MINUTE;
        return account_outcome(database_commit(account->database));
    }
    database_rollback(account->database);
    if (outcome == OUTCOME_THROTTLED) {
        attempt->result->retry_after = throttle_mail_wait(account, mailbox, session);
    }
    return outcome;
}

// One look at who has the names, and what follows from it. OUTCOME_INVALID without a message: look again.
static enum outcome try_once(struct attempt *attempt)
{
    struct holders holders = {.count = 0};
    const struct holder *own = NULL;
    enum outcome outcome = find_holders(attempt, &holders);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    for (size_t i = 0; i < holders.count; i++) {
        const struct holder *holder = &holders.items[i];
        bool is_twin = !holder->is_own && holder->is_double_click && is_same_person(attempt, holder) &&
                       text_equals(holder->registration.name, attempt->identity.name);
        if (is_twin && checks_password(attempt, holder)) {
            return answer_double_click(attempt, holder);
        }
        own = holder->is_own ? holder : own;
    }
    if (refuse_taken(attempt, &holders)) {
        return OUTCOME_INVALID;
    }
    if (own != NULL && is_same_person(attempt, own) && checks_password(attempt, own)) {
        return answer_repetition(attempt, own);
    }
    return hash_password(attempt) ? write_registration(attempt, own) : OUTCOME_UNAVAILABLE;
}

enum outcome account_register(struct account *account, const struct visitor *visitor,
                              const struct register_form *form, struct register_result *result)
{
    struct attempt attempt = {.account = account, .visitor = visitor, .form = form, .result = result};
    *result = (struct register_result){.retry_after = 0};
    identity_read(account, form->username, form->email, form->name, form->password, &attempt.identity,
                  &result->errors);
    if (result->errors.count > 0) {
        return arena_failed(account->arena) ? OUTCOME_UNAVAILABLE : OUTCOME_INVALID;
    }
    enum outcome outcome = OUTCOME_INVALID;
    bool looks_again = true;
    bool was_throttled = false;
    for (int look = 0; look < LOOKS && looks_again; look++) {
        result->retry_after = 0;
        outcome = try_once(&attempt);
        // The mail that was one too many may be that of the first click, or of who has the names now.
        looks_again = (outcome == OUTCOME_INVALID && result->errors.count == 0) ||
                      (outcome == OUTCOME_THROTTLED && !was_throttled);
        was_throttled = outcome == OUTCOME_THROTTLED;
    }
    return outcome == OUTCOME_INVALID && result->errors.count == 0 ? OUTCOME_UNAVAILABLE : outcome;
}
