/* Things by id: chains in a table that doubles. */

#include "idmap.h"

#include <stddef.h>
#include <string.h>

#include "../roam/guest.h"

enum {
	LEAST_BITS = 6,
	MOST_BITS = 24
};

/* Ids mostly count up; the multiplication spreads others as well. */
static uint32_t bucket_of(uint32_t id, uint32_t bits)
{
	return id * UINT32_C(0x9E3779B1) >> (32 - bits);
}

static struct idmap_node **make_buckets(const struct roam_allocator *allocator, uint32_t bits)
{
	size_t size = sizeof(struct idmap_node *) << bits;
	struct idmap_node **buckets = allocator->allocate(allocator->context, size);

	if (buckets != NULL)
		memset(buckets, 0, size);
	return buckets;
}

int idmap_init(struct idmap *map, const struct roam_allocator *allocator)
{
	*map = (struct idmap){ .buckets = make_buckets(allocator, LEAST_BITS), .bits = LEAST_BITS,
			       .allocator = allocator };
	return map->buckets != NULL ? 0 : ROAM_ERR_NO_MEMORY;
}

void idmap_free(struct idmap *map)
{
	if (map->buckets != NULL)
		map->allocator->release(map->allocator->context, map->buckets);
	map->buckets = NULL;
}

struct idmap_node *idmap_find(const struct idmap *map, uint32_t id)
{
	struct idmap_node *node = map->buckets[bucket_of(id, map->bits)];

	while (node != NULL && node->id != id)
		node = node->next;
	return node;
}

static void put(struct idmap_node **buckets, uint32_t bits, struct idmap_node *node)
{
	struct idmap_node **bucket = &buckets[bucket_of(node->id, bits)];

	node->next = *bucket;
	*bucket = node;
}

static void grow(struct idmap *map)
{
	struct idmap_node **buckets = make_buckets(map->allocator, map->bits + 1);

	if (buckets == NULL)
		return; /* chains get longer */
	for (uint32_t i = 0; i < UINT32_C(1) << map->bits; i++) {
		struct idmap_node *next;

		for (struct idmap_node *node = map->buckets[i]; node != NULL; node = next) {
			next = node->next;
			put(buckets, map->bits + 1, node);
		}
	}
	map->allocator->release(map->allocator->context, map->buckets);
	map->buckets = buckets;
	map->bits++;
}

void idmap_add(struct idmap *map, struct idmap_node *node)
{
	if (map->count >= UINT32_C(1) << map->bits && map->bits < MOST_BITS)
		grow(map);
	put(map->buckets, map->bits, node);
	map->count++;
	map->first = 0;
}

void idmap_remove(struct idmap *map, struct idmap_node *node)
{
	struct idmap_node **at = &map->buckets[bucket_of(node->id, map->bits)];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	map->count--;
}

struct idmap_node *idmap_pop(struct idmap *map)
{
	struct idmap_node *node;

	if (map->count == 0)
		return NULL;
	while (map->buckets[map->first] == NULL)
		map->first++;
	node = map->buckets[map->first];
	idmap_remove(map, node);
	return node;
}
