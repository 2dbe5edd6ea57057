// Brings the tables up to what this program expects. It promises that two runs at once do no harm, that each
// migration is done whole or not at all, and that no migration but the bookkeeping's own is run twice. It
// refuses to know how to go back.
#ifndef STOREFRONT_DATABASE_MIGRATION_H
#define STOREFRONT_DATABASE_MIGRATION_H

#include "storefront/base/text.h"

struct migration {
    const char *name; // its file in sql/migrations, without the ending
    const char *text;
};

extern const struct migration migrations[]; // in the order in which they are run; the first is run every time
extern const size_t migration_count;

// Runs every migration that the database at `url` (as libpq takes it) has not seen. False, with the reason
// logged, when one of them fails; those before it stay done.
bool migration_run(struct arena *arena, struct text url);

#endif
