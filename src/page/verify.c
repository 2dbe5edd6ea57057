// The code page: typing the code, and asking for it again.
#include "storefront/account/verify.h"
#include "storefront/account/code.h"
#include "storefront/page/pages.h"

#define MINUTE 60

const struct field verify_fields[] = {
    {"username", FIELD_TEXT}, {"otp", FIELD_DIGITS}, {"next", FIELD_TEXT}, {.name = NULL}};

const struct field resend_fields[] = {{"next", FIELD_TEXT}, {.name = NULL}};

static bool fill(struct visit *visit, struct value *data)
{
    const struct session *session = &visit->session;
    struct code_state state = {.is_there = false};
    if (code_find(&visit->account, &session->pending, session->id, &state) != OUTCOME_DONE) {
        return false;
    }
    bool is_live = state.is_there && !state.is_locked && state.expires_in > 0;
    struct text sent = request_query(visit->request, visit->account.arena, TEXT("sent"));
    bool is_view = visit->request->method != METHOD_POST;
    value_set_text(data, "username", session->pending.username);
    value_set_text(data, "next", visit_next(visit));
    if (visit->request->method == METHOD_POST) {
        value_set_text(data, "otp", visit_field(visit, "otp"));
    }
    value_set_text(data, "email", session->pending.email);
    value_set_number(data, "code_length", state.facts.digits);
    value_set_number(data, "attempts_left", is_live ? state.attempts_left : 0);
    value_set_switch(data, "is_last_attempt", state.attempts_left == 1);
    value_set_number(data, "expires_in", is_live ? state.expires_in : 0);
    value_set_number(data, "expires_minutes", (state.expires_in + MINUTE - 1) / MINUTE);
    value_set_switch(data, "is_last_minute", state.expires_in <= MINUTE);
    value_set_number(data, "resend_in", state.resend_in);
    value_set_number(data, "resend_minutes", (state.resend_in + MINUTE - 1) / MINUTE);
    value_set_switch(data, "waits_minutes", state.resend_in > (int64_t)2 * MINUTE);
    value_set_switch(data, "may_resend", state.resend_in == 0);
    value_set_switch(data, "is_live", is_live);
    value_set_switch(data, "is_locked", state.is_locked);
    value_set_switch(data, "is_handed_over", state.is_handed_over);
    value_set_switch(data, "is_repeated", is_view && text_equals(sent, TEXT("again")));
    value_set_switch(data, "is_renewed", is_view && text_equals(sent, TEXT("new")));
    return true;
}

static const char *const names[] = {"username",
                                    "next",
                                    "email",
                                    "code_length",
                                    "attempts_left",
                                    "is_last_attempt",
                                    "expires_in",
                                    "expires_minutes",
                                    "is_last_minute",
                                    "resend_in",
                                    "may_resend",
                                    "is_live",
                                    "is_locked",
                                    "resend_minutes",
                                    "waits_minutes",
                                    "is_handed_over",
                                    "is_repeated",
                                    "is_renewed",
                                    "otp_error",
                                    "otp",
                                    NULL};

const struct page verify_page = {.template = "verify.html", .names = names, .fill = fill};

enum outcome submit_verify(struct visit *visit)
{
    struct verify_result verified;
    struct field_value code = form_value(&visit->form, "otp");
    const struct verify_form form = {
        .username = visit_field(visit, "username"),
        .code = code.text,
        .code_is_number = code.is_number,
        .is_page = !visit->wants_json,
    };
    enum outcome outcome = account_verify(&visit->account, &visit->visitor, &form, &verified);
    visit->result.errors = verified.errors;
    visit->result.attempts_left = verified.attempts_left;
    visit->result.retry_after = verified.retry_after;
    if (outcome == OUTCOME_DONE) {
        visit_take_ticket(visit, verified.ticket);
        visit->result.phrase = "message.verified";
        visit->result.redirect = visit_next(visit);
    }
    return outcome;
}

enum outcome submit_resend(struct visit *visit)
{
    const struct session *session = &visit->session;
    struct code_state state = {.is_there = false};
    int64_t retry_after = 0;
    enum outcome outcome = code_find(&visit->account, &session->pending, session->id, &state);
    if (outcome == OUTCOME_DONE) {
        outcome = code_send_again(&visit->account, &session->pending, session->id, &state, &retry_after);
    }
    if (outcome != OUTCOME_DONE) {
        visit->result.retry_after = outcome == OUTCOME_THROTTLED ? retry_after : 0;
        return outcome;
    }
    visit->result.phrase = state.is_new ? "message.renewed" : "message.resent";
    visit->result.redirect = visit_with_next(visit, TEXT("/register/verify/"));
    visit->result.page_redirect = visit_with_next(visit, state.is_new ? TEXT("/register/verify/?sent=new")
                                                                      : TEXT("/register/verify/?sent=again"));
    visit->result.extra = value_object(visit->account.arena);
    value_set_number(visit->result.extra, "expires_in", state.expires_in);
    value_set_number(visit->result.extra, "resend_in", state.resend_in);
    value_set_number(visit->result.extra, "code_length", state.facts.digits);
    return outcome;
}
