// See file.h.
#include "storefront/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

// Reads up to `size` bytes; the number read, short only at the end of the file, or -1.
static ssize_t read_all(int descriptor, char *bytes, size_t size)
{
    size_t length = 0;
    while (length < size) {
        ssize_t got = read(descriptor, bytes + length, size - length);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        length += (size_t)got;
    }
    return (ssize_t)length;
}

static bool read_descriptor(struct arena *arena, int descriptor, size_t maximum, struct text *content)
{
    struct stat status = {0};
    if (fstat(descriptor, &status) != 0) {
        return false;
    }
    if (!S_ISREG(status.st_mode) || status.st_size < 0 || (size_t)status.st_size > maximum) {
        errno = S_ISREG(status.st_mode) ? EFBIG : EINVAL;
        return false;
    }
    char *bytes = arena_take(arena, (size_t)status.st_size + 1);
    if (bytes == NULL) {
        errno = ENOMEM;
        return false;
    }
    ssize_t length = read_all(descriptor, bytes, (size_t)status.st_size);
    if (length < 0) {
        return false;
    }
    *content = text_of(bytes, (size_t)length);
    return true;
}

bool file_read(struct arena *arena, const char *path, size_t maximum, struct text *content)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        return false;
    }
    bool done = read_descriptor(arena, descriptor, maximum, content);
    int reason = errno;
    (void)close(descriptor);
    errno = reason;
    return done;
}

char *file_search(struct arena *arena, const struct text *folders, size_t count, struct text name)
{
    for (size_t i = 0; i < count; i++) {
        const struct text parts[] = {folders[i], TEXT("/"), name};
        char *path = text_string(arena, text_join(arena, parts, 3));
        if (folders[i].length > 0 && path != NULL && access(path, R_OK) == 0) {
            return path;
        }
    }
    return NULL;
}
