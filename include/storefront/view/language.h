// The words of pages, mails and answers, in every language that has a catalogue. It promises that each
// catalogue has every word, or the program does not start. It refuses to know where a word stands.
#ifndef STOREFRONT_VIEW_LANGUAGE_H
#define STOREFRONT_VIEW_LANGUAGE_H

#include "storefront/base/text.h"

#define LANGUAGES_MAXIMUM ((size_t)32)

struct languages;

// Reads language/*.json from `folders` (`count` of them; the shop's own first, whose words take the place of
// shipped ones of the same key) into `arena`. `fallback` is the language of a customer who asks for none that
// is there. NULL, with the reason logged, where a file is not a flat object of texts, or a language lacks a
// word that English has.
struct languages *languages_open(struct arena *arena, const struct text *folders, size_t count,
                                 struct text fallback);

// How many languages there are, and the tag (such as "de") and own name (the word language.name) of number
// `language`.
size_t languages_count(const struct languages *languages);
struct text languages_tag(const struct languages *languages, size_t language);

// The number of the language with `tag`, or languages_count() where there is none.
size_t languages_find(const struct languages *languages, struct text tag);

// The number of the language that an Accept-Language header (RFC 9110, section 12.5.4) likes best: "de-AT"
// finds "de".
size_t languages_choose(const struct languages *languages, struct text accept);

// The phrase behind `key` in `language`; false where there is none.
bool languages_word(const struct languages *languages, size_t language, struct text key, struct text *phrase);

// Whether `is_right` says so of every phrase of `language`.
bool languages_all(const struct languages *languages, size_t language,
                   bool (*is_right)(void *context, struct text key, struct text phrase), void *context);

#endif
