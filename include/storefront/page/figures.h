// What is counted of each visit, for operators: by route, status and outcome, and the time that it took. It
// promises no name, address or id of a customer in any figure. It refuses to know what the figures are judged
// by.
#ifndef STOREFRONT_PAGE_FIGURES_H
#define STOREFRONT_PAGE_FIGURES_H

#include "storefront/base/metrics.h"
#include "storefront/page/visit.h"

// The figures of a worker of `pool`, in `arena`, counted in `metrics`, which stays the caller's. NULL without
// memory.
struct figures *figures_open(struct arena *arena, struct metrics *metrics, const char *pool);

// A request begins, or has ended: with `outcome`, after `microseconds`. `figures` may be NULL: then nothing
// is counted.
void figures_begin(struct figures *figures);
void figures_end(struct figures *figures, const struct visit *visit, enum outcome outcome,
                 int64_t microseconds);

#endif
