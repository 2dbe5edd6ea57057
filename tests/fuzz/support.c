// The harnesses' support. The linker sends every write() of the program here (--wrap=write): what goes to
// standard error during an input is a line of the log.
#include "support.h"

#include "storefront/base/arena.h"
#include "storefront/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define REQUEST_ARENA ((size_t)2 * 1024 * 1024)
#define ROOM          ((size_t)256 * 1024 * 1024)
#define LINE_ARENA    ((size_t)1024 * 1024)
#define SECRETS       ((size_t)4)
#define FILES         ((size_t)2)
#define PATH_SIZE     ((size_t)64)
#define KEY           "7 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"

ssize_t __real_write(int descriptor, const void *bytes, size_t size);
ssize_t __wrap_write(int descriptor, const void *bytes, size_t size);

static struct {
    struct arena *arena;
    struct arena *room;
    struct arena *line;
    struct text secrets[SECRETS];
    size_t secret_count;
    bool is_watching;
} state;

void fuzz_break(const char *condition, const char *file, int line)
{
    state.is_watching = false;
    (void)fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, condition);
    abort();
}

static struct arena *emptied(struct arena **arena, size_t maximum)
{
    if (*arena == NULL) {
        *arena = arena_open(maximum);
    }
    arena_empty(*arena);
    return *arena;
}

struct arena *fuzz_begin(void)
{
    (void)emptied(&state.room, ROOM);
    state.secret_count = 0;
    state.is_watching = true;
    return emptied(&state.arena, REQUEST_ARENA);
}

struct arena *fuzz_room(void)
{
    return state.room;
}

void fuzz_end(void)
{
    state.is_watching = false;
    arena_empty(state.arena);
    arena_empty(state.room);
}

void fuzz_forbid(struct text secret)
{
    promise(state.secret_count < SECRETS);
    state.secrets[state.secret_count++] = secret;
}

static void look_at_line(struct text line)
{
    struct value root = {.kind = VALUE_NOTHING};
    promise(line.length > 0 && text_find(line, '\n') == line.length - 1);
    promise(json_read(emptied(&state.line, LINE_ARENA), line, 1, &root, NULL) && root.kind == VALUE_OBJECT);
    promise(value_find(&root, TEXT("event")) != NULL && value_find(&root, TEXT("level")) != NULL);
    for (size_t i = 0; i < state.secret_count; i++) {
        promise(!fuzz_holds(line, state.secrets[i]));
    }
}

ssize_t __wrap_write(int descriptor, const void *bytes, size_t size)
{
    if (descriptor != STDERR_FILENO || !state.is_watching) {
        return __real_write(descriptor, bytes, size);
    }
    look_at_line(text_of(bytes, size));
    return (ssize_t)size;
}

const char *fuzz_file(size_t number, struct text content)
{
    static int descriptors[FILES] = {-1, -1};
    static char paths[FILES][PATH_SIZE];
    if (descriptors[number] < 0) {
        descriptors[number] = memfd_create("input", MFD_CLOEXEC);
        (void)snprintf(paths[number], PATH_SIZE, "/proc/self/fd/%d", descriptors[number]);
        promise(fchmod(descriptors[number], S_IRUSR | S_IWUSR) == 0);
    }
    promise(ftruncate(descriptors[number], 0) == 0 &&
            pwrite(descriptors[number], content.length == 0 ? "" : content.bytes, content.length, 0) ==
                (ssize_t)content.length);
    return paths[number];
}

unsigned fuzz_byte(struct text *rest)
{
    unsigned byte = rest->length == 0 ? 0 : (unsigned char)rest->bytes[0];
    *rest = text_after(*rest, 1);
    return byte;
}

const struct settings *fuzz_settings(void)
{
    static struct settings settings;
    static struct arena *arena;
    char *nothing[] = {NULL};
    if (arena == NULL) {
        arena = arena_open(LINE_ARENA);
        promise(settings_read(arena, nothing, &settings));
        // Below what the settings allow: a harness must not spend its time on hashes.
        settings.password_memory_kib = 8;
        settings.password_passes = 1;
        settings.www_folder = TEXT(SOURCE_FOLDER "/www");
    }
    return &settings;
}

const struct keyring *fuzz_keyring(void)
{
    static struct keyring *keyring;
    if (keyring == NULL) {
        keyring =
            keyring_open(fuzz_file(1, TEXT(KEY)), 1U << KEY_CODES | 1U << KEY_TOKENS | 1U << KEY_LIMITS);
        promise(keyring != NULL);
    }
    return keyring;
}

bool fuzz_holds(struct text text, struct text part)
{
    return part.length > 0 && text_find_text(text, part) < text.length;
}

bool fuzz_is_one_line(struct text text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.bytes[i];
        if (byte < ' ' || byte == 0x7f) {
            return false;
        }
    }
    return true;
}
