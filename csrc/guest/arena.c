/* Memory taken from chunks that are freed together. */

#include "arena.h"

#include <stdint.h>

struct arena_chunk {
	struct arena_chunk *next;
	size_t size; /* bytes after this header */
};

enum {
	LEAST_CHUNK = 1024,
	MOST_KEPT = 16384 /* bytes of a chunk that is kept by arena_reset */
};

/* So that memory of a chunk is aligned for any type, like the chunk itself. */
#define ALIGNMENT _Alignof(max_align_t)
#define HEADER ((sizeof(struct arena_chunk) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

static struct arena_chunk *add_chunk(struct arena *arena, const struct roam_allocator *allocator, size_t size)
{
	size_t next = arena->chunks != NULL && arena->chunks->size < MOST_KEPT ? arena->chunks->size * 2 : LEAST_CHUNK;
	struct arena_chunk *chunk;

	if (size < next)
		size = next;
	chunk = allocator->allocate(allocator->context, HEADER + size);
	if (chunk == NULL)
		return NULL;
	*chunk = (struct arena_chunk){ .next = arena->chunks, .size = size };
	arena->chunks = chunk;
	arena->used = 0;
	return chunk;
}

void *arena_alloc(struct arena *arena, const struct roam_allocator *allocator, size_t size)
{
	struct arena_chunk *chunk = arena->chunks;
	void *memory;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (chunk == NULL || chunk->size - arena->used < size) {
		chunk = add_chunk(arena, allocator, size);
		if (chunk == NULL)
			return NULL;
	}
	memory = (char *)chunk + HEADER + arena->used;
	arena->used += size;
	return memory;
}

static void free_chunks(struct arena_chunk *chunk, const struct roam_allocator *allocator)
{
	while (chunk != NULL) {
		struct arena_chunk *next = chunk->next;

		allocator->release(allocator->context, chunk);
		chunk = next;
	}
}

void arena_reset(struct arena *arena, const struct roam_allocator *allocator)
{
	struct arena_chunk *newest = arena->chunks;

	arena->used = 0;
	if (newest == NULL)
		return;
	if (newest->size > MOST_KEPT) {
		arena_free(arena, allocator);
		return;
	}
	free_chunks(newest->next, allocator);
	newest->next = NULL;
}

void arena_free(struct arena *arena, const struct roam_allocator *allocator)
{
	free_chunks(arena->chunks, allocator);
	*arena = (struct arena){ 0 };
}
