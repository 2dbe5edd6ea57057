// One lifetime of memory: everything taken from an arena ends together, and is wiped because it may have held
// passwords, codes or cookies. It promises zeroed, aligned pieces within a bound that is fixed at birth. It
// refuses to know what is kept in it. Failure sticks: after one refused piece the arena says so until it is
// emptied.
#ifndef STOREFRONT_BASE_ARENA_H
#define STOREFRONT_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

// Makes an arena that hands out at most `maximum` bytes between two calls of arena_empty(). NULL without
// memory. The caller owns it and ends it with arena_close().
struct arena *arena_open(size_t maximum);

// Returns `size` zeroed bytes, aligned for any type, that live until `arena` is emptied; NULL when the bound
// or the machine's memory is spent. A caller that builds values may go on with the NULL and ask
// arena_failed() at the end.
void *arena_take(struct arena *arena, size_t size);

// Marks `arena` as if a piece had been refused: for whoever fails for want of something else, and must be
// told apart from a "no".
void arena_fail(struct arena *arena);

// True when a piece was refused since `arena` was last emptied.
bool arena_failed(const struct arena *arena);

// Wipes and gives up everything that was taken from `arena`; pointers into it are dead afterwards.
void arena_empty(struct arena *arena);

// Wipes and frees the arena behind `arena` and sets the pointer to NULL; an arena that is NULL is left alone.
void arena_close(struct arena **arena);

#endif
