// The sign-in form and its sending.
#include "storefront/account/login.h"
#include "storefront/page/next.h"
#include "storefront/page/pages.h"

const struct field login_fields[] = {
    {"username", FIELD_TEXT}, {"password", FIELD_TEXT}, {"next", FIELD_TEXT}, {.name = NULL}};

// Where the customer wanted to go, from the form or from the address.
static struct text wanted(struct visit *visit)
{
    struct field_value next = form_value(&visit->form, "next");
    return next.is_given ? next.text : request_query(visit->request, visit->account.arena, TEXT("next"));
}

static bool fill(struct visit *visit, struct value *data)
{
    bool is_sent = visit->route->method == METHOD_POST;
    value_set_text(data, "username",
                   is_sent ? visit_field(visit, "username") : visit->session.pending.username);
    value_set_text(data, "next", next_path(visit->account.arena, wanted(visit)));
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
        visit->result.redirect = next_path(visit->account.arena, wanted(visit));
    } else if (outcome == OUTCOME_UNVERIFIED) {
        visit->result.redirect = TEXT("/register/verify/");
    }
    return outcome;
}
