// Who is signed in, as JSON, for the shop's own scripts and servers.
#include "storefront/base/json.h"
#include "storefront/page/pages.h"

enum outcome show_session(struct visit *visit)
{
    const struct customer *customer = &visit->session.customer;
    struct value *body = value_object(visit->account.arena);
    value_set_switch(body, "authenticated", visit->session.is_signed_in);
    if (visit->session.is_signed_in) {
        value_set_text(body, "id", account_id_text(visit->account.arena, customer->id));
        value_set_text(body, "username", customer->username);
        value_set_text(body, "name", customer->name);
        value_set_text(body, "email", customer->email);
    }
    // So that a page which the shop serves itself can send the form to log out.
    (void)visit_token(visit);
    visit->result.extra = body;
    return OUTCOME_DONE;
}
