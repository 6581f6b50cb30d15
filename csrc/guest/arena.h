/*
 * arena.h: memory that is freed all at once. Internal.
 */
#ifndef ROAM_ARENA_H
#define ROAM_ARENA_H

#include <stddef.h>

#include "../roam/codec.h"

struct arena_chunk;

/* struct arena: all zero when empty. Its owner's alone. */
struct arena {
	struct arena_chunk *chunks; /* the newest first */
	size_t used;                /* of the newest, bytes */
};

/* Memory for any type, NULL when there is none. */
void *arena_alloc(struct arena *arena, const struct roam_allocator *allocator, size_t size);

/* Frees what was allocated, and keeps a little for the next use. */
void arena_reset(struct arena *arena, const struct roam_allocator *allocator);

void arena_free(struct arena *arena, const struct roam_allocator *allocator);

#endif
