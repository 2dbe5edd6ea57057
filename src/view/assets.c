// See assets.h. A name carries the first bytes of the content's SHA-256. Files are written beside and
// renamed, so that nginx never serves half of one.
#include "storefront/view/assets.h"
#include "storefront/base/encode.h"
#include "storefront/base/file.h"
#include "storefront/base/json.h"
#include "storefront/base/log.h"
#include "storefront/security/secret.h"
#include "storefront/view/theme.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define FILE_MAXIMUM   ((size_t)4 * 1024 * 1024)
#define DIGEST_LETTERS ((size_t)6) // bytes of the digest in a name
#define GZIP_WINDOW    (15 + 16)   // zlib: largest window, gzip's header
#define GZIP_MEMORY    9
#define GZIP_ROOM      ((size_t)1024)

static const char list_name[] = "names.json";

static bool report(const char *what, struct text file)
{
    log_event(LOG_ERROR, what, LOG_TEXT("file", file), LOG_STRING("reason", strerrordesc_np(errno)));
    return false;
}

static char *path_of(struct arena *arena, struct text folder, struct text name, struct text suffix)
{
    const struct text parts[] = {folder, TEXT("/"), name, suffix};
    return text_string(arena, text_join(arena, parts, sizeof parts / sizeof *parts));
}

static bool write_all(int descriptor, struct text content)
{
    while (content.length > 0) {
        ssize_t written = write(descriptor, content.bytes, content.length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        content = text_after(content, (size_t)written);
    }
    return true;
}

bool assets_write(struct arena *arena, struct text folder, struct text name, struct text content)
{
    const mode_t readable = 0644;
    const char *beside = path_of(arena, folder, name, TEXT(".new"));
    const char *path = path_of(arena, folder, name, TEXT(""));
    if (beside == NULL || path == NULL) {
        return false;
    }
    int descriptor = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, readable);
    if (descriptor < 0) {
        return report("file cannot be written", text_from(beside));
    }
    bool done = write_all(descriptor, content);
    done = close(descriptor) == 0 && done;
    return (done && rename(beside, path) == 0) || report("file cannot be written", text_from(path));
}

static struct text compress_text(struct arena *arena, struct text content)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)content.bytes, .avail_in = (uInt)content.length};
    size_t room = content.length + GZIP_ROOM;
    Bytef *bytes = arena_take(arena, room);
    if (bytes == NULL || deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
                                      Z_DEFAULT_STRATEGY) != Z_OK) {
        return (struct text){NULL, 0};
    }
    stream.next_out = bytes;
    stream.avail_out = (uInt)room;
    bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    size_t length = room - stream.avail_out;
    (void)deflateEnd(&stream);
    return done ? text_of(bytes, length) : (struct text){NULL, 0};
}

static bool is_key_character(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

struct text assets_key(struct arena *arena, struct text file)
{
    struct text key = text_copy(arena, file);
    char *bytes = (char *)(uintptr_t)key.bytes;
    for (size_t i = 0; i < key.length; i++) {
        bytes[i] = is_key_character(bytes[i]) ? bytes[i] : '_';
    }
    return key;
}

// "site.css" with the digest of its content: "site.0123456789ab.css".
static struct text published_name(struct arena *arena, struct text file, struct text content)
{
    unsigned char digest[DIGEST_SIZE] = {0};
    if (!secret_digest(content, digest)) {
        return (struct text){NULL, 0};
    }
    size_t dot = file.length;
    while (dot > 0 && file.bytes[dot - 1] != '.') {
        dot--;
    }
    const struct text parts[] = {text_cut(file, 0, dot),
                                 encode_hexadecimal(arena, text_of(digest, DIGEST_LETTERS)), TEXT("."),
                                 text_after(file, dot)};
    return dot == 0 ? (struct text){NULL, 0} : text_join(arena, parts, sizeof parts / sizeof *parts);
}

static bool refuse(struct text file, const char *reason)
{
    log_event(LOG_ERROR, "static file refused", LOG_TEXT("file", file), LOG_STRING("reason", reason));
    return false;
}

// One run of `storefront publish`.
struct publication {
    struct arena *arena;
    struct text folder;  // where the published files go
    struct value *names; // the list: key and published name
    struct value
        *sources; // key and file, to tell a file that takes another's place from one that shares its key
};

static bool publish_content(const struct publication *publication, struct text file, struct text content)
{
    struct arena *arena = publication->arena;
    struct text key = assets_key(arena, file);
    struct text name = published_name(arena, file, content);
    struct text compressed = compress_text(arena, content);
    const struct text compressed_name[] = {name, TEXT(".gz")};
    const struct text address[] = {TEXT("/static/"), name};
    if (name.length == 0 || compressed.length == 0) {
        return refuse(file, "it has no ending, or cannot be compressed");
    }
    value_set(publication->names, key, value_of_text(text_join(arena, address, 2)));
    value_set(publication->sources, key, value_of_text(file));
    return assets_write(arena, publication->folder, name, content) &&
           (compressed.length >= content.length ||
            assets_write(arena, publication->folder, text_join(arena, compressed_name, 2), compressed));
}

// Publishes one file, unless one of its name is published already: then that takes its place.
static bool publish_file(const struct publication *publication, struct text folder, struct text file)
{
    struct arena *arena = publication->arena;
    const struct value *known = value_find(publication->sources, assets_key(arena, file));
    struct text content = {NULL, 0};
    if (known != NULL) {
        return text_equals(known->text, file) || refuse(file, "another file has the same key");
    }
    return (file_read(arena, path_of(arena, folder, file, TEXT("")), FILE_MAXIMUM, &content) ||
            report("static file cannot be read", file)) &&
           publish_content(publication, file, content);
}

static bool publish_folder(const struct publication *publication, struct text from)
{
    struct arena *arena = publication->arena;
    const struct text parts[] = {from, TEXT("/static")};
    struct text folder = text_join(arena, parts, 2);
    const char *path = text_string(arena, folder);
    if (path == NULL) {
        return false;
    }
    DIR *directory = from.length == 0 ? NULL : opendir(path);
    bool done = true;
    if (directory == NULL) {
        return from.length == 0 || errno == ENOENT || report("static files cannot be read", folder);
    }
    for (struct dirent *entry = readdir(directory); entry != NULL && done; entry = readdir(directory)) {
        done = entry->d_name[0] == '.' ||
               publish_file(publication, folder, text_copy(arena, text_from(entry->d_name)));
    }
    (void)closedir(directory);
    return done;
}

// The theme is made from a setting, unless the shop's folder has one.
static bool publish_theme(const struct publication *publication, struct text accent)
{
    struct text file = TEXT("theme.css");
    struct text theme = theme_write(publication->arena, accent);
    bool is_there = value_find(publication->sources, assets_key(publication->arena, file)) != NULL;
    return theme.length > 0 && (is_there || publish_content(publication, file, theme));
}

bool assets_publish(struct arena *arena, const struct settings *settings)
{
    const struct text files[] = {settings->static_folder, TEXT("/files")};
    const struct publication publication = {.arena = arena,
                                            .folder = text_join(arena, files, 2),
                                            .names = value_object(arena),
                                            .sources = value_object(arena)};
    struct buffer list = buffer_open(arena, FILE_MAXIMUM);
    bool done = publication.sources != NULL && publish_folder(&publication, settings->shop_folder) &&
                publish_theme(&publication, settings->shop_accent) &&
                publish_folder(&publication, settings->www_folder);
    if (!done) {
        return false;
    }
    json_write(&list, publication.names);
    return !list.overflowed &&
           assets_write(arena, settings->static_folder, text_from(list_name), buffer_text(&list));
}

struct value *assets_names(struct arena *arena, const struct settings *settings)
{
    struct text content = {NULL, 0};
    struct value *names = arena_take(arena, sizeof *names);
    const char *path = path_of(arena, settings->static_folder, text_from(list_name), TEXT(""));
    if (names == NULL || path == NULL || !file_read(arena, path, FILE_MAXIMUM, &content) ||
        !json_read(arena, content, 1, names, NULL) || names->kind != VALUE_OBJECT) {
        log_event(LOG_ERROR, "list of static files cannot be read; has `storefront publish` been run?",
                  LOG_STRING("file", path));
        return NULL;
    }
    return names;
}
