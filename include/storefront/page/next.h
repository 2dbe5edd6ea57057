// Where a customer may be sent after signing in. It promises that no path, in whatever disguise, leads to
// another host. It refuses to know which pages there are.
#ifndef STOREFRONT_PAGE_NEXT_H
#define STOREFRONT_PAGE_NEXT_H

#include "storefront/base/text.h"

// `wanted` as a path for a redirect, in printable ASCII, in `arena`; "/" where it does not begin with exactly
// one slash, or holds a control character, as it stands or decoded (ASVS V3.7.2, open redirects).
struct text next_path(struct arena *arena, struct text wanted);

#endif
