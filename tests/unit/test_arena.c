// The arena: zeroed and aligned pieces within a bound, a failure that sticks, and memory that is wiped when
// it is given up. Whether freed memory is really clean is only looked at where the first block is kept, which
// the sanitizers' build does not do.
#include "support.h"

#include <stdalign.h>

static void pieces_are_zeroed_and_aligned(void **state)
{
    struct arena *arena = *state;
    for (size_t size = 1; size < 3000; size += 97) {
        unsigned char *piece = arena_take(arena, size);
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(piece[i], 0);
        }
        memset(piece, 0xff, size);
    }
}

static void pieces_do_not_overlap(void **state)
{
    struct arena *arena = *state;
    unsigned char *pieces[200];
    for (size_t i = 0; i < ROWS(pieces); i++) {
        pieces[i] = arena_take(arena, 1 + i * 7);
        memset(pieces[i], (int)i, 1 + i * 7);
    }
    for (size_t i = 0; i < ROWS(pieces); i++) {
        for (size_t at = 0; at < 1 + i * 7; at++) {
            assert_int_equal(pieces[i][at], i);
        }
    }
}

static void bound_holds_to_the_byte(void **state)
{
    (void)state;
    struct arena *arena = arena_open(1024);
    assert_non_null(arena_take(arena, 1024));
    assert_false(arena_failed(arena));
    assert_null(arena_take(arena, 1));
    assert_true(arena_failed(arena));
    arena_close(&arena);

    arena = arena_open(1024);
    assert_null(arena_take(arena, 1025));
    assert_true(arena_failed(arena));
    arena_close(&arena);
}

static void failure_sticks_until_emptied(void **state)
{
    (void)state;
    struct arena *arena = arena_open(1024);
    assert_null(arena_take(arena, 4096));
    assert_null(arena_take(arena, 1));
    assert_true(arena_failed(arena));
    arena_empty(arena);
    assert_false(arena_failed(arena));
    assert_non_null(arena_take(arena, 1024));
    arena_close(&arena);
}

static void absurd_sizes_are_refused(void **state)
{
    (void)state;
    const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 15, SIZE_MAX / 2, (size_t)1 << 40};
    for (size_t i = 0; i < ROWS(sizes); i++) {
        struct arena *arena = arena_open(4096);
        assert_non_null(arena_take(arena, 16));
        assert_null(arena_take(arena, sizes[i]));
        assert_true(arena_failed(arena));
        arena_close(&arena);
    }
}

static void nothing_can_be_taken(void **state)
{
    struct arena *arena = *state;
    assert_non_null(arena_take(arena, 0));
    assert_false(arena_failed(arena));
}

static void emptying_gives_the_whole_bound_back(void **state)
{
    (void)state;
    struct arena *arena = arena_open(100000);
    for (size_t round = 0; round < 50; round++) {
        unsigned char *piece = arena_take(arena, round % 2 == 0 ? 100000 : 1000);
        assert_non_null(piece);
        assert_int_equal(piece[0] | piece[999], 0);
        memset(piece, 0xa5, 1000);
        arena_empty(arena);
    }
    arena_close(&arena);
}

#ifndef STOREFRONT_PIECEWISE_ARENA
static void secrets_are_gone_after_emptying(void **state)
{
    struct arena *arena = *state;
    char *secret = arena_take(arena, 64);
    memcpy(secret, "hunter2hunter2", 15);
    arena_empty(arena);
    char *again = arena_take(arena, 64);
    // The first block is kept, so this is the same memory.
    assert_ptr_equal(again, secret);
    assert_int_equal(again[0] | again[7] | again[13], 0);
}
#endif

static void closing_nothing_is_fine(void **state)
{
    (void)state;
    struct arena *arena = NULL;
    arena_close(&arena);
    arena = arena_open(16);
    arena_close(&arena);
    assert_null(arena);
    arena_close(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(pieces_are_zeroed_and_aligned),
        WITH_ARENA(pieces_do_not_overlap),
        cmocka_unit_test(bound_holds_to_the_byte),
        cmocka_unit_test(failure_sticks_until_emptied),
        cmocka_unit_test(absurd_sizes_are_refused),
        WITH_ARENA(nothing_can_be_taken),
        cmocka_unit_test(emptying_gives_the_whole_bound_back),
#ifndef STOREFRONT_PIECEWISE_ARENA
        WITH_ARENA(secrets_are_gone_after_emptying),
#endif
        cmocka_unit_test(closing_nothing_is_fine),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
