// The door to libfcgi: takes requests from the listening socket, one at a time, hands each to one function,
// and writes what that function decided. It promises that a request that was taken is answered, also when the
// worker is told to stop, and that nothing of a request is left when the next one begins. It includes no
// page.
#ifndef STOREFRONT_HTTP_WORKER_H
#define STOREFRONT_HTTP_WORKER_H

#include "storefront/http/request.h"
#include "storefront/http/response.h"

// Fills `response` for `request`; everything in `arena`, which is wiped afterwards. `context` is what
// worker_run() got.
typedef void answer_function(void *context, const struct request *request, struct arena *arena,
                             struct response *response);

// Serves requests from the listening socket on descriptor 0 until TERM, INT or USR1. False when it cannot
// begin.
bool worker_run(answer_function *answer, void *context);

#endif
