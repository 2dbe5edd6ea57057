// One visit of one page: what the guard has found out, what the page decides, and what they share. Pages get
// a visit and return an outcome; page/answer.c turns that into a page, JSON or a redirect.
// It promises that cookies and tokens are set in one place. It refuses to know which page it is.
#ifndef STOREFRONT_PAGE_VISIT_H
#define STOREFRONT_PAGE_VISIT_H

#include "storefront/account/csrf.h"
#include "storefront/account/session.h"
#include "storefront/http/form.h"
#include "storefront/http/request.h"
#include "storefront/http/response.h"
#include "storefront/page/crowd.h"
#include "storefront/page/site.h"
#include "storefront/view/view.h"

struct figures;

enum pool { POOL_PAGES, POOL_REGISTER, POOL_LOGIN, POOLS };

// What one worker has for all its requests. Never global, never changed by a request but for the database's
// state.
struct service {
    const struct settings *settings;
    struct database *database;
    const struct keyring *keyring;
    const struct view *view;
    struct figures *figures;
    struct crowd crowd;
    struct site site;
    enum pool pool;
};

// What a page decided, besides its outcome.
struct result {
    const char *phrase;        // of success
    struct text redirect;      // where to go on; a path
    struct text page_redirect; // where a page goes on, if elsewhere
    struct field_errors errors;
    int64_t retry_after; // seconds; 0: none
    int64_t attempts_left;
    struct value *extra;  // what JSON says on top; NULL: nothing
    struct ticket ticket; // the session's new cookie; empty: it stays
    bool ends_session;
};

struct visit {
    const struct service *service;
    const struct request *request;
    const struct route *route; // NULL where there is none
    struct account account;
    struct session session;
    struct visitor visitor;
    struct form form;
    size_t language;
    bool wants_json;
    bool is_late;        // it has waited too long for a worker to be looked at
    bool has_own_origin; // nothing says that the request came from elsewhere
    bool knows_session;  // the session was looked up; before that no token can be judged or made
    struct text token;   // the browser's csrftoken, once visit_token() was called
    struct text next;    // what visit_next() says, once it was called
    struct result result;
    struct response *response;
};

// The csrftoken of this browser: the one it has where it is good, else a new one, whose cookie is then set.
// Only once the session is known.
struct text visit_token(struct visit *visit);

// The phrase `key` in the visitor's language, filled with `data` (may be NULL).
struct text visit_phrase(struct visit *visit, const char *key, const struct value *data);

// The text that was given for the field `name`; empty where it was not given.
struct text visit_field(const struct visit *visit, const char *name);

// Where the customer wanted to go when he was asked to sign in, by the form's field `next` or the address: a
// path that is safe to be sent to, "/" where that is nowhere. It goes along from page to page. Only once the
// form was read.
struct text visit_next(struct visit *visit);

// `address`, a path of ours, which brings visit_next() along as `next` in its query.
struct text visit_with_next(struct visit *visit, struct text address);

// Sets the cookie csrftoken to the token of this browser, old or new.
void visit_send_token(struct visit *visit);

// Takes `ticket` as the session's new cookie: it and a new csrftoken go to the browser.
void visit_take_ticket(struct visit *visit, struct ticket ticket);

#endif
