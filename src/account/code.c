// See code.h.
#include "storefront/account/code.h"
#include "storefront/account/identity.h"
#include "storefront/account/throttle.h"

#define MINUTE 60

// The columns of sql/statements/find_code.sql.
enum {
    ID,
    EMAIL,
    NONCE,
    DIGITS,
    KEY_NUMBER,
    ATTEMPTS,
    ATTEMPTS_ALLOWED,
    IS_HANDED_OVER,
    EXPIRES_IN,
    RESEND_IN
};

static void read_state(const struct rows *rows, struct text registration_id, struct code_state *state)
{
    int64_t attempts_left = rows_number(rows, 0, ATTEMPTS_ALLOWED) - rows_number(rows, 0, ATTEMPTS);
    *state = (struct code_state){
        .is_there = rows->count == 1,
        .is_handed_over = rows_switch(rows, 0, IS_HANDED_OVER),
        .is_locked = rows->count == 1 && attempts_left <= 0,
        .attempts_left = attempts_left,
        .expires_in = rows_number(rows, 0, EXPIRES_IN),
        .resend_in = rows_number(rows, 0, RESEND_IN),
        .facts = {.code_id = rows_text(rows, 0, ID),
                  .registration_id = registration_id,
                  .email = rows_text(rows, 0, EMAIL),
                  .nonce = rows_text(rows, 0, NONCE),
                  .key_number = rows_number(rows, 0, KEY_NUMBER),
                  .digits = rows_number(rows, 0, DIGITS)},
    };
}

static struct text mailbox_key(struct account *account, const struct registration *registration)
{
    return throttle_key(account, LIMIT_MAILBOX, identity_mailbox(account, registration->email));
}

enum outcome code_find(struct account *account, const struct registration *registration,
                       struct text session_id, struct code_state *state)
{
    const struct settings *settings = account->settings;
    struct rows rows;
    const struct parameter parameters[] = {
        parameter_bytes(registration->id),
        parameter_bytes(mailbox_key(account, registration)),
        parameter_bytes(throttle_key(account, LIMIT_SESSION, session_id)),
        parameter_number(settings->resend_seconds),
        parameter_number(settings->mails_per_hour),
        parameter_number(settings->mails_per_day),
    };
    enum database_outcome found = database_run(account->database, account->arena, STATEMENT_FIND_CODE,
                                               parameters, sizeof parameters / sizeof *parameters, &rows);
    if (found == DATABASE_DONE) {
        read_state(&rows, registration->id, state);
    }
    return account_outcome(found);
}

enum outcome code_issue(struct account *account, struct text registration_id, struct text mailbox,
                        int64_t least_age, int64_t *digits)
{
    const struct settings *settings = account->settings;
    unsigned char nonce[CODE_NONCE_SIZE];
    struct rows rows;
    if (!secret_random(nonce, sizeof nonce)) {
        return OUTCOME_UNAVAILABLE;
    }
    const struct parameter parameters[] = {
        parameter_bytes(account_new_id(account)),
        parameter_bytes(registration_id),
        parameter_bytes(text_of(nonce, sizeof nonce)),
        parameter_number(settings->otp_digits),
        parameter_number(settings->otp_raised_digits),
        parameter_bytes(mailbox),
        parameter_number(keyring_current(account->keyring)),
        parameter_number(settings->otp_attempts),
        parameter_number(settings->otp_minutes * MINUTE),
        parameter_bytes(account_new_id(account)),
        parameter_number(least_age),
    };
    if (database_run(account->database, account->arena, STATEMENT_ISSUE_CODE, parameters,
                     sizeof parameters / sizeof *parameters, &rows) != DATABASE_DONE) {
        return OUTCOME_UNAVAILABLE;
    }
    *digits = rows_number(&rows, 0, 0);
    return rows.count == 1 ? OUTCOME_DONE : OUTCOME_THROTTLED;
}

static bool is_worth_repeating(const struct account *account, const struct code_state *state)
{
    return state->is_there && !state->is_locked && state->expires_in > 0 &&
           (!state->is_handed_over || state->expires_in >= account->settings->otp_repeat_minutes * MINUTE);
}

// Queues the mail in the caller's transaction. A second resend at the same moment finds the first one's mail
// too young.
static enum outcome queue_mail(struct account *account, const struct registration *registration,
                               struct text mailbox, struct code_state *state)
{
    const struct settings *settings = account->settings;
    struct rows rows;
    if (!is_worth_repeating(account, state)) {
        state->expires_in = settings->otp_minutes * MINUTE;
        return code_issue(account, registration->id, mailbox, settings->resend_seconds, &state->facts.digits);
    }
    const struct parameter parameters[] = {
        parameter_bytes(state->facts.code_id),
        parameter_bytes(account_new_id(account)),
        parameter_number(settings->resend_seconds),
    };
    if (database_run(account->database, account->arena, STATEMENT_REPEAT_CODE, parameters, 3, &rows) !=
        DATABASE_DONE) {
        return OUTCOME_UNAVAILABLE;
    }
    return rows.count == 1 ? OUTCOME_DONE : OUTCOME_THROTTLED;
}

enum outcome code_send_again(struct account *account, const struct registration *registration,
                             struct text session_id, struct code_state *state, int64_t *retry_after)
{
    struct text mailbox = mailbox_key(account, registration);
    struct text session = throttle_key(account, LIMIT_SESSION, session_id);
    *retry_after = state->resend_in;
    if (state->resend_in > 0) {
        return OUTCOME_THROTTLED;
    }
    database_begin(account->database);
    enum outcome outcome = throttle_take_mail(account, mailbox, session);
    if (outcome == OUTCOME_DONE) {
        outcome = queue_mail(account, registration, mailbox, state);
    }
    if (outcome == OUTCOME_DONE) {
        state->resend_in = account->settings->resend_seconds;
        return account_outcome(database_commit(account->database));
    }
    database_rollback(account->database);
    if (outcome == OUTCOME_THROTTLED) {
        int64_t wait = throttle_mail_wait(account, mailbox, session);
        *retry_after = wait > 1 ? wait : account->settings->resend_seconds;
    }
    return outcome;
}
