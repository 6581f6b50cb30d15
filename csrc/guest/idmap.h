/*
 * idmap.h: things found by a 32-bit id. Internal.
 *
 * A thing has a struct idmap_node in it, so that adding it takes no memory and cannot fail. The map grows with what is
 * in it; where there is no memory for that it gets slower, and no more.
 */
#ifndef ROAM_IDMAP_H
#define ROAM_IDMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "../roam/codec.h"

/* struct idmap_node: in each thing; the map's while the thing is in it. */
struct idmap_node {
	struct idmap_node *next;
	uint32_t id;
};

struct idmap {
	struct idmap_node **buckets;
	uint32_t bits; /* 2^bits buckets */
	uint32_t count;
	uint32_t first; /* the buckets below are empty */
	const struct roam_allocator *allocator;
};

/* ROAM_ERR_NO_MEMORY, or 0: idmap_free then gives the memory back. */
int idmap_init(struct idmap *map, const struct roam_allocator *allocator);
void idmap_free(struct idmap *map);

struct idmap_node *idmap_find(const struct idmap *map, uint32_t id);

/* node->id is set, and no other thing in the map has it. */
void idmap_add(struct idmap *map, struct idmap_node *node);

/* Takes out a thing that is in the map. */
void idmap_remove(struct idmap *map, struct idmap_node *node);

/* Takes out any thing; NULL when there is none. */
struct idmap_node *idmap_pop(struct idmap *map);

#endif
