// Blocks in a list, the first one kept from request to request. In sanitizer builds
// (STOREFRONT_PIECEWISE_ARENA) every piece is a block of its own, so that an overrun of one byte or a pointer
// kept too long is seen.
#include "storefront/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef STOREFRONT_PIECEWISE_ARENA
#define BLOCK_SIZE 0
#else
#define BLOCK_SIZE ((size_t)32 * 1024)
#endif

struct block {
    struct block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct block *blocks; // the newest first
    size_t maximum;
    size_t taken;
    bool failed;
};

struct arena *arena_open(size_t maximum)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena != NULL) {
        arena->maximum = maximum;
    }
    return arena;
}

static struct block *add_block(struct arena *arena, size_t least)
{
    size_t size = least > BLOCK_SIZE ? least : BLOCK_SIZE;
    struct block *block = calloc(1, sizeof *block + size);
    if (block != NULL) {
        block->size = size;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block;
}

void *arena_take(struct arena *arena, size_t size)
{
    const size_t alignment = alignof(max_align_t);
    if (size > arena->maximum || arena->failed) {
        arena->failed = true;
        return NULL;
    }
    size_t rounded = BLOCK_SIZE == 0 ? size : (size + alignment - 1) / alignment * alignment;
    if (rounded > arena->maximum - arena->taken) {
        arena->failed = true;
        return NULL;
    }
    struct block *block = BLOCK_SIZE == 0 ? NULL : arena->blocks;
    if (block == NULL || rounded > block->size - block->used) {
        block = add_block(arena, rounded);
        if (block == NULL) {
            arena->failed = true;
            return NULL;
        }
    }
    void *piece = block->bytes + block->used;
    block->used += rounded;
    arena->taken += rounded;
    return piece;
}

void arena_fail(struct arena *arena)
{
    arena->failed = true;
}

bool arena_failed(const struct arena *arena)
{
    return arena->failed;
}

static void free_blocks(struct block *block)
{
    while (block != NULL) {
        struct block *next = block->next;
        explicit_bzero(block->bytes, block->used);
        free(block);
        block = next;
    }
}

void arena_empty(struct arena *arena)
{
    struct block *kept = NULL;
    if (BLOCK_SIZE > 0 && arena->blocks != NULL) {
        struct block **last = &arena->blocks;
        while ((*last)->next != NULL) {
            last = &(*last)->next;
        }
        kept = *last;
        *last = NULL;
        explicit_bzero(kept->bytes, kept->used);
        kept->used = 0;
        // A first block made for one large piece must not become the size of every request.
        if (kept->size > BLOCK_SIZE) {
            free(kept);
            kept = NULL;
        }
    }
    free_blocks(arena->blocks);
    arena->blocks = kept;
    arena->taken = 0;
    arena->failed = false;
}

void arena_close(struct arena **arena)
{
    if (*arena != NULL) {
        free_blocks((*arena)->blocks);
        free(*arena);
        *arena = NULL;
    }
}
