// The settings. Input: the content of a secret's file, a zero, then a line for each variable of the
// environment, without its prefix. What was read is within its bounds, and what is printed reads the same
// again.
#include "support.h"

#include "storefront/base/log.h"
#include "storefront/page/site.h"
#include "storefront/view/theme.h"

#include <string.h>

#define VARIABLES   ((size_t)256)
#define OUT_MAXIMUM ((size_t)1024 * 1024)
#define MARK        "zq-secret-zq"

static char *join(struct text front, struct text name)
{
    const struct text parts[] = {front, name};
    return text_string(fuzz_room(), text_join(fuzz_room(), parts, 2));
}

// Fills `environment` from lines; what begins with '#' or holds no '=' is no variable.
static void fill(char **environment, struct text prefix, struct text lines)
{
    size_t count = 0;
    while (lines.length > 0 && count < VARIABLES) {
        struct text line = text_next(&lines, '\n');
        if (fuzz_holds(line, TEXT("=")) && line.bytes[0] != '#') {
            environment[count++] = join(prefix, line);
        }
    }
    environment[count] = NULL;
}

static void check_bounds(const struct settings *settings)
{
#define SETTING_GROUP(title)
#define SETTING_TEXT(field, name, fallback, explanation)
#define SETTING_SECRET(field, name, explanation)
#define SETTING_NUMBER(field, name, fallback, lowest, highest, explanation)                                  \
    promise(settings->field >= (lowest) && settings->field <= (highest));
#define SETTING_SWITCH(field, name, fallback, explanation)
#include "storefront/base/settings_table.h"
#undef SETTING_TEXT
#undef SETTING_NUMBER
#undef SETTING_SWITCH
}

static void compare(const struct settings *first, const struct settings *second)
{
#define SETTING_TEXT(field, name, fallback, explanation) promise(text_equals(first->field, second->field));
#define SETTING_NUMBER(field, name, fallback, lowest, highest, explanation)                                  \
    promise(first->field == second->field);
#define SETTING_SWITCH(field, name, fallback, explanation) promise(first->field == second->field);
#include "storefront/base/settings_table.h"
#undef SETTING_TEXT
#undef SETTING_NUMBER
#undef SETTING_SWITCH
#undef SETTING_SECRET
#undef SETTING_GROUP
}

static void read_again(const struct settings *settings, bool is_marked)
{
    char *environment[VARIABLES + 1];
    struct buffer out = buffer_open(fuzz_room(), OUT_MAXIMUM);
    struct settings again;
    settings_print(settings, &out);
    promise(!out.overflowed);
    promise(is_marked || !fuzz_holds(buffer_text(&out), TEXT(MARK)));
    fill(environment, TEXT(""), buffer_text(&out));
    promise(settings_read(fuzz_room(), environment, &again));
    promise(settings_unknown(environment, LOG_WARNING) == 0);
    compare(settings, &again);
}

static void use(struct arena *arena, const struct settings *settings)
{
    struct site site;
    struct text theme = theme_write(arena, settings->shop_accent);
    promise(theme.length == 0 || !fuzz_holds(theme, TEXT("<")));
    if (site_open(arena, settings, &site)) {
        promise(site.host.length > 0 && site_has_host(&site, site.host));
        promise(fuzz_is_one_line(site.host) && !fuzz_holds(site.host, TEXT("/")));
        promise(settings->address_limits || !site.is_secure);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text lines = text_of(bytes, size);
    struct text secret = text_next(&lines, '\0');
    struct arena *arena = fuzz_begin();
    struct text where = text_from(fuzz_file(0, secret));
    char *environment[VARIABLES + 3];
    struct settings settings;
    fill(environment, TEXT("STOREFRONT_"), lines);
    size_t count = 0;
    while (environment[count] != NULL) {
        count++;
    }
    environment[count++] = join(TEXT("STOREFRONT_DATABASE_URL_FILE="), where);
    environment[count++] = join(TEXT("STOREFRONT_SMTP_PASSWORD="), TEXT(MARK));
    environment[count] = NULL;
    bool is_marked = fuzz_holds(text_of(bytes, size), TEXT(MARK));
    if (!is_marked) {
        fuzz_forbid(TEXT(MARK));
    }
    size_t unknown = settings_unknown(environment, LOG_WARNING);
    promise(unknown <= count);
    if (settings_read(arena, environment, &settings)) {
        check_bounds(&settings);
        // Of two variables of one name the first counts; so these two are ours only where the input names
        // none.
        if (!fuzz_holds(lines, TEXT("DATABASE_URL")) && !fuzz_holds(lines, TEXT("SMTP_PASSWORD"))) {
            promise(text_equals(settings.database_url, text_trim(secret)));
            promise(text_equals(settings.smtp_password, TEXT(MARK)));
        }
        read_again(&settings, is_marked);
        use(arena, &settings);
    }
    fuzz_end();
    return 0;
}
