// Whole files into memory, within a bound. It promises that what comes back is all that there was to read, up
// to the size that the file had when it was opened, or not there at all. It refuses to know what files are
// for.
#ifndef STOREFRONT_BASE_FILE_H
#define STOREFRONT_BASE_FILE_H

#include "storefront/base/text.h"

// Reads the file at `path` into `arena` when it has at most `maximum` bytes. False, with errno set, otherwise
// (EFBIG when it is larger, EINVAL when it is no plain file).
bool file_read(struct arena *arena, const char *path, size_t maximum, struct text *content);

// The first of `count` folders in which the file `name` is readable, as a path in `arena`; NULL when none has
// it.
char *file_search(struct arena *arena, const struct text *folders, size_t count, struct text name);

#endif
