// The answer as a value: filled by a page, written by the worker, decided once. It promises that no line end
// gets into a header and that every answer carries the headers of its kind. It refuses to know why it says
// what it says.
#ifndef STOREFRONT_HTTP_RESPONSE_H
#define STOREFRONT_HTTP_RESPONSE_H

#include "storefront/base/text.h"

#define RESPONSE_BODY_MAXIMUM    ((size_t)512 * 1024) // a page and the largest form in it, all of it escaped
#define RESPONSE_COOKIES_MAXIMUM ((size_t)4)

enum response_kind { RESPONSE_PAGE, RESPONSE_JSON, RESPONSE_METRICS };

struct response_cookie {
    struct text name;
    struct text value;   // empty: the cookie is cleared
    int64_t max_age;     // seconds
    bool is_for_scripts; // not HttpOnly
};

struct response {
    int status;
    enum response_kind kind;
    struct text location; // a path on this host; empty: none
    struct text allow;    // methods for 405; empty: none
    struct text language; // tag of the language of the words; empty: none
    int64_t retry_after;  // seconds; 0: none
    bool is_secure;       // cookies get Secure
    struct response_cookie cookies[RESPONSE_COOKIES_MAXIMUM];
    size_t cookie_count;
    struct buffer body;
};

// An empty answer of status 200 whose body is collected in `arena`.
struct response response_open(struct arena *arena);

// Sets a cookie with Path=/ and SameSite=Lax; a later one of the same name takes the place of an earlier one.
void response_set_cookie(struct response *response, struct response_cookie cookie);

// Adds the status line in CGI's form and all headers, with the empty line, to `head`.
void response_write_head(const struct response *response, struct buffer *head);

// The words of an HTTP status, such as "Not Found".
const char *response_status_words(int status);

#endif
