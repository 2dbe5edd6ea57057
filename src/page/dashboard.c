// My Account: who the customer is to the shop, and what can be done.
#include "storefront/base/clock.h"
#include "storefront/page/pages.h"

#define DATE_LENGTH 10 // of an RFC 3339 time

static bool fill(struct visit *visit, struct value *data)
{
    const struct customer *customer = &visit->session.customer;
    struct text since = clock_rfc3339(visit->account.arena, customer->member_since);
    value_set_text(data, "name", customer->name);
    value_set_text(data, "username", customer->username);
    value_set_text(data, "email", customer->email);
    value_set_text(data, "member_since", text_cut(since, 0, DATE_LENGTH));
    return true;
}

static const char *const names[] = {"name", "username", "email", "member_since", NULL};

const struct page dashboard_page = {.template = "dashboard.html", .names = names, .fill = fill};
