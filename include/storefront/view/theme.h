// The shop's colour as a style sheet of its own, so that no page needs a style in line. It promises that text
// stays readable on it (WCAG 2.2, 1.4.3). It refuses to know the rest of the design.
#ifndef STOREFRONT_VIEW_THEME_H
#define STOREFRONT_VIEW_THEME_H

#include "storefront/base/text.h"

// The style sheet for `accent` (#rrggbb) in `arena`; empty, with the reason logged, where it is no colour or
// its contrast with white is below 4.5 to 1. In dark mode it is lightened until it reads on the dark page.
struct text theme_write(struct arena *arena, struct text accent);

#endif
