// What stands in front of every page: host, path, method, size, type, readable body, session, token, limits,
// audience, in this order. It promises that a page is only asked when its row in the map allows it. It
// refuses to know what pages do.
#ifndef STOREFRONT_PAGE_GUARD_H
#define STOREFRONT_PAGE_GUARD_H

#include "storefront/page/routes.h"

// Answers one request; `context` is the struct service. For http/worker.
void guard_answer(void *context, const struct request *request, struct arena *arena,
                  struct response *response);

#endif
