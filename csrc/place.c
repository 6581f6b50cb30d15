//go:build linux && cgo && !purego

/* Where everything lies in a segment with fixed slot pools. */

#include "roam/shm.h"

static uint64_t align64(uint64_t n)
{
	return (n + 63) & ~UINT64_C(63);
}

/* The name of the first size out of bounds, NULL when all are within. */
static const char *check(const struct roam_config *config)
{
	if (config->max_guests < 1 || config->max_guests > ROAM_MAX_GUESTS)
		return "max_guests";
	if (config->ring_size < 2 || (config->ring_size & (config->ring_size - 1)) != 0)
		return "ring_size";
	if (config->slot_size < 8 || config->slot_size % 8 != 0)
		return "slot_size";
	if (config->slots_per_guest < 1)
		return "slots_per_guest";
	if (config->max_payload_size > config->slot_size - ROAM_GENERATION_SIZE)
		return "max_payload_size";
	if (config->initial_credit > ROAM_MAX_CREDIT)
		return "initial_credit";
	return NULL;
}

const char *roam_layout_compute(const struct roam_config *config, struct roam_layout *layout)
{
	struct roam_layout l;
	const char *field = check(config);
	uint64_t slots = config->slots_per_guest;
	uint64_t pools, areas;

	if (field != NULL)
		return field;
	l.peer_table_offset = sizeof(struct roam_header);
	l.slot_region_offset = align64(l.peer_table_offset + sizeof(struct roam_peer) * config->max_guests);
	l.pool_header_size = align64(8 * ((slots + 63) / 64));
	/* Below 2^64: (2^32-1) * (2^32-8) + 2^29. */
	l.pool_size = l.pool_header_size + slots * config->slot_size;
	/* At most 2^38 and 2^36. */
	l.channel_table = align64(2 * sizeof(struct roam_desc) * config->ring_size);
	l.guest_area_size = l.channel_table + align64(sizeof(struct roam_channel) * config->max_channels);
	areas = l.guest_area_size * config->max_guests;

	if (__builtin_mul_overflow(l.pool_size, (uint64_t)config->max_guests + 1, &pools) || pools > INT64_MAX)
		return "total_size";
	/* No sum wraps: pools are below 2^63, all else together far below. */
	l.guest_areas_offset = align64(l.slot_region_offset + pools);
	l.total_size = l.guest_areas_offset + areas;
	if (l.total_size > INT64_MAX)
		return "total_size";
	*layout = l;
	return NULL;
}

void roam_place_at(struct roam_place *place, void *base, const struct roam_config *config,
		   const struct roam_layout *layout, uint32_t peer_id, bool host)
{
	uint64_t area = layout->guest_areas_offset + (peer_id - 1) * layout->guest_area_size;

	*place = (struct roam_place){
		.base = base,
		.entry = layout->peer_table_offset + (peer_id - 1) * sizeof(struct roam_peer),
		.ring = area,
		.table = area + layout->channel_table,
		.host_pool = layout->slot_region_offset,
		.guest_pool = layout->slot_region_offset + peer_id * layout->pool_size,
		.pool_header = layout->pool_header_size,
		.ring_size = config->ring_size,
		.slot_size = config->slot_size,
		.slots = config->slots_per_guest,
		.max_channels = config->max_channels,
		.host = host,
		.peer_table = true,
	};
}
