// See log.h. A line is built in one piece and written by one call, so that lines of several workers never
// mix.
#include "storefront/base/log.h"
#include "storefront/base/clock.h"
#include "storefront/base/encode.h"
#include "storefront/base/unicode.h"

#include <string.h>
#include <unistd.h>

#define LINE_MAXIMUM  ((size_t)8 * 1024)
#define ARENA_MAXIMUM (4 * LINE_MAXIMUM)
#define BYTES_SHOWN   ((size_t)128) // of a field that is no text

static struct {
    const char *program;
    enum log_format format;
    enum log_level least;
    struct arena *arena; // of the line that is being written
} settings = {"storefront", LOG_FORMAT_JSON, LOG_INFO, NULL};

void log_open(const char *program, enum log_format format, enum log_level least)
{
    settings.program = program;
    settings.format = format;
    settings.least = least;
}

static const char *level_name(enum log_level level)
{
    static const char *const names[] = {
        [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "error"};
    return names[level];
}

// What is not UTF-8 is shown in hexadecimal: the line must stay readable to machines.
static struct text readable(struct arena *arena, struct text text)
{
    return unicode_is_valid(text) ? text : encode_hexadecimal(arena, text_cut(text, 0, BYTES_SHOWN));
}

static void add_json_member(struct buffer *line, const char *name, struct text value)
{
    buffer_add_byte(line, ',');
    buffer_add_json_string(line, text_from(name));
    buffer_add_byte(line, ':');
    buffer_add_json_string(line, readable(line->arena, value));
}

static void begin_json(struct buffer *line, enum log_level level, const char *event)
{
    buffer_add(line, TEXT("{\"time\":"));
    buffer_add_json_string(line, clock_rfc3339(line->arena, clock_seconds()));
    add_json_member(line, "level", text_from(level_name(level)));
    add_json_member(line, "program", text_from(settings.program));
    buffer_add(line, TEXT(",\"process\":"));
    buffer_add_number(line, getpid());
    add_json_member(line, "event", text_from(event));
}

static void add_json_field(struct buffer *line, const struct log_field *field)
{
    if (!field->is_number) {
        add_json_member(line, field->name, field->text);
        return;
    }
    buffer_add_byte(line, ',');
    buffer_add_json_string(line, text_from(field->name));
    buffer_add_byte(line, ':');
    buffer_add_number(line, field->number);
}

static void begin_words(struct buffer *line, enum log_level level, const char *event)
{
    buffer_add(line, text_from(settings.program));
    buffer_add(line, TEXT(": "));
    if (level >= LOG_WARNING) {
        buffer_add(line, text_from(level_name(level)));
        buffer_add(line, TEXT(": "));
    }
    buffer_add(line, text_from(event));
}

static void add_words_field(struct buffer *line, const struct log_field *field)
{
    buffer_add_byte(line, ' ');
    buffer_add(line, text_from(field->name));
    buffer_add_byte(line, '=');
    if (field->is_number) {
        buffer_add_number(line, field->number);
    } else {
        buffer_add_json_string(line, readable(line->arena, field->text));
    }
}

static void write_line(struct text line)
{
    while (line.length > 0) {
        ssize_t written = write(STDERR_FILENO, line.bytes, line.length);
        if (written <= 0) {
            return;
        }
        line = text_after(line, (size_t)written);
    }
}

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t count)
{
    if (level < settings.least) {
        return;
    }
    settings.arena = settings.arena == NULL ? arena_open(ARENA_MAXIMUM) : settings.arena;
    if (settings.arena == NULL) {
        write_line(TEXT("storefront: no memory for a log line\n"));
        return;
    }
    bool is_json = settings.format == LOG_FORMAT_JSON;
    struct buffer line = buffer_open(settings.arena, LINE_MAXIMUM);
    (is_json ? begin_json : begin_words)(&line, level, event);
    for (size_t i = 0; i < count; i++) {
        size_t before = line.length;
        (is_json ? add_json_field : add_words_field)(&line, &fields[i]);
        if (line.overflowed) {
            line.length = before;
            break;
        }
    }
    // The end must fit even where a field did not.
    line.overflowed = false;
    line.maximum += 2;
    buffer_add(&line, is_json ? TEXT("}\n") : TEXT("\n"));
    write_line(buffer_text(&line));
    arena_empty(settings.arena);
}
