// How many connections wait at a listening Unix socket to be accepted, as the kernel tells it. It promises to
// ask without connecting. It refuses to know who listens.
#ifndef STOREFRONT_HTTP_QUEUE_H
#define STOREFRONT_HTTP_QUEUE_H

#include "storefront/base/text.h"

// The connections that wait at the listening socket `path`; -1 where there is none in this network namespace,
// or the kernel does not tell.
int64_t queue_length(struct text path);

#endif
