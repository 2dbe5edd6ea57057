// multipart/form-data (RFC 7578), as browsers send it for a FormData. For form.c alone. It promises to take
// nothing that is not whole, and keeps no files: a declared field that is one is unreadable.
#ifndef STOREFRONT_HTTP_MULTIPART_H
#define STOREFRONT_HTTP_MULTIPART_H

#include "storefront/http/form.h"

// Reads `body`, whose parts are parted by `boundary`, into `form`. False where it is not well-formed.
bool multipart_read(struct arena *arena, struct text body, struct text boundary, struct form *form);

#endif
