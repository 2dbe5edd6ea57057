// The journeys' pages and deeds, as the map names them: one file each. For routes.c, which promises that each
// is asked only when its row allows it. A page translates between form, rule and template; it refuses to know
// cookies, tokens and statuses.
#ifndef STOREFRONT_PAGE_PAGES_H
#define STOREFRONT_PAGE_PAGES_H

#include "storefront/page/routes.h"

// page/home.c
extern const struct page home_page;

// page/register.c
extern const struct page register_page;
extern const struct field register_fields[];
enum outcome submit_register(struct visit *visit);

// page/verify.c
extern const struct page verify_page;
extern const struct field verify_fields[];
extern const struct field resend_fields[];
enum outcome submit_verify(struct visit *visit);
enum outcome submit_resend(struct visit *visit);

// page/login.c
extern const struct page login_page;
extern const struct field login_fields[];
enum outcome submit_login(struct visit *visit);

// page/logout.c
extern const struct page logout_page;
enum outcome submit_logout(struct visit *visit);

// page/dashboard.c
extern const struct page dashboard_page;

// page/session.c
enum outcome show_session(struct visit *visit);

// page/health.c
enum outcome show_health(struct visit *visit);
enum outcome show_readiness(struct visit *visit);

// Fields of a form that has none.
extern const struct field no_fields[];

#endif
