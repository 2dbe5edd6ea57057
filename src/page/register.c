// The sign-up form and its sending. A browser with a pending registration finds its words in the form again,
// to mend them.
#include "storefront/account/register.h"
#include "storefront/page/pages.h"

const struct field register_fields[] = {{"name", FIELD_TEXT},  {"username", FIELD_TEXT},
                                        {"email", FIELD_TEXT}, {"password", FIELD_TEXT},
                                        {"next", FIELD_TEXT},  {.name = NULL}};

static bool fill(struct visit *visit, struct value *data)
{
    const struct registration *pending = &visit->session.pending;
    bool is_sent = visit->route->method == METHOD_POST;
    value_set_text(data, "name", is_sent ? visit_field(visit, "name") : pending->name);
    value_set_text(data, "username", is_sent ? visit_field(visit, "username") : pending->username);
    value_set_text(data, "email", is_sent ? visit_field(visit, "email") : pending->email);
    value_set_text(data, "next", visit_next(visit));
    value_set_switch(data, "is_pending", visit->session.is_pending);
    return true;
}

static const char *const names[] = {"name",           "username",   "email",          "next",
                                    "is_pending",     "name_error", "username_error", "email_error",
                                    "password_error", NULL};

const struct page register_page = {.template = "register.html", .names = names, .fill = fill};

enum outcome submit_register(struct visit *visit)
{
    struct register_result registered;
    const struct register_form form = {
        .name = visit_field(visit, "name"),
        .username = visit_field(visit, "username"),
        .email = visit_field(visit, "email"),
        .password = visit_field(visit, "password"),
    };
    enum outcome outcome = account_register(&visit->account, &visit->visitor, &form, &registered);
    visit->result.errors = registered.errors;
    visit->result.retry_after = registered.retry_after;
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (registered.ticket.cookie.length > 0) {
        visit_take_ticket(visit, registered.ticket);
    }
    visit->result.phrase = "message.registered";
    visit->result.redirect = visit_with_next(visit, TEXT("/register/verify/"));
    visit->result.extra = value_object(visit->account.arena);
    value_set_number(visit->result.extra, "expires_in", registered.expires_in);
    value_set_number(visit->result.extra, "resend_in", registered.resend_in);
    value_set_number(visit->result.extra, "code_length", registered.code_length);
    return outcome;
}
