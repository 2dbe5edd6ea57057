// The sign-in form and its sending.
#include "storefront/account/login.h"
#include "storefront/page/pages.h"

const struct field login_fields[] = {
    {"username", FIELD_TEXT}, {"password", FIELD_TEXT}, {"next", FIELD_TEXT}, {.name = NULL}};

static bool fill(struct visit *visit, struct value *data)
{
    bool is_sent = visit->route->method == METHOD_POST;
    value_set_text(data, "username",
                   is_sent ? visit_field(visit, "username") : visit->session.pending.username);
    value_set_text(data, "next", visit_next(visit));
    return true;
}

static const char *const names[] = {"username", "next", "username_error", "password_error", NULL};

const struct page login_page = {.template = "login.html", .names = names, .fill = fill};

enum outcome submit_login(struct visit *visit)
{
    struct login_result signed_in;
    const struct login_form form = {.username = visit_field(visit, "username"),
                                    .password = visit_field(visit, "password")};
    enum outcome outcome = account_login(&visit->account, &visit->visitor, &form, &signed_in);
    visit->result.errors = signed_in.errors;
    if (outcome == OUTCOME_THROTTLED) {
        visit->result.retry_after = signed_in.retry_after;
    }
    if (outcome == OUTCOME_DONE || outcome == OUTCOME_UNVERIFIED) {
        visit_take_ticket(visit, signed_in.ticket);
    }
    visit->result.phrase = "message.signed_in";
    if (outcome == OUTCOME_DONE) {
        visit->result.redirect = visit_next(visit);
    } else if (outcome == OUTCOME_UNVERIFIED) {
        visit->result.redirect = visit_with_next(visit, TEXT("/register/verify/"));
    }
    return outcome;
}
