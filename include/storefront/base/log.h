// One event, one line, on standard error: JSON for machines, or words for a terminal. It promises that a line
// is whole, in UTF-8, that systemd's journal learns its level as a priority, and that no format string exists
// that input could reach. It refuses to know secrets: callers name each field that they log.
#ifndef STOREFRONT_BASE_LOG_H
#define STOREFRONT_BASE_LOG_H

#include "storefront/base/text.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_FORMAT_JSON, LOG_FORMAT_WORDS };

struct log_field {
    const char *name;
    struct text text;
    int64_t number;
    bool is_number;
};

#define LOG_TEXT(name, value)   ((struct log_field){(name), (value), 0, false})
#define LOG_STRING(name, value) ((struct log_field){(name), text_from(value), 0, false})
#define LOG_NUMBER(name, value) ((struct log_field){(name), {NULL, 0}, (value), true})

// Sets what each line begins with: the program's name, and how lines look; and finds out whether the journal
// reads them, which takes `<N>` before a line as its priority. Without a call: "storefront", JSON, no
// journal.
void log_open(const char *program, enum log_format format, enum log_level least);

// Writes one line: `event` in a few fixed words, then `count` fields. Lines longer than 8 KiB are cut at a
// field.
void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t count);

// log_event(LOG_WARNING, "database is away", LOG_STRING("reason", why), LOG_NUMBER("retry_ms", 200));
#define log_event(level, event, ...)                                                                         \
    log_write((level), (event), (const struct log_field[]){__VA_ARGS__},                                     \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

// For a handler of signals: one line, of words of this program alone, without memory and without a time.
void log_from_signal(const char *event, const char *name, const char *value);

// A line without fields.
#define log_line(level, event) log_write((level), (event), NULL, 0)

#endif
