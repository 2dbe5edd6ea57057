// The process's own time: for its log, its deadlines and its mails' dates. It promises a clock that never
// goes back beside the one on the wall. It refuses to judge what expires: that is the database's clock's, so
// that many hosts agree.
#ifndef STOREFRONT_BASE_CLOCK_H
#define STOREFRONT_BASE_CLOCK_H

#include "storefront/base/text.h"
#include <stdint.h>

// Microseconds that only ever grow; for measuring.
int64_t clock_monotonic(void);

// Microseconds that a processor has worked for this process.
int64_t clock_processor(void);

// Seconds since 1970 in UTC, and milliseconds.
int64_t clock_seconds(void);
int64_t clock_milliseconds(void);

// The time `seconds` since 1970 as in RFC 3339, in UTC with a final Z, in `arena`.
struct text clock_rfc3339(struct arena *arena, int64_t seconds);

// The time `seconds` since 1970 as in the Date field of a mail (RFC 5322, section 3.3), in UTC, in `arena`.
struct text clock_rfc5322(struct arena *arena, int64_t seconds);

#endif
