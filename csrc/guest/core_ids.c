/*
 * Ids of channels that this side allocates. With a table they are used again: once this side's own end is over, the
 * entry was seen Free, and every message up to the ring's head as read after that has been processed. Without one they
 * never repeat.
 */

#include "core_state.h"

#include <string.h>

enum { LEAST_CAPACITY = 16 };

int core_ids_init(struct core *core)
{
	core->ids.next = 2 - core->config.parity;
	if (core_tabled(core))
		core->ids.processed = core->config.table.head(core->config.table.context);
	return 0;
}

void core_ids_free(struct core *core)
{
	const struct roam_allocator *allocator = core->config.allocator;
	struct core_ids *ids = &core->ids;

	if (ids->free != NULL)
		allocator->release(allocator->context, ids->free);
	if (ids->retired != NULL)
		allocator->release(allocator->context, ids->retired);
	if (ids->drain != NULL)
		allocator->release(allocator->context, ids->drain);
	*ids = (struct core_ids){ 0 };
}

static bool resize(const struct roam_allocator *allocator, void *array, size_t size)
{
	void *old, *grown;

	memcpy(&old, array, sizeof(old));
	grown = old == NULL ? allocator->allocate(allocator->context, size) :
			      allocator->resize(allocator->context, old, size);
	if (grown == NULL)
		return false;
	memcpy(array, &grown, sizeof(grown));
	return true;
}

/* Has room for so many ids more made in every list: what happens to them later then cannot fail. */
static bool reserve(struct core *core, uint32_t more)
{
	const struct roam_allocator *allocator = core->config.allocator;
	struct core_ids *ids = &core->ids;
	uint64_t capacity = ids->capacity < LEAST_CAPACITY ? LEAST_CAPACITY : ids->capacity;

	while (capacity - ids->used < more)
		capacity *= 2;
	if (capacity == ids->capacity)
		return true;
	if (!resize(allocator, &ids->free, capacity * sizeof(*ids->free)) ||
	    !resize(allocator, &ids->retired, capacity * sizeof(*ids->retired)) ||
	    !resize(allocator, &ids->drain, capacity * sizeof(*ids->drain)))
		return false;
	ids->capacity = capacity;
	return true;
}

/* Frees the ids whose messages have all been processed. Heads were read in order, so the oldest comes first. */
static void drained(struct core_ids *ids)
{
	uint32_t n = 0;

	/* Positions wrap: only their difference says anything. */
	while (n < ids->drain_count && (int32_t)(ids->processed - ids->drain[n].head) >= 0)
		ids->free[ids->free_count++] = ids->drain[n++].id;
	ids->drain_count -= n;
	memmove(ids->drain, ids->drain + n, ids->drain_count * sizeof(*ids->drain));
}

/* Moves ids on that have come further: entry seen Free, ring drained. */
static void reclaim(struct core *core)
{
	const struct core_table *table = &core->config.table;
	struct core_ids *ids = &core->ids;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < ids->retired_count; i++) {
		uint32_t id = ids->retired[i];

		/* The head is read after the state: what the callee published before it set Free lies below. */
		if (table->is_free(table->context, id))
			ids->drain[ids->drain_count++] = (struct core_drain){ id, table->head(table->context) };
		else
			ids->retired[kept++] = id;
	}
	ids->retired_count = kept;
	if (ids->drain_count > 0)
		drained(ids);
}

/* Ids that were never used and can be. */
static uint64_t fresh(const struct core *core)
{
	uint64_t end = core_last_id(core) + 1;
	uint64_t next = core->ids.next;

	return next < end ? (end - next + 1) / 2 : 0;
}

uint64_t core_id_limit(const struct core *core)
{
	uint64_t first = 2 - core->config.parity;
	uint64_t end = core_last_id(core) + 1;

	return end > first ? (end - first + 1) / 2 : 0;
}

static uint32_t length_of(const struct core_channel *channel)
{
	uint32_t n = 0;

	for (; channel != NULL; channel = channel->sibling)
		n++;
	return n;
}

static void give(struct core_ids *ids, struct core_channel *channel, uint32_t again)
{
	for (uint32_t i = 0; channel != NULL; channel = channel->sibling, i++) {
		if (i < again) {
			channel->node.id = ids->free[i];
		} else {
			channel->node.id = (uint32_t)ids->next;
			ids->next += 2;
			ids->used++;
		}
	}
	ids->free_count -= again;
	if (again > 0)
		memmove(ids->free, ids->free + again, ids->free_count * sizeof(*ids->free));
}

int core_take_ids(struct core *core, struct core_channel *channels)
{
	struct core_ids *ids = &core->ids;
	uint32_t wanted = length_of(channels), again;

	if (wanted == 0)
		return 0;
	if (wanted > core_id_limit(core))
		return ROAM_ERR_TOO_MANY;
	if (ids->free_count < wanted && core_tabled(core))
		reclaim(core);
	again = ids->free_count < wanted ? ids->free_count : wanted;
	if (wanted - again > fresh(core))
		return core_tabled(core) ? ROAM_ERR_AGAIN : ROAM_ERR_TOO_MANY;
	if (core_tabled(core) && !reserve(core, wanted - again))
		return ROAM_ERR_NO_MEMORY;
	give(ids, channels, again);
	return 0;
}

void core_put_ids(struct core *core, struct core_channel *channels)
{
	struct core_ids *ids = &core->ids;

	for (; channels != NULL && core_tabled(core); channels = channels->sibling)
		ids->free[ids->free_count++] = channels->node.id;
}

void core_retire_id(struct core *core, uint32_t id)
{
	if (core_tabled(core))
		core->ids.retired[core->ids.retired_count++] = id;
}

void core_processed(struct core *core, uint32_t seq)
{
	core->ids.processed = seq;
	/* Those that wait are looked at each time, before the difference of positions can pass 2^31. */
	if (core->ids.drain_count > 0)
		drained(&core->ids);
}
