// From outcome to answer: one table says what each outcome means as status, code and words; here it becomes
// JSON, a page or a redirect. It promises that nothing is said of an outcome elsewhere, and that
// all that is shown is escaped. It refuses to know why the outcome came about.
#ifndef STOREFRONT_PAGE_ANSWER_H
#define STOREFRONT_PAGE_ANSWER_H

#include "storefront/page/routes.h"

// The page for everything that has no page of its own: what went wrong, and the way on.
extern const struct page trouble_page;

// Names that every page may use; ends with NULL.
extern const char *const layout_names[];

// The phrases of messages and of fields' errors; ends with a row without a prefix.
extern const struct view_phrases answer_phrases[];

// Writes the answer to a visit that ended with `outcome`; its status is in the response.
void answer_visit(struct visit *visit, enum outcome outcome);

// Sends the visitor to `path` on this host with `status`.
void answer_redirect(struct visit *visit, int status, struct text path);

// The stable code of `outcome`, as JSON and the log have it.
const char *answer_code(enum outcome outcome);

// Writes the answer for `outcome` as nginx would have to give it by itself, for `storefront publish`: JSON or
// a page.
void answer_for_nginx(const struct view *view, struct arena *arena, size_t language, enum outcome outcome,
                      bool is_json, struct buffer *out);

#endif
