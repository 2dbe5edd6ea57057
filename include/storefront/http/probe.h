// Asks another pool whether it answers: a FastCGI client of one request. It promises an end within its
// deadline. It refuses to know what readiness means.
#ifndef STOREFRONT_HTTP_PROBE_H
#define STOREFRONT_HTTP_PROBE_H

#include "storefront/base/text.h"

// Sends GET `path` to the worker pool at the Unix socket `socket_path` and waits at most `deadline_ms`. The
// status of the answer, or 0 when there was none.
int probe_pool(struct arena *arena, const char *socket_path, struct text path, int64_t deadline_ms);

#endif
