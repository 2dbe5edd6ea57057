// The door to zlib: static files under names that change with their content, and compressed. Publishing
// writes them, with a list of the names; pages read the list. It promises that a published name always means
// the same bytes. It refuses to know what is in them.
#ifndef STOREFRONT_VIEW_ASSETS_H
#define STOREFRONT_VIEW_ASSETS_H

#include "storefront/base/settings.h"
#include "storefront/base/value.h"

// Publishes static/ of the shipped and of the shop's folder, and the theme, into files/ below the setting
// STATIC_FOLDER, which must be there, and the list of names into names.json beside it. False, with the reason
// logged, where a file cannot be read or written. Files of earlier publications stay: pages that are open
// still ask for them.
bool assets_publish(struct arena *arena, const struct settings *settings);

// The list of names as an object: "site.css" stands as "site_css" with the value
// "/static/site.0123456789ab.css". NULL, with the reason logged, where nothing was published.
struct value *assets_names(struct arena *arena, const struct settings *settings);

// The name under which a file is listed: every character but letters and digits becomes `_`.
struct text assets_key(struct arena *arena, struct text file);

// Writes `content` to the file `name` in `folder`, whole or not at all.
bool assets_write(struct arena *arena, struct text folder, struct text name, struct text content);

#endif
