// Notices when nearly all requests come from one client address: then a proxy stands before nginx whose word
// is not believed (STOREFRONT_TRUSTED_PROXIES), and all customers share one limit; or one client floods the
// shop. It promises to keep one address at a time and to cost nothing. It refuses to judge: it tells the
// operator.
#ifndef STOREFRONT_PAGE_CROWD_H
#define STOREFRONT_PAGE_CROWD_H

#include "storefront/base/text.h"

#define CROWD_WINDOW       ((int64_t)1000) // requests of one worker that are judged together
#define CROWD_ADDRESS_SIZE ((size_t)46)    // bytes of the longest address and its end

// All zero at first.
struct crowd {
    char address[CROWD_ADDRESS_SIZE]; // the one that leads
    int64_t lead;                     // by how many requests, in this window
    int64_t requests;                 // in this window
    int64_t told_at;                  // monotonic; 0: never
};

// Counts a request from `address` at `now` (monotonic microseconds). True when a window has ended in which
// one address led all others together by more than half of it, as one with three quarters does wherever its
// requests stand, and one with half of them or fewer never; and an hour has passed since that was last so:
// `crowd->address` is the one.
bool crowd_count(struct crowd *crowd, struct text address, int64_t now);

#endif
