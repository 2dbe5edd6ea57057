// What the unit tests share: an arena for each test, a folder that is gone afterwards, settings from a given
// environment, what was logged meanwhile, and an account without a database. It promises that a comparison
// that fails shows both sides. It refuses to know any room's rules, and mocks no database: journeys have a
// real one.
#ifndef STOREFRONT_TESTS_UNIT_SUPPORT_H
#define STOREFRONT_TESTS_UNIT_SUPPORT_H

#include "storefront/account/account.h"
#include "storefront/base/file.h"
#include "storefront/base/settings.h"
#include "storefront/base/text.h"
#include "storefront/security/keyring.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(IS_SANITIZED)
#define IS_SANITIZED true
#elif !defined(IS_SANITIZED)
#define IS_SANITIZED false
#endif

#define SUPPORT_ARENA ((size_t)16 * 1024 * 1024)
#define SUPPORT_PATH  ((size_t)256)

// A test that gets its own arena as its state.
#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, arena_for_test, arena_after_test)

// A test that gets a struct fixture as its state.
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_open, fixture_close)

#define ROWS(table)        (sizeof(table) / sizeof *(table))

// Compares the text `actual` with the C string `expected`.
#define assert_text(actual, expected) support_compare((actual), text_from(expected), __FILE__, __LINE__)

// Compares two texts, which may hold any byte.
#define assert_texts(actual, expected) support_compare((actual), (expected), __FILE__, __LINE__)

// For a row of a table: fails with the row's own words.
#define assert_row(condition, row)                                                                           \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fail_msg("row \"%s\": %s", (row), #condition);                                                   \
        }                                                                                                    \
    } while (0)

static inline void support_compare(struct text actual, struct text expected, const char *file, int line)
{
    if (!text_equals(actual, expected)) {
        print_error("got      \"%.*s\"\nexpected \"%.*s\"\n", (int)actual.length,
                    actual.length == 0 ? "" : actual.bytes, (int)expected.length,
                    expected.length == 0 ? "" : expected.bytes);
        _fail(file, line);
    }
}

// True when `text` holds `part`.
static inline bool holds(struct text text, const char *part)
{
    return text_find_text(text, text_from(part)) < text.length;
}

static inline int arena_for_test(void **state)
{
    *state = arena_open(SUPPORT_ARENA);
    return *state == NULL ? -1 : 0;
}

static inline int arena_after_test(void **state)
{
    struct arena *arena = *state;
    arena_close(&arena);
    return 0;
}

// `unit` repeated `count` times.
static inline struct text repeated(struct arena *arena, const char *unit, size_t count)
{
    struct buffer buffer = buffer_open(arena, strlen(unit) * count);
    for (size_t i = 0; i < count; i++) {
        buffer_add(&buffer, text_from(unit));
    }
    return buffer_text(&buffer);
}

struct folder {
    char path[SUPPORT_PATH];
};

static inline struct folder folder_make(void)
{
    struct folder folder;
    const char *parent = getenv("TMPDIR");
    (void)snprintf(folder.path, sizeof folder.path, "%s/storefront-unit-XXXXXX",
                   parent == NULL ? "/tmp" : parent);
    assert_non_null(mkdtemp(folder.path));
    return folder;
}

static inline int support_remove(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline void folder_remove(const struct folder *folder)
{
    (void)nftw(folder->path, support_remove, 16, FTW_DEPTH | FTW_PHYS);
}

// The path of `name` in `folder`; the folders between are made.
static inline const char *folder_path(struct arena *arena, const struct folder *folder, const char *name)
{
    const struct text parts[] = {text_from(folder->path), TEXT("/"), text_from(name)};
    char *path = text_string(arena, text_join(arena, parts, 3));
    for (char *at = strchr(path + strlen(folder->path) + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        (void)mkdir(path, 0700);
        *at = '/';
    }
    return path;
}

// Writes `content` to the file `name` in `folder`, for the owner alone.
static inline const char *folder_write(struct arena *arena, const struct folder *folder, const char *name,
                                       struct text content)
{
    const char *path = folder_path(arena, folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content.length == 0 ? "" : content.bytes, 1, content.length, file),
                     content.length);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
    return path;
}

// Settings of an environment that holds `variables` (ends with NULL) alone.
static inline struct settings settings_of(struct arena *arena, const char *const *variables)
{
    struct settings settings;
    assert_true(settings_read(arena, (char *const *)(uintptr_t)variables, &settings));
    return settings;
}

// A shop with its three folders: its own, the shipped one, and what is published.
struct shop {
    struct arena *arena;
    struct folder folder;
    struct settings settings;
    struct text logged; // what the test has captured
};

// The folder `name` of the shop, made where it is missing.
static inline struct text shop_below(struct shop *shop, const char *name)
{
    const char *path = folder_path(shop->arena, &shop->folder, name);
    (void)mkdir(path, 0700);
    return text_from(path);
}

static inline struct shop *shop_make(size_t arena_maximum)
{
    static const char *const nothing[] = {NULL};
    struct shop *shop = calloc(1, sizeof *shop);
    assert_non_null(shop);
    shop->arena = arena_open(arena_maximum);
    shop->folder = folder_make();
    shop->settings = settings_of(shop->arena, nothing);
    shop->settings.shop_folder = shop_below(shop, "own");
    shop->settings.www_folder = shop_below(shop, "www");
    shop->settings.static_folder = shop_below(shop, "published");
    (void)shop_below(shop, "published/files");
    return shop;
}

static inline int shop_end(void **state)
{
    struct shop *shop = *state;
    folder_remove(&shop->folder);
    arena_close(&shop->arena);
    free(shop);
    return 0;
}

struct capture {
    int kept;
    int file;
};

// From here on what is logged goes into a file of its own. Nothing may be asserted before capture_end().
static inline struct capture capture_begin(void)
{
    struct capture capture = {.kept = dup(STDERR_FILENO), .file = memfd_create("log", 0)};
    (void)fflush(stderr);
    (void)dup2(capture.file, STDERR_FILENO);
    return capture;
}

// What was logged since capture_begin(), in `arena`.
static inline struct text capture_end(struct arena *arena, const struct capture *capture)
{
    (void)dup2(capture->kept, STDERR_FILENO);
    (void)close(capture->kept);
    off_t size = lseek(capture->file, 0, SEEK_END);
    char *bytes = arena_take(arena, (size_t)size + 1);
    ssize_t got = bytes == NULL ? -1 : pread(capture->file, bytes, (size_t)size, 0);
    (void)close(capture->file);
    assert_int_equal(got, size);
    return text_of(bytes, (size_t)size);
}

#define FIXTURE_KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// An account as a request has it, but for the database.
struct fixture {
    struct arena *arena;
    struct settings settings;
    struct keyring *keyring;
    struct folder folder;
    struct account account;
};

static inline int fixture_open(void **state)
{
    static const char *const nothing[] = {NULL};
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fixture->arena = arena_open(SUPPORT_ARENA);
    fixture->settings = settings_of(fixture->arena, nothing);
    fixture->folder = folder_make();
    const char *path = folder_write(fixture->arena, &fixture->folder, "keys", TEXT("7 " FIXTURE_KEY "\n"));
    fixture->keyring = keyring_open(path, 1U << KEY_CODES | 1U << KEY_TOKENS | 1U << KEY_LIMITS);
    fixture->account = (struct account){
        .keyring = fixture->keyring, .settings = &fixture->settings, .arena = fixture->arena};
    *state = fixture;
    return fixture->keyring == NULL ? -1 : 0;
}

static inline int fixture_close(void **state)
{
    struct fixture *fixture = *state;
    folder_remove(&fixture->folder);
    keyring_close(&fixture->keyring);
    arena_close(&fixture->arena);
    free(fixture);
    return 0;
}

#endif
