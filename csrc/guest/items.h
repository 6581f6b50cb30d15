/*
 * items.h: the items of a channel that came and were not taken yet. Internal.
 *
 * They lie one behind the other in one buffer, each with its length in front: what credit bounds are their bytes, so an
 * item must cost little more than those. A run of items without bytes, which cost no credit, is one record with a
 * count.
 *
 * There are two buffers. What comes goes into one; what is taken is read from the other, where it stays until the next
 * is taken: an item is copied only once, when it comes. When all of the second is taken the two change places.
 */
#ifndef ROAM_ITEMS_H
#define ROAM_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../roam/codec.h"

struct items_buffer {
	uint8_t *data;
	size_t len;
	size_t capacity;
	size_t run; /* where the count of a run at the end of data lies; 0: there is none */
};

struct items {
	struct items_buffer in;
	struct items_buffer out;
	size_t at; /* of the next record in out */
};

bool items_empty(const struct items *items);

/* Adds a copy of an item; false when there is no memory for it. */
bool items_push(struct items *items, const struct roam_allocator *allocator, const void *data, size_t len);

/* Takes the first of items that are not empty. Its bytes live until the next items_pop or items_free. */
struct roam_bytes items_pop(struct items *items);

/* Forgets what was not taken. The item that was taken last lives on. */
void items_drop(struct items *items, const struct roam_allocator *allocator);

void items_free(struct items *items, const struct roam_allocator *allocator);

#endif
