// Signing out: a button, never a mere link.
#include "storefront/page/pages.h"

static bool fill(struct visit *visit, struct value *data)
{
    (void)visit;
    (void)data;
    return true;
}

static const char *const names[] = {NULL};

const struct page logout_page = {.template = "logout.html", .names = names, .fill = fill};

enum outcome submit_logout(struct visit *visit)
{
    if (visit->session.is_known && session_end(&visit->account, &visit->session) != OUTCOME_DONE) {
        return OUTCOME_UNAVAILABLE;
    }
    response_set_cookie(visit->response,
                        (struct response_cookie){.name = visit->service->site.session_cookie});
    visit->session = (struct session){.is_known = false};
    visit->token = (struct text){NULL, 0};
    visit->result.ends_session = true;
    visit->result.phrase = "message.signed_out";
    visit->result.redirect = TEXT("/");
    (void)visit_token(visit);
    return OUTCOME_DONE;
}
