// Whole files within a bound: what is read is complete, and what is no plain file, too large or not there is
// refused with its errno. What files are for is not known here.
#include "support.h"

#include <errno.h>

static struct folder folder;

static int make_folder(void **state)
{
    (void)state;
    folder = folder_make();
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    folder_remove(&folder);
    return 0;
}

static void files_are_read_whole(void **state)
{
    struct arena *arena = *state;
    struct text content = {NULL, 0};
    struct text large = repeated(arena, "0123456789", 100000);
    assert_true(file_read(arena, folder_write(arena, &folder, "a", text_of("x\0y", 3)), 3, &content));
    assert_texts(content, text_of("x\0y", 3));
    assert_true(file_read(arena, folder_write(arena, &folder, "a", TEXT("")), 0, &content));
    assert_int_equal(content.length, 0);
    assert_non_null(content.bytes);
    assert_true(file_read(arena, folder_write(arena, &folder, "a", large), large.length, &content));
    assert_texts(content, large);
}

static void refuse(struct arena *arena, const char *path, size_t maximum, int reason)
{
    struct text content = TEXT("untouched");
    errno = 0;
    assert_false(file_read(arena, path, maximum, &content));
    assert_int_equal(errno, reason);
    assert_text(content, "untouched");
}

static void what_cannot_be_read_is_refused(void **state)
{
    struct arena *arena = *state;
    const char *fifo = folder_path(arena, &folder, "fifo");
    refuse(arena, folder_write(arena, &folder, "a", TEXT("1234")), 3, EFBIG);
    refuse(arena, folder_path(arena, &folder, "nowhere"), 10, ENOENT);
    refuse(arena, folder_path(arena, &folder, "a/b"), 10, ENOTDIR);
    refuse(arena, folder.path, 10000, EINVAL);
    refuse(arena, "/dev/zero", 10000, EINVAL);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    refuse(arena, fifo, 10000, EINVAL);
}

static void a_spent_arena_is_told(void **state)
{
    struct arena *small = arena_open(100);
    struct text content = {NULL, 0};
    const char *path = folder_write(*state, &folder, "a", repeated(*state, "x", 200));
    bool done = file_read(small, path, 1000, &content);
    arena_close(&small);
    assert_false(done);
}

// The kernel says 4096 bytes of each file in /sys, and gives fewer.
static void a_file_that_is_shorter_than_it_says_is_read_to_its_end(void **state)
{
    struct text content = {NULL, 0};
    const char *path = "/sys/devices/system/cpu/possible";
    if (access(path, R_OK) == 0) {
        assert_true(file_read(*state, path, 10000, &content));
        assert_in_range(content.length, 1, 100);
        assert_int_equal(content.bytes[content.length - 1], '\n');
    }
}

static void the_first_folder_that_has_it_is_found(void **state)
{
    struct arena *arena = *state;
    (void)folder_write(arena, &folder, "one/x", TEXT("1"));
    (void)folder_write(arena, &folder, "two/x", TEXT("2"));
    const char *second = folder_write(arena, &folder, "two/y", TEXT("3"));
    const struct text folders[] = {TEXT(""), text_from(folder_path(arena, &folder, "one")),
                                   text_from(folder_path(arena, &folder, "two"))};
    assert_string_equal(file_search(arena, folders, 3, TEXT("x")), folder_path(arena, &folder, "one/x"));
    assert_string_equal(file_search(arena, folders, 3, TEXT("y")), second);
    assert_null(file_search(arena, folders, 3, TEXT("z")));
    assert_null(file_search(arena, folders, 0, TEXT("x")));
    // A folder without a name is none: it would be the file system's root.
    assert_null(file_search(arena, folders, 1, TEXT("etc/passwd")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(files_are_read_whole),
        WITH_ARENA(what_cannot_be_read_is_refused),
        WITH_ARENA(a_spent_arena_is_told),
        WITH_ARENA(a_file_that_is_shorter_than_it_says_is_read_to_its_end),
        WITH_ARENA(the_first_folder_that_has_it_is_found),
    };
    return cmocka_run_group_tests_name("file", tests, make_folder, remove_folder);
}
