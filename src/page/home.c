// The shop's front door: Register and Log in, or a greeting.
#include "storefront/page/pages.h"

static bool fill(struct visit *visit, struct value *data)
{
    value_set_switch(data, "is_pending", visit->session.is_pending);
    return true;
}

static const char *const names[] = {"is_pending", NULL};

const struct page home_page = {.template = "home.html", .names = names, .fill = fill};
