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

void code_read_state(const struct rows *rows, size_t first, struct text registration_id,
                     struct code_state *state)
{
    int64_t attempts_left =
        rows_number(rows, 0, first + ATTEMPTS_ALLOWED) - rows_number(rows, 0, first + ATTEMPTS);
    bool is_there = rows->count == 1 && !rows_is_nothing(rows, 0, first + ID);
    *state = (struct code_state){
        .is_there = is_there,
        .is_handed_over = rows_switch(rows, 0, first + IS_HANDED_OVER),
        .is_locked = is_there && attempts_left <= 0,
        .attempts_left = attempts_left,
        .expires_in = rows_number(rows, 0, first + EXPIRES_IN),
        .resend_in = rows_number(rows, 0, first + RESEND_IN),
        .facts = {.code_id = rows_text(rows, 0, first + ID),
                  .registration_id = registration_id,
                  .email = rows_text(rows, 0, first + EMAIL),
                  .nonce = rows_text(rows, 0, first + NONCE),
                  .key_number = rows_number(rows, 0, first + KEY_NUMBER),
                  .digits = rows_number(rows, 0, first + DIGITS)},
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
        code_read_state(&rows, 0, registration->id, state);
    }
    return account_outcome(found);
}

void code_ask(struct account *account, struct text registration_id, struct text mailbox, int64_t least_age,
              struct answer *answer)
{
    const struct settings *settings = account->settings;
    unsigned char nonce[CODE_NONCE_SIZE] = {0};
    if (!secret_random(nonce, sizeof nonce)) {
        arena_fail(account->arena);
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
    database_ask(account->database, account->arena, STATEMENT_ISSUE_CODE, parameters,
                 sizeof parameters / sizeof *parameters, answer);
}

enum outcome code_read(const struct answer *answer, int64_t *digits)
{
    if (answer->outcome != DATABASE_DONE) {
        return OUTCOME_UNAVAILABLE;
    }
    *digits = rows_number(&answer->rows, 0, 0);
    return answer->rows.count == 1 ? OUTCOME_DONE : OUTCOME_THROTTLED;
}

static bool is_worth_repeating(const struct account *account, const struct code_state *state)
{
    return state->is_there && !state->is_locked && state->expires_in > 0 &&
           (!state->is_handed_over || state->expires_in >= account->settings->otp_repeat_minutes * MINUTE);
}

static void ask_again(struct account *account, const struct code_state *state, struct answer *answer)
{
    const struct parameter parameters[] = {
        parameter_bytes(state->facts.code_id),
        parameter_bytes(account_new_id(account)),
        parameter_number(account->settings->resend_seconds),
    };
    database_ask(account->database, account->arena, STATEMENT_REPEAT_CODE, parameters, 3, answer);
}

// A second resend at the same moment finds the first one's mail too young.
enum outcome code_queue(struct account *account, const struct registration *registration,
                        struct text session_id, struct code_state *state)
{
    const struct settings *settings = account->settings;
    struct text mailbox = mailbox_key(account, registration);
    struct text session = throttle_key(account, LIMIT_SESSION, session_id);
    bool repeats = is_worth_repeating(account, state);
    state->is_new = !repeats;
    struct answer limits;
    struct answer mail;
    int64_t next_in = 0;
    throttle_ask_mail(account, mailbox, session, &limits);
    if (repeats) {
        ask_again(account, state, &mail);
    } else {
        state->expires_in = settings->otp_minutes * MINUTE;
        code_ask(account, registration->id, mailbox, settings->resend_seconds, &mail);
    }
    (void)database_turn(account->database, account->arena);
    enum outcome outcome = throttle_read_mail(account, &limits, &next_in);
    state->resend_in = outcome == OUTCOME_DONE ? next_in : state->resend_in;
    if (outcome != OUTCOME_DONE || !repeats) {
        return outcome == OUTCOME_DONE ? code_read(&mail, &state->facts.digits) : outcome;
    }
    if (mail.outcome != DATABASE_DONE) {
        return OUTCOME_UNAVAILABLE;
    }
    return mail.rows.count == 1 ? OUTCOME_DONE : OUTCOME_THROTTLED;
}

// A code is refused because its last mail is too young or the mails are spent, or because a proof or a
// take-over came first.
static enum outcome explain_refusal(struct account *account, const struct registration *registration,
                                    struct text session_id, const struct code_state *before,
                                    int64_t *retry_after)
{
    struct code_state now = {.is_there = false};
    enum outcome outcome = code_find(account, registration, session_id, &now);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    *retry_after = now.resend_in > 1 ? now.resend_in : account->settings->resend_seconds;
    return before->is_there && !now.is_there ? OUTCOME_NOTHING_PENDING : OUTCOME_THROTTLED;
}

enum outcome code_send_again(struct account *account, const struct registration *registration,
                             struct text session_id, struct code_state *state, int64_t *retry_after)
{
    *retry_after = state->resend_in;
    if (state->resend_in > 0) {
        return OUTCOME_THROTTLED;
    }
    database_begin(account->database);
    enum outcome outcome = code_queue(account, registration, session_id, state);
    if (outcome == OUTCOME_DONE) {
        return account_outcome(database_commit(account->database));
    }
    database_rollback(account->database);
    return outcome == OUTCOME_THROTTLED
               ? explain_refusal(account, registration, session_id, state, retry_after)
               : outcome;
}
