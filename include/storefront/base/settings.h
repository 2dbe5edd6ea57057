// The settings of one process, read once from the environment by one table (settings_table.h). It promises
// typed values within their bounds or a reason why not; it refuses to know what they are used for.
#ifndef STOREFRONT_BASE_SETTINGS_H
#define STOREFRONT_BASE_SETTINGS_H

#include "storefront/base/text.h"

#define SETTING_GROUP(title)
#define SETTING_TEXT(field, name, fallback, explanation)                    struct text field;
#define SETTING_SECRET(field, name, explanation)                            struct text field;
#define SETTING_NUMBER(field, name, fallback, lowest, highest, explanation) int64_t field;
#define SETTING_SWITCH(field, name, fallback, explanation)                  bool field;
struct settings {
#include "storefront/base/settings_table.h"
};
#undef SETTING_GROUP
#undef SETTING_TEXT
#undef SETTING_SECRET
#undef SETTING_NUMBER
#undef SETTING_SWITCH

// Fills `settings` from `environment` (as in environ), with all texts in `arena`. False where a value is not
// of its type, out of its bounds, or its file cannot be read; each fault is logged with the setting's name,
// never its value.
bool settings_read(struct arena *arena, char *const *environment, struct settings *settings);

// Logs, at `level`, each variable of `environment` that begins with STOREFRONT_ and is no setting; their
// number.
size_t settings_unknown(char *const *environment, int level);

// Adds to `out` every setting with its value, default, bounds and explanation, in words; secrets only as set
// or not.
void settings_print(const struct settings *settings, struct buffer *out);

#endif
