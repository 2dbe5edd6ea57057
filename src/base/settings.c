// See settings.h. The table is included once more, for the rows.
#include "storefront/base/settings.h"
#include "storefront/base/file.h"
#include "storefront/base/log.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define PREFIX              "STOREFRONT_"
#define FILE_SUFFIX         "_FILE"
#define SECRET_FILE_MAXIMUM ((size_t)4096)

enum setting_kind { KIND_GROUP, KIND_TEXT, KIND_SECRET, KIND_NUMBER, KIND_SWITCH };

struct setting {
    enum setting_kind kind;
    const char *name;
    const char *explanation;
    const char *fallback_text;
    int64_t fallback_number;
    int64_t lowest;
    int64_t highest;
    size_t offset;
};

#define SETTING_GROUP(title) {.kind = KIND_GROUP, .explanation = (title)},
#define SETTING_TEXT(field, key, fallback, words)                                                            \
    {.kind = KIND_TEXT,                                                                                      \
     .name = (key),                                                                                          \
     .explanation = (words),                                                                                 \
     .fallback_text = (fallback),                                                                            \
     .offset = offsetof(struct settings, field)},
#define SETTING_SECRET(field, key, words)                                                                    \
    {.kind = KIND_SECRET,                                                                                    \
     .name = (key),                                                                                          \
     .explanation = (words),                                                                                 \
     .fallback_text = "",                                                                                    \
     .offset = offsetof(struct settings, field)},
#define SETTING_NUMBER(field, key, fallback, least, most, words)                                             \
    {.kind = KIND_NUMBER,                                                                                    \
     .name = (key),                                                                                          \
     .explanation = (words),                                                                                 \
     .fallback_number = (fallback),                                                                          \
     .lowest = (least),                                                                                      \
     .highest = (most),                                                                                      \
     .offset = offsetof(struct settings, field)},
#define SETTING_SWITCH(field, key, fallback, words)                                                          \
    {.kind = KIND_SWITCH,                                                                                    \
     .name = (key),                                                                                          \
     .explanation = (words),                                                                                 \
     .fallback_number = (fallback),                                                                          \
     .offset = offsetof(struct settings, field)},
static const struct setting table[] = {
#include "storefront/base/settings_table.h"
};
#undef SETTING_GROUP
#undef SETTING_TEXT
#undef SETTING_SECRET
#undef SETTING_NUMBER
#undef SETTING_SWITCH

#define TABLE_LENGTH (sizeof table / sizeof *table)

static void *field_of(struct settings *settings, const struct setting *setting)
{
    return (char *)settings + setting->offset;
}

static const void *field_in(const struct settings *settings, const struct setting *setting)
{
    return (const char *)settings + setting->offset;
}

// The value of the variable STOREFRONT_`name``suffix`; a text without bytes where it is not set.
static struct text look_up(char *const *environment, const char *name, const char *suffix)
{
    size_t name_length = strlen(name);
    size_t suffix_length = strlen(suffix);
    for (char *const *entry = environment; *entry != NULL; entry++) {
        const char *at = *entry;
        if (strncmp(at, PREFIX, sizeof PREFIX - 1) != 0) {
            continue;
        }
        at += sizeof PREFIX - 1;
        if (strncmp(at, name, name_length) == 0 && strncmp(at + name_length, suffix, suffix_length) == 0 &&
            at[name_length + suffix_length] == '=') {
            return text_from(at + name_length + suffix_length + 1);
        }
    }
    return (struct text){NULL, 0};
}

static bool refuse(const struct setting *setting, const char *reason)
{
    log_event(LOG_ERROR, "setting refused", LOG_STRING("setting", setting->name),
              LOG_STRING("reason", reason));
    return false;
}

static bool read_secret(struct arena *arena, char *const *environment, const struct setting *setting,
                        struct text *value)
{
    struct text path = look_up(environment, setting->name, FILE_SUFFIX);
    if (path.length == 0) {
        *value = text_copy(arena, look_up(environment, setting->name, ""));
        return true;
    }
    struct text content = {NULL, 0};
    if (!file_read(arena, text_string(arena, path), SECRET_FILE_MAXIMUM, &content)) {
        return refuse(setting, strerrordesc_np(errno));
    }
    *value = text_trim(content);
    return true;
}

static bool read_switch(const struct setting *setting, struct text given, bool *value)
{
    if (given.bytes == NULL) {
        *value = setting->fallback_number != 0;
        return true;
    }
    *value = text_equals(given, TEXT("on"));
    return *value || text_equals(given, TEXT("off")) || refuse(setting, "neither on nor off");
}

static bool read_number(const struct setting *setting, struct text given, int64_t *value)
{
    *value = setting->fallback_number;
    return given.bytes == NULL || text_to_number(given, setting->lowest, setting->highest, value) ||
           refuse(setting, "not a whole number within its bounds");
}

static bool read_setting(struct arena *arena, char *const *environment, const struct setting *setting,
                         void *field)
{
    if (setting->kind == KIND_GROUP) {
        return true;
    }
    struct text given = look_up(environment, setting->name, "");
    switch (setting->kind) {
    case KIND_GROUP:
        break;
    case KIND_TEXT:
        *(struct text *)field =
            given.bytes == NULL ? text_from(setting->fallback_text) : text_copy(arena, given);
        return true;
    case KIND_SECRET:
        return read_secret(arena, environment, setting, field);
    case KIND_NUMBER:
        return read_number(setting, given, field);
    case KIND_SWITCH:
        return read_switch(setting, given, field);
    }
    return false;
}

bool settings_read(struct arena *arena, char *const *environment, struct settings *settings)
{
    bool done = true;
    for (size_t i = 0; i < TABLE_LENGTH; i++) {
        done = read_setting(arena, environment, &table[i], field_of(settings, &table[i])) && done;
    }
    return done && !arena_failed(arena);
}

static bool is_setting(struct text name)
{
    for (size_t i = 0; i < TABLE_LENGTH; i++) {
        if (table[i].kind == KIND_GROUP || !text_starts_with(name, text_from(table[i].name))) {
            continue;
        }
        struct text rest = text_after(name, strlen(table[i].name));
        if (rest.length == 0 || (table[i].kind == KIND_SECRET && text_equals(rest, TEXT(FILE_SUFFIX)))) {
            return true;
        }
    }
    return false;
}

size_t settings_unknown(char *const *environment, int level)
{
    size_t unknown = 0;
    for (char *const *entry = environment; *entry != NULL; entry++) {
        struct text name = text_cut(text_from(*entry), 0, strcspn(*entry, "="));
        if (text_starts_with(name, TEXT(PREFIX)) && !is_setting(text_after(name, sizeof PREFIX - 1))) {
            log_event((enum log_level)level, "unknown setting", LOG_TEXT("setting", name));
            unknown++;
        }
    }
    return unknown;
}

static void print_value(const struct settings *settings, const struct setting *setting, struct buffer *out)
{
    const void *field = field_in(settings, setting);
    if (setting->kind == KIND_NUMBER) {
        buffer_add_number(out, *(const int64_t *)field);
    } else if (setting->kind == KIND_SWITCH) {
        buffer_add(out, *(const bool *)field ? TEXT("on") : TEXT("off"));
    } else if (setting->kind == KIND_SECRET) {
        buffer_add(out, ((const struct text *)field)->length > 0 ? TEXT("(set)") : TEXT("(not set)"));
    } else {
        buffer_add(out, *(const struct text *)field);
    }
}

static void print_bounds(const struct setting *setting, struct buffer *out)
{
    if (setting->kind == KIND_NUMBER) {
        buffer_add(out, TEXT("default "));
        buffer_add_number(out, setting->fallback_number);
        buffer_add(out, TEXT(", from "));
        buffer_add_number(out, setting->lowest);
        buffer_add(out, TEXT(" to "));
        buffer_add_number(out, setting->highest);
    } else if (setting->kind == KIND_SWITCH) {
        buffer_add(out, setting->fallback_number != 0 ? TEXT("default on") : TEXT("default off"));
    } else if (setting->kind == KIND_SECRET) {
        buffer_add(out, TEXT("secret; or its file in " PREFIX));
        buffer_add(out, text_from(setting->name));
        buffer_add(out, TEXT(FILE_SUFFIX));
    } else {
        buffer_add(out, TEXT("default "));
        buffer_add(out,
                   setting->fallback_text[0] == '\0' ? TEXT("empty") : text_from(setting->fallback_text));
    }
}

void settings_print(const struct settings *settings, struct buffer *out)
{
    for (size_t i = 0; i < TABLE_LENGTH; i++) {
        const struct setting *setting = &table[i];
        if (setting->kind == KIND_GROUP) {
            buffer_add(out, i == 0 ? TEXT("# ") : TEXT("\n# "));
            buffer_add(out, text_from(setting->explanation));
            buffer_add(out, TEXT("\n"));
            continue;
        }
        buffer_add(out, TEXT("\n# "));
        buffer_add(out, text_from(setting->explanation));
        buffer_add(out, TEXT(".\n# ("));
        print_bounds(setting, out);
        buffer_add(out, TEXT(")\n" PREFIX));
        buffer_add(out, text_from(setting->name));
        buffer_add(out, TEXT("="));
        print_value(settings, setting, out);
        buffer_add(out, TEXT("\n"));
    }
}
