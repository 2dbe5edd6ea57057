// THE MAP: every URL of the service, one row each. It promises that what a row does not allow is refused
// before any page is asked. It refuses to know what a page does; nginx's map of pools, the tests and the
// README are made from it or checked against it.
#ifndef STOREFRONT_PAGE_ROUTES_H
#define STOREFRONT_PAGE_ROUTES_H

#include "storefront/page/visit.h"

enum audience {
    AUDIENCE_ALL,
    AUDIENCE_SIGNED_OUT,
    AUDIENCE_SIGNED_IN,
    AUDIENCE_PENDING,  // a session that may prove a registration
    AUDIENCE_PROVING,  // the same, and a browser whose session is no more: its proof's answer may have been
                       // lost
    AUDIENCE_OPERATORS // under any Host, in any pool, without session
};

enum rate {
    RATE_NONE,
    RATE_REGISTRATIONS, // counts where a hash was spent
    RATE_SIGN_INS       // counts where the sign-in failed
};

// A page: its template, the names that the template may use, and how they are filled.
struct page {
    const char *template; // file below www/templates
    const char *const *names;
    // Adds the values of `names` to `data`; false when they cannot be had, which is OUTCOME_UNAVAILABLE.
    bool (*fill)(struct visit *visit, struct value *data);
};

struct route {
    const char *path;
    enum method method; // METHOD_GET serves HEAD too
    enum audience audience;
    enum pool pool;
    enum rate rate;
    const struct field *fields;               // what the body may bring
    enum outcome (*act)(struct visit *visit); // NULL: the page alone
    const struct page *page; // shown for GET, and again when a form was refused; NULL: always JSON
};

extern const struct route routes[];
extern const size_t route_count;

// "GET" or "POST".
const char *routes_method_name(enum method method);

// The row for `path` and `method`; NULL where there is none. METHOD_HEAD finds METHOD_GET.
const struct route *routes_find(struct text path, enum method method);

// Whether there is the path `path` and nothing of it is a page: whatever is said of it is JSON.
bool routes_is_json(struct text path);

// The methods that `path` has, as for an Allow header, in `arena`; empty where there is no such path.
struct text routes_methods(struct arena *arena, struct text path);

#define ROUTE_TEMPLATES_MAXIMUM ((size_t)32)

// All templates of all pages, for view_open(): the last one is a row without a name.
void routes_list_templates(struct view_template templates[static ROUTE_TEMPLATES_MAXIMUM]);

// The pool `name`; POOLS where there is none. And its name.
enum pool routes_pool(struct text name);
const char *routes_pool_name(enum pool pool);

// Adds the map in words to `out`, a row a line: method, path, audience, pool. For the tests and the operator.
void routes_print(struct buffer *out);

// Adds nginx's maps to `out`: from method and path to pool, and from path to its methods and to whether all
// of it is JSON.
void routes_print_nginx(struct buffer *out);

#endif
