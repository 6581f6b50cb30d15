/* The queue of received items, against one as one would first write it; and things by id, and memory freed at once. */

#include "check.h"
#include "guest/arena.h"
#include "guest/idmap.h"
#include "guest/items.h"
#include "roam/guest.h"

static uint64_t state = 88172645463325252;

static uint32_t pick(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16) % n;
}

/* ---- Items ------------------------------------------------------------------------------------------------------ */

enum { MOST = 1200, LONGEST = 300 };

struct model {
	struct {
		uint8_t bytes[LONGEST];
		size_t len;
	} items[MOST];
	size_t first, count;
};

static void push(struct items *items, struct model *model, size_t len)
{
	uint8_t bytes[LONGEST];

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)pick(256);
	memcpy(model->items[model->count].bytes, bytes, len);
	model->items[model->count++].len = len;
	CHECK(items_push(items, &roam_default_allocator, bytes, len));
	memset(bytes, 0xEE, sizeof(bytes)); /* the queue keeps a copy */
}

static void pop(struct items *items, struct model *model)
{
	size_t i = model->first++;
	struct roam_bytes item = items_pop(items);

	CHECK_EQ(item.len, model->items[i].len);
	if (item.len == model->items[i].len && item.len > 0)
		CHECK(memcmp(item.data, model->items[i].bytes, item.len) == 0);
}

static void items_come_out_as_they_were_put(void)
{
	static struct model model;

	for (int round = 0; round < 300; round++) {
		struct items items = { 0 };
		uint32_t sizes = 1 + pick(LONGEST), empties = pick(5), pushes = 3 + pick(5);

		model.first = model.count = 0;
		for (int step = 0; step < 1000; step++) {
			if (pick(300) == 0) {
				items_drop(&items, &roam_default_allocator);
				model.first = model.count;
			} else if (pick(10) < pushes) {
				push(&items, &model, pick(5) < empties ? 0 : pick(sizes));
			} else if (model.first < model.count) {
				pop(&items, &model);
			}
			CHECK_EQ(items_empty(&items), model.first == model.count);
		}
		while (model.first < model.count)
			pop(&items, &model);
		CHECK(items_empty(&items));
		items_free(&items, &roam_default_allocator);
	}
}

static void memory_follows_what_is_queued(void)
{
	enum { WINDOW = 1000 };
	static const size_t sizes[] = { 1, 7, 100, WINDOW / 2 };
	static const uint8_t bytes[WINDOW];

	for (int i = 0; i < 4; i++) { /* a queue that is never empty and never holds more than the window */
		struct items items = { 0 };
		size_t queued = 0;

		for (int turn = 0; turn < 3000; turn++) {
			for (; queued + sizes[i] <= WINDOW; queued += sizes[i])
				CHECK(items_push(&items, &roam_default_allocator, bytes, sizes[i]));
			queued -= items_pop(&items).len;
		}
		/* A byte costs its length too; buffers double, and there are two. */
		CHECK(items.in.capacity + items.out.capacity <= 8 * WINDOW);
		items_free(&items, &roam_default_allocator);
	}
}

static void runs_without_bytes_are_counted(void)
{
	struct items items = { 0 };

	for (int i = 0; i < 100000; i++)
		CHECK(items_push(&items, &roam_default_allocator, NULL, 0));
	CHECK(items.in.len <= 16);
	CHECK(items_push(&items, &roam_default_allocator, "x", 1));
	CHECK(items_push(&items, &roam_default_allocator, NULL, 0));
	CHECK(items.in.len <= 32);
	for (int i = 0; i < 100000; i++)
		CHECK_EQ(items_pop(&items).len, 0);
	CHECK_EQ(items_pop(&items).len, 1);
	CHECK_EQ(items_pop(&items).len, 0);
	CHECK(items_empty(&items));
	items_free(&items, &roam_default_allocator);
}

static void *no_memory(void *context, size_t size)
{
	(void)context;
	(void)size;
	return NULL;
}

static void push_without_memory_changes_nothing(void)
{
	struct roam_allocator none = roam_default_allocator;
	struct items items = { 0 };
	uint8_t bytes[200] = { 0 };

	none.allocate = no_memory;
	CHECK(!items_push(&items, &none, bytes, 1));
	CHECK(!items_push(&items, &none, NULL, 0));
	CHECK(items_empty(&items));
	CHECK(items_push(&items, &roam_default_allocator, "kept", 4));
	CHECK(!items_push(&items, &roam_default_allocator, bytes, SIZE_MAX / 2));
	CHECK(memcmp(items_pop(&items).data, "kept", 4) == 0);
	items_free(&items, &roam_default_allocator);
}

/* ---- Ids -------------------------------------------------------------------------------------------------------- */

enum { THINGS = 5000 };

static void things_are_found_by_id(void)
{
	static struct idmap_node nodes[THINGS];
	struct idmap map;

	CHECK_EQ(idmap_init(&map, &roam_default_allocator), 0);
	for (uint32_t i = 0; i < THINGS; i++) {
		nodes[i].id = i * UINT32_C(2654435761); /* each another */
		idmap_add(&map, &nodes[i]);
	}
	CHECK_EQ(map.count, THINGS);
	for (uint32_t i = 0; i < THINGS; i += 2)
		idmap_remove(&map, &nodes[i]);
	for (uint32_t i = 0; i < THINGS; i++)
		CHECK(idmap_find(&map, nodes[i].id) == (i % 2 == 0 ? NULL : &nodes[i]));
	for (uint32_t i = 0; i < THINGS / 2; i++)
		CHECK(idmap_pop(&map) != NULL);
	CHECK(idmap_pop(&map) == NULL);
	CHECK_EQ(map.count, 0);
	idmap_add(&map, &nodes[0]); /* also after it was emptied */
	CHECK(idmap_pop(&map) == &nodes[0]);
	idmap_free(&map);
}

static void map_without_memory_to_grow_goes_on(void)
{
	static struct idmap_node nodes[THINGS];
	struct roam_allocator none = roam_default_allocator;
	struct idmap map;

	none.allocate = no_memory;
	CHECK_EQ(idmap_init(&map, &none), ROAM_ERR_NO_MEMORY);
	idmap_free(&map);
	CHECK_EQ(idmap_init(&map, &roam_default_allocator), 0);
	map.allocator = &none;
	for (uint32_t i = 0; i < THINGS; i++) {
		nodes[i].id = i;
		idmap_add(&map, &nodes[i]);
	}
	for (uint32_t i = 0; i < THINGS; i++)
		CHECK(idmap_find(&map, i) == &nodes[i]);
	map.allocator = &roam_default_allocator;
	idmap_free(&map);
}

/* ---- Arenas ----------------------------------------------------------------------------------------------------- */

static void arena_gives_memory_for_any_type(void)
{
	struct arena arena = { 0 };

	for (int round = 0; round < 50; round++) {
		uint8_t *blocks[64];
		size_t sizes[64];

		for (int i = 0; i < 64; i++) {
			sizes[i] = pick(100) == 0 ? 40000 : pick(200);
			blocks[i] = arena_alloc(&arena, &roam_default_allocator, sizes[i]);
			CHECK(blocks[i] != NULL && (uintptr_t)blocks[i] % _Alignof(max_align_t) == 0);
			memset(blocks[i], i, sizes[i]);
		}
		for (int i = 0; i < 64; i++) /* none overlaps another */
			for (size_t k = 0; k < sizes[i]; k++)
				if (blocks[i][k] != (uint8_t)i)
					CHECK(false);
		arena_reset(&arena, &roam_default_allocator);
	}
	CHECK(arena_alloc(&arena, &roam_default_allocator, SIZE_MAX - 8) == NULL);
	arena_free(&arena, &roam_default_allocator);
}

int main(void)
{
	RUN(items_come_out_as_they_were_put);
	RUN(memory_follows_what_is_queued);
	RUN(runs_without_bytes_are_counted);
	RUN(push_without_memory_changes_nothing);
	RUN(things_are_found_by_id);
	RUN(map_without_memory_to_grow_goes_on);
	RUN(arena_gives_memory_for_any_type);
	return finished();
}
