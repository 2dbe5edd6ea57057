// The door to utf8proc and libidn2: validity, length, normal forms and classes of Unicode text, and domain
// names in ASCII. It promises that nothing leaves it that is not valid UTF-8. It refuses to know what a
// username may be made of.
#ifndef STOREFRONT_BASE_UNICODE_H
#define STOREFRONT_BASE_UNICODE_H

#include "storefront/base/text.h"

enum unicode_class {
    UNICODE_LETTER,
    UNICODE_MARK,
    UNICODE_DIGIT, // decimal digits of any script
    UNICODE_SPACE,
    UNICODE_DASH,      // punctuation that joins: hyphens and dashes
    UNICODE_CONTROL,   // controls, line separators, direction overrides, surrogates, private use
    UNICODE_INVISIBLE, // what a reader cannot see: default-ignorable code points
    UNICODE_OTHER
};

// True when `text` is well-formed UTF-8 without a zero byte.
bool unicode_is_valid(struct text text);

// Number of code points of the valid `text`.
size_t unicode_count(struct text text);

// Takes the next code point off the front of the valid, non-empty `*rest`.
int32_t unicode_next(struct text *rest);

// The class of `code_point` as the shop sees it.
enum unicode_class unicode_classify(int32_t code_point);

// True for white space of any script, line ends included.
bool unicode_is_white(int32_t code_point);

// `text` without white space of any script at both ends.
struct text unicode_trim(struct text text);

// The NFKC form of the valid `text` (UAX #15) in `arena`; empty when the arena or the library fails.
struct text unicode_normalise(struct arena *arena, struct text text);

// The NFKC_Casefold form of the valid `text` (Unicode 5.18.4): what two spellings of one name have in common.
struct text unicode_fold(struct arena *arena, struct text text);

// The domain `text` with every label in ASCII (IDNA 2008, non-transitional), in lower case, in `arena`; empty
// where it is no domain name.
struct text unicode_domain(struct arena *arena, struct text text);

#endif
