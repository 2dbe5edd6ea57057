// One request as the worker hands it on: read-only views of what nginx sent, which last as long as the
// request: of libfcgi's parameters, and of a body in the arena. It promises that the client's address is
// nginx's word alone. It refuses to know routes, sessions and fields.
#ifndef STOREFRONT_HTTP_REQUEST_H
#define STOREFRONT_HTTP_REQUEST_H

#include "storefront/base/text.h"

#define REQUEST_BODY_MAXIMUM ((size_t)64 * 1024)

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_OTHER };

struct request {
    enum method method;
    struct text path;            // decoded and normalised by nginx, without the query
    struct text query;           // as sent
    struct text host;            // Host header
    struct text origin;          // Origin header; bytes are NULL where there is none, as for all headers here
    struct text fetch_site;      // Sec-Fetch-Site header
    struct text accept;          // Accept header
    struct text accept_language; // Accept-Language header
    struct text content_type;    // Content-Type header
    struct text requested_with;  // X-Requested-With header
    struct text csrf_header;     // X-CSRFToken header
    struct text cookies;         // Cookie header
    struct text address;         // the client's network address, set by nginx
    struct text id;              // nginx's number for this request
    int64_t waited_ms; // milliseconds that it has waited for this worker; 0 where nginx does not say
    struct text body;
    bool is_too_large; // more than REQUEST_BODY_MAXIMUM; the body was not read
    bool is_cut;       // the body ended before its announced length
};

// The value of the first cookie `name`, without quotes; bytes are NULL where there is none (RFC 6265,
// section 5.4).
struct text request_cookie(const struct request *request, struct text name);

// The same of what stands in `rest`, a Cookie header or what is left of one, which becomes what comes behind
// it: whoever can set cookies for a domain above ours can put one of the same name before ours.
struct text request_next_cookie(struct text *rest, struct text name);

// The decoded value of `name` in the query, in `arena`; bytes are NULL where there is none or it cannot be
// decoded.
struct text request_query(const struct request *request, struct arena *arena, struct text name);

// True when the client is to get JSON: it sent JSON, is XMLHttpRequest, or prefers application/json in
// Accept.
bool request_wants_json(const struct request *request);

// The part of a header before the first `;`, without blanks: the media type of a Content-Type.
struct text request_media_type(struct text header);

// The parameter `name` of a header such as Content-Type, quoted or not; bytes are NULL where there is none.
struct text request_parameter(struct text header, struct text name);

// The milliseconds from `sent` to `now`: when nginx passed the request on, as seconds with three decimals of
// this host's clock, and the same clock in milliseconds. 0 where `sent` is not that, or lies ahead.
int64_t request_wait(struct text sent, int64_t now);

#endif
