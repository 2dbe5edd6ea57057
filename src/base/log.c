// See log.h. A line is built in one piece and written by one call, so that lines of several workers do not
// mix (on a pipe: those of up to 4 KiB, pipe(7), which only one with a long path or address is not).
#include "storefront/base/log.h"
#include "storefront/base/clock.h"
#include "storefront/base/encode.h"
#include "storefront/base/unicode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define LINE_MAXIMUM  ((size_t)8 * 1024)
#define END_SIZE      ((size_t)2)
#define USUAL_LENGTH  ((size_t)512)
#define ARENA_MAXIMUM (4 * LINE_MAXIMUM)
#define TIME_SIZE     ((size_t)32)
#define BYTES_SHOWN   ((size_t)128) // of a field that is no text

static struct {
    const char *program;
    enum log_format format;
    enum log_level least;
    bool is_journal; // standard error is read by systemd's journal
    pid_t process;
    struct arena *arena; // of the line that is being written
    int64_t second;      // whose words `time` holds
    char time[TIME_SIZE];
    size_t time_length;
} settings = {.program = "storefront", .format = LOG_FORMAT_JSON, .least = LOG_INFO};

// Whether systemd says that it reads this very standard error: "device:inode" (systemd.exec(5),
// JOURNAL_STREAM).
static bool is_read_by_journal(void)
{
    struct text named = text_from(getenv("JOURNAL_STREAM"));
    struct text device = text_next(&named, ':');
    struct stat error;
    int64_t number;
    int64_t inode;
    return text_to_number(device, 0, INT64_MAX, &number) && text_to_number(named, 0, INT64_MAX, &inode) &&
           fstat(STDERR_FILENO, &error) == 0 && (int64_t)error.st_dev == number &&
           (int64_t)error.st_ino == inode;
}

void log_open(const char *program, enum log_format format, enum log_level least)
{
    settings.program = program;
    settings.format = format;
    settings.least = least;
    settings.is_journal = is_read_by_journal();
    settings.process = getpid();
}

static const char *level_name(enum log_level level)
{
    static const char *const names[] = {
        [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "error"};
    return names[level];
}

// What the journal takes off a line's head as its priority (sd-daemon(3)); nothing for other readers.
static const char *priority(enum log_level level)
{
    static const char *const heads[] = {
        [LOG_DEBUG] = "<7>", [LOG_INFO] = "<6>", [LOG_WARNING] = "<4>", [LOG_ERROR] = "<3>"};
    return settings.is_journal ? heads[level] : "";
}

// What is not UTF-8 is shown in hexadecimal: the line must stay readable to machines.
static struct text readable(struct arena *arena, struct text text)
{
    return unicode_is_valid(text) ? text : encode_hexadecimal(arena, text_cut(text, 0, BYTES_SHOWN));
}

// Names are words of this program, in which nothing needs an escape.
static void add_json_name(struct buffer *line, const char *name)
{
    buffer_add(line, TEXT(",\""));
    buffer_add(line, text_from(name));
    buffer_add(line, TEXT("\":"));
}

// The same holds for what is said by a word of this program.
static void add_json_word(struct buffer *line, const char *name, const char *word)
{
    add_json_name(line, name);
    buffer_add_byte(line, '"');
    buffer_add(line, text_from(word));
    buffer_add_byte(line, '"');
}

// Many lines share their second.
static struct text time_now(struct arena *arena)
{
    int64_t now = clock_seconds();
    if (now != settings.second) {
        struct text time = text_cut(clock_rfc3339(arena, now), 0, TIME_SIZE);
        if (time.length == 0) {
            return time;
        }
        memcpy(settings.time, time.bytes, time.length);
        settings.time_length = time.length;
        settings.second = now;
    }
    return text_of(settings.time, settings.time_length);
}

static void begin_json(struct buffer *line, enum log_level level, const char *event)
{
    buffer_add(line, TEXT("{\"time\":\""));
    buffer_add(line, time_now(line->arena));
    buffer_add_byte(line, '"');
    add_json_word(line, "level", level_name(level));
    add_json_word(line, "program", settings.program);
    add_json_name(line, "process");
    buffer_add_number(line, settings.process == 0 ? getpid() : settings.process);
    add_json_word(line, "event", event);
}

static void add_json_field(struct buffer *line, const struct log_field *field)
{
    add_json_name(line, field->name);
    if (field->is_number) {
        buffer_add_number(line, field->number);
    } else {
        buffer_add_json_string(line, readable(line->arena, field->text));
    }
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
        if (written < 0 && errno == EINTR) {
            continue;
        }
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
    struct buffer line = buffer_open(settings.arena, LINE_MAXIMUM - END_SIZE);
    buffer_expect(&line, USUAL_LENGTH);
    buffer_add(&line, text_from(priority(level)));
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
    line.maximum += END_SIZE;
    buffer_add(&line, is_json ? TEXT("}\n") : TEXT("\n"));
    write_line(buffer_text(&line));
    arena_empty(settings.arena);
}

void log_from_signal(const char *event, const char *name, const char *value)
{
    const char *const json[] = {priority(LOG_ERROR),
                                "{\"level\":\"error\",\"program\":\"",
                                settings.program,
                                "\",\"event\":\"",
                                event,
                                "\",\"",
                                name,
                                "\":\"",
                                value,
                                "\"}\n"};
    const char *const words[] = {
        priority(LOG_ERROR), "", settings.program, ": error: ", event, " ", name, "=\"", value, "\"\n"};
    const char *const *pieces = settings.format == LOG_FORMAT_JSON ? json : words;
    struct iovec line[sizeof json / sizeof *json];
    for (size_t i = 0; i < sizeof line / sizeof *line; i++) {
        // writev() wants a pointer that is not const, and only reads through it.
        line[i] = (struct iovec){.iov_base = (void *)(uintptr_t)pieces[i], .iov_len = strlen(pieces[i])};
    }
    (void)!writev(STDERR_FILENO, line, sizeof line / sizeof *line);
}
