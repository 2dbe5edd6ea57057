// Where the shop is: scheme, host and port from its public URL, and what follows from them for Host, Origin
// and cookies. It promises that nothing a request says of itself becomes part of that. It refuses to know who
// asks.
#ifndef STOREFRONT_PAGE_SITE_H
#define STOREFRONT_PAGE_SITE_H

#include "storefront/base/settings.h"

struct site {
    struct text scheme;         // "http" or "https"
    struct text host;           // with its port where that is not the scheme's own, in lower case
    bool is_secure;             // https
    bool has_loopback;          // loopback names are ours too
    struct text session_cookie; // the name of the session's cookie
};

// Reads the public URL. False, with the reason logged, where it is no http or https URL of a host alone, or
// where limits for client addresses are off on https.
bool site_open(struct arena *arena, const struct settings *settings, struct site *site);

// True when a request with this Host header is for the shop.
bool site_has_host(const struct site *site, struct text host);

// True when `origin` is the shop as seen under the Host header `host`, which is ours.
bool site_has_origin(const struct site *site, struct text host, struct text origin);

#endif
