// See verify.h.
#include "storefront/account/verify.h"
#include "storefront/account/code.h"
#include "storefront/account/identity.h"
#include "storefront/account/throttle.h"
#include "storefront/base/unicode.h"

#define TYPED_MAXIMUM  ((size_t)64) // bytes kept of what was typed: more than any code has
#define REPEATED_AFTER 3            // seconds; a double click is over by then, and so is a request's time

static bool is_filler(int32_t code_point)
{
    const int32_t minus = 0x2212;
    enum unicode_class class = unicode_classify(code_point);
    return unicode_is_white(code_point) || class == UNICODE_DASH || class == UNICODE_INVISIBLE ||
           code_point == minus;
}

struct text verify_digits(struct account *account, struct text typed)
{
    const int32_t full_width_zero = 0xff10;
    struct buffer digits = buffer_open(account->arena, TYPED_MAXIMUM);
    struct text rest = typed;
    while (rest.length > 0) {
        struct text before = rest;
        int32_t code_point = unicode_next(&rest);
        if (code_point >= full_width_zero && code_point <= full_width_zero + 9) {
            buffer_add_byte(&digits, (char)('0' + code_point - full_width_zero));
        } else if (!is_filler(code_point)) {
            buffer_add(&digits, text_cut(before, 0, before.length - rest.length));
        }
    }
    return buffer_text(&digits);
}

// Zeros in front of a code that came as a number.
static struct text pad(struct account *account, struct text digits, int64_t length)
{
    static const char zeros[] = "00000000";
    if ((int64_t)digits.length >= length) {
        return digits;
    }
    const struct text parts[] = {text_of(zeros, (size_t)length - digits.length), digits};
    return text_join(account->arena, parts, 2);
}

// The digits that were typed; zeros in front of a number are put back.
static struct text typed_digits(struct account *account, const struct verify_form *form, int64_t length)
{
    struct text digits = verify_digits(account, form->code);
    return form->code_is_number ? pad(account, digits, length) : digits;
}

static bool are_digits(struct text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9') {
            return false;
        }
    }
    return true;
}

// True when `digits` is the code that follows from `facts`.
static bool is_code(const struct account *account, const struct code_facts *facts, struct text digits)
{
    char code[CODE_DIGITS_MAXIMUM];
    bool is_derived = code_derive(account->keyring, facts, code);
    bool matches = is_derived && secret_equals(text_of(code, (size_t)facts->digits), digits);
    if (!is_derived && keyring_has(account->keyring, facts->key_number)) {
        // A try that nobody can judge must not be counted: no statement runs any more.
        arena_fail(account->arena);
    }
    secret_wipe(code, sizeof code);
    return matches;
}

// A code's columns, in the order in which each statement here returns them.
enum { ID, REGISTRATION_ID, EMAIL, NONCE, DIGITS, KEY_NUMBER };

static struct code_facts read_facts(const struct rows *rows, size_t row, size_t first)
{
    return (struct code_facts){.code_id = rows_text(rows, row, first + ID),
                               .registration_id = rows_text(rows, row, first + REGISTRATION_ID),
                               .email = rows_text(rows, row, first + EMAIL),
                               .nonce = rows_text(rows, row, first + NONCE),
                               .digits = rows_number(rows, row, first + DIGITS),
                               .key_number = rows_number(rows, row, first + KEY_NUMBER)};
}

// Whether `digits` is a code of this registration from an older mail.
static enum outcome compare_replaced(struct account *account, struct text registration_id, struct text digits)
{
    struct rows rows;
    const struct parameter parameters[] = {parameter_bytes(registration_id)};
    if (database_run(account->database, account->arena, STATEMENT_FIND_REPLACED_CODES, parameters, 1,
                     &rows) != DATABASE_DONE) {
        return OUTCOME_UNAVAILABLE;
    }
    for (size_t i = 0; i < rows.count; i++) {
        const struct code_facts facts = read_facts(&rows, i, 0);
        if (is_code(account, &facts, digits)) {
            return OUTCOME_CODE_REPLACED;
        }
    }
    return OUTCOME_CODE_WRONG;
}

static enum outcome refuse_locked(const struct code_state *state, struct verify_result *result)
{
    result->retry_after = state->resend_in < 1 ? 1 : state->resend_in;
    return OUTCOME_CODE_LOCKED;
}

static bool is_for(struct account *account, const struct verify_form *form, struct text username)
{
    return form->username.length == 0 || text_equals(identity_username_key(account, form->username),
                                                     identity_username_key(account, username));
}

// The columns of sql/statements/find_repeated_proof.sql.
enum { SESSION_ID, PROVED_CUSTOMER_ID, PROVED_USERNAME, IS_FRESH, PROVED_CODE };

// One session is kept where the first answer was lost; two where it may be under way still.
static enum outcome sign_in_again(struct account *account, const struct session *session,
                                  const struct rows *proof, struct text code_id, struct verify_result *result)
{
    struct rows rows;
    bool is_fresh = rows_switch(proof, 0, IS_FRESH);
    struct ticket ticket = session_new_ticket(account, session);
    struct text proved_id = rows_text(proof, 0, SESSION_ID);
    const struct parameter kept[] = {parameter_bytes(proved_id), parameter_bytes(session->key),
                                     parameter_bytes(ticket.key), parameter_bytes(code_id)};
    const struct parameter second[] = {parameter_bytes(proved_id), parameter_bytes(session->key),
                                       parameter_bytes(ticket.spare_id), parameter_bytes(ticket.key),
                                       parameter_bytes(code_id)};
    enum database_outcome done =
        is_fresh ? database_run(account->database, account->arena, STATEMENT_REPEAT_SIGN_IN, second, 5, &rows)
                 : database_run(account->database, account->arena, STATEMENT_REPEAT_PROOF, kept, 4, &rows);
    result->ticket = ticket;
    return done == DATABASE_DONE && rows.count == 0 ? OUTCOME_NOTHING_PENDING : account_outcome(done);
}

// The answer to a right code may have been lost: the same cookie and code sign in once more.
static enum outcome repeat_proof(struct account *account, const struct session *session,
                                 const struct verify_form *form, struct verify_result *result)
{
    struct rows rows;
    const struct parameter find[] = {parameter_bytes(session->key), parameter_number(REPEATED_AFTER)};
    if (database_run(account->database, account->arena, STATEMENT_FIND_REPEATED_PROOF, find, 2, &rows) !=
        DATABASE_DONE) {
        return OUTCOME_UNAVAILABLE;
    }
    if (rows.count == 0 || !is_for(account, form, rows_text(&rows, 0, PROVED_USERNAME)) ||
        (rows_switch(&rows, 0, IS_FRESH) && !form->is_page)) {
        return OUTCOME_NOTHING_PENDING;
    }
    account->customer_id = rows_text(&rows, 0, PROVED_CUSTOMER_ID);
    const struct code_facts facts = read_facts(&rows, 0, PROVED_CODE);
    if (!is_code(account, &facts, typed_digits(account, form, facts.digits))) {
        const struct parameter count[] = {parameter_bytes(facts.code_id)};
        return database_run(account->database, account->arena, STATEMENT_COUNT_REPEATED_TRY, count, 1,
                            NULL) == DATABASE_DONE
                   ? OUTCOME_NOTHING_PENDING
                   : OUTCOME_UNAVAILABLE;
    }
    return sign_in_again(account, session, &rows, facts.code_id, result);
}

// The code had ended when it was typed, or before the try was counted. Says how.
static enum outcome explain(struct account *account, const struct session *session,
                            const struct verify_form *form, struct verify_result *result)
{
    struct code_state state = {.is_there = false};
    enum outcome outcome = code_find(account, &session->pending, session->id, &state);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (!state.is_there) {
        // Perhaps an earlier try of this browser was right and is only now done.
        return repeat_proof(account, session, form, result);
    }
    return state.is_locked ? refuse_locked(&state, result) : OUTCOME_CODE_EXPIRED;
}

static enum outcome count_wrong_try(struct account *account, const struct session *session,
                                    const struct verify_form *form, const struct code_facts *facts,
                                    struct verify_result *result)
{
    struct rows rows;
    struct text mailbox = throttle_key(account, LIMIT_MAILBOX, identity_mailbox(account, facts->email));
    const struct parameter parameters[] = {
        parameter_bytes(facts->code_id),
        parameter_bytes(facts->nonce),
        parameter_bytes(mailbox),
        parameter_number(account->settings->otp_raised_after),
    };
    if (database_run(account->database, account->arena, STATEMENT_COUNT_WRONG_TRY, parameters, 4, &rows) !=
        DATABASE_DONE) {
        return OUTCOME_UNAVAILABLE;
    }
    if (rows.count == 0) {
        return explain(account, session, form, result);
    }
    result->attempts_left = rows_number(&rows, 0, 1) - rows_number(&rows, 0, 0);
    return OUTCOME_CODE_WRONG;
}

static enum outcome use_code(struct account *account, const struct session *session,
                             const struct verify_form *form, const struct code_facts *facts,
                             struct verify_result *result)
{
    struct rows rows;
    struct ticket ticket = session_new_ticket(account, session);
    const struct parameter parameters[] = {
        parameter_bytes(facts->code_id), parameter_bytes(facts->nonce), parameter_bytes(session->pending.id),
        parameter_bytes(session->id),    parameter_bytes(ticket.key),   parameter_bytes(ticket.was_key),
    };
    enum database_outcome used = database_run(account->database, account->arena, STATEMENT_VERIFY_CUSTOMER,
                                              parameters, sizeof parameters / sizeof *parameters, &rows);
    if (used != DATABASE_DONE) {
        return OUTCOME_UNAVAILABLE;
    }
    if (rows.count == 0) {
        return explain(account, session, form, result);
    }
    result->ticket = ticket;
    return OUTCOME_DONE;
}

static enum outcome judge_code(struct account *account, const struct session *session,
                               const struct verify_form *form, const struct code_state *state,
                               struct verify_result *result)
{
    struct text digits = typed_digits(account, form, state->facts.digits);
    if ((int64_t)digits.length != state->facts.digits || !are_digits(digits)) {
        field_errors_add(&result->errors, "otp", digits.length == 0 ? "error.required" : "error.otp_digits");
        return OUTCOME_INVALID;
    }
    if (state->is_locked) {
        return explain(account, session, form, result);
    }
    if (state->expires_in == 0) {
        return OUTCOME_CODE_EXPIRED;
    }
    if (is_code(account, &state->facts, digits)) {
        return use_code(account, session, form, &state->facts, result);
    }
    enum outcome outcome = compare_replaced(account, session->pending.id, digits);
    return outcome == OUTCOME_CODE_WRONG ? count_wrong_try(account, session, form, &state->facts, result)
                                         : outcome;
}

enum outcome account_verify(struct account *account, const struct visitor *visitor,
                            const struct verify_form *form, struct verify_result *result)
{
    const struct session *session = visitor->session;
    const struct code_state *state = &session->code;
    *result = (struct verify_result){.attempts_left = 0};
    if (session_is_gone(session)) {
        return repeat_proof(account, session, form, result);
    }
    if (!session->is_pending || !is_for(account, form, session->pending.username)) {
        return OUTCOME_NOTHING_PENDING;
    }
    return state->is_there ? judge_code(account, session, form, state, result) : OUTCOME_CODE_EXPIRED;
}
