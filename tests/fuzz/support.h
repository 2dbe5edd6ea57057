// What the harnesses share: an arena for each input, files without a disk, properties, and what was logged.
// It promises that a property which does not hold ends the process like any crash, and that every line that
// is logged meanwhile is one whole JSON object without the secrets that were forbidden. It refuses to know
// any parser.
#ifndef STOREFRONT_TESTS_FUZZ_SUPPORT_H
#define STOREFRONT_TESTS_FUZZ_SUPPORT_H

#include "storefront/base/settings.h"
#include "storefront/base/text.h"
#include "storefront/security/keyring.h"

// What libFuzzer, AFL++ and replay.c call with each input.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

// A property of the code under test.
#define promise(condition)                                                                                   \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fuzz_break(#condition, __FILE__, __LINE__);                                                      \
        }                                                                                                    \
    } while (0)

_Noreturn void fuzz_break(const char *condition, const char *file, int line);

// Begins an input: an empty arena as large as a worker's, and whatever is logged until fuzz_end() is looked
// at.
struct arena *fuzz_begin(void);
void fuzz_end(void);

// An empty arena without a bound that matters, for the harness' own work on this input.
struct arena *fuzz_room(void);

// From now on no line that is logged may hold `secret`, which must live on.
void fuzz_forbid(struct text secret);

// The path of a file that holds `content`, for its owner alone, until the next call with the same `number` (0
// or 1).
const char *fuzz_file(size_t number, struct text content);

// Takes the first byte off the front of `*rest`; 0 where there is none.
unsigned fuzz_byte(struct text *rest);

// Settings of an environment without variables, but for cheap hashes; and a keyring with one key.
const struct settings *fuzz_settings(void);
const struct keyring *fuzz_keyring(void);

// True when `part` stands in `text`.
bool fuzz_holds(struct text text, struct text part);

// True when `text` holds no control character.
bool fuzz_is_one_line(struct text text);

#endif
