/* What the header and the entries of a segment must say. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../shared.h"
#include "failure.h"
#include "header.h"

/* struct place: an offset or size that is stated, and the one that follows from the sizes in the header. */
struct place {
	const char *field;
	uint64_t got, want;
};

static int check_places(const char *of, const struct place *places, size_t count, struct roam_failure *failure)
{
	for (size_t i = 0; i < count; i++)
		if (places[i].got != places[i].want)
			return failure_set(failure, ROAM_ERR_HEADER,
					   "%s: %s is %" PRIu64 ", must be %" PRIu64 " for the sizes in the header", of,
					   places[i].field, places[i].got, places[i].want);
	return 0;
}

/* Copies the header, the magic first. The page that holds the last byte of a file is there as a whole. */
static void copy_header(const struct segment *segment, struct roam_header *copy)
{
	union {
		struct roam_header header;
		uint64_t words[sizeof(struct roam_header) / sizeof(uint64_t)];
	} out;
	const uint64_t *from = (const uint64_t *)(const void *)segment->base;

	/* Acquire: what the host wrote before the magic is visible after it. */
	out.words[0] = __atomic_load_n(&from[0], __ATOMIC_ACQUIRE);
	for (size_t i = 1; i < sizeof(out.words) / sizeof(out.words[0]); i++)
		out.words[i] = load_once64(&from[i]);
	*copy = out.header;
}

/* Tests that the file begins like a segment of this version. */
static int check_kind(const struct segment *segment, const struct roam_header *header, struct roam_failure *failure)
{
	if (memcmp(header->magic, ROAM_SEGMENT_MAGIC, sizeof(header->magic)) != 0)
		return failure_set(failure, ROAM_ERR_NOT_SEGMENT,
				   "segment header: magic is %02x%02x%02x%02x%02x%02x%02x%02x (hex), must be RAPAHUB and 01: "
				   "not a segment, or not ready", header->magic[0], header->magic[1], header->magic[2],
				   header->magic[3], header->magic[4], header->magic[5], header->magic[6],
				   header->magic[7]);
	if (segment->size < sizeof(*header))
		return failure_set(failure, ROAM_ERR_TRUNCATED,
				   "segment header: the file has %" PRIu64 " bytes, must have at least %zu", segment->size,
				   sizeof(*header));
	if (header->version != ROAM_VERSION)
		return failure_set(failure, ROAM_ERR_VERSION, "segment header: version is %" PRIu32 ", must be %d",
				   header->version, ROAM_VERSION);
	if (header->header_size != sizeof(*header))
		return failure_set(failure, ROAM_ERR_HEADER, "segment header: header_size is %" PRIu32 ", must be %zu",
				   header->header_size, sizeof(*header));
	return 0;
}

static int check_features(const struct roam_header *header, struct roam_failure *failure)
{
	if (header->var_slot_pool_offset == 0)
		return 0;
	if (header->var_class_count == 0)
		return failure_set(failure, ROAM_ERR_UNSUPPORTED,
				   "segment header: var_class_count is 0, must be given with a variable-size slot pool");
	return failure_set(failure, ROAM_ERR_UNSUPPORTED,
			   "segment header: var_slot_pool_offset is %" PRIu64
			   ", must be 0: variable-size slot pools are not supported by this version",
			   header->var_slot_pool_offset);
}

/* Words the bound that a size broke, by the name that roam_layout_compute gives it. */
static int size_failure(const struct roam_config *config, const char *field, struct roam_failure *failure)
{
	const struct {
		const char *field;
		uint32_t value;
		const char *bound;
	} bounds[] = {
		{ "max_guests", config->max_guests, "1 to 255" },
		{ "ring_size", config->ring_size, "a power of two, at least 2" },
		{ "slot_size", config->slot_size, "a multiple of 8, at least 8" },
		{ "slots_per_guest", config->slots_per_guest, "at least 1" },
		{ "max_payload_size", config->max_payload_size, "at most slot_size - 4" },
		{ "initial_credit", config->initial_credit, "at most 2147483647" },
	};

	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
		if (strcmp(bounds[i].field, field) == 0)
			return failure_set(failure, ROAM_ERR_HEADER, "segment header: %s is %" PRIu32 ", must be %s", field,
					   bounds[i].value, bounds[i].bound);
	return failure_set(failure, ROAM_ERR_HEADER,
			   "segment header: %s, the sum of all pools and guest areas, must be within the address space", field);
}

static int compute_layout(struct segment *segment, const struct roam_header *header, struct roam_failure *failure)
{
	const char *field;

	segment->config = (struct roam_config){
		.max_payload_size = header->max_payload_size,
		.initial_credit = header->initial_credit,
		.max_guests = header->max_guests,
		.ring_size = header->ring_size,
		.slot_size = header->slot_size,
		.slots_per_guest = header->slots_per_guest,
		.max_channels = header->max_channels,
	};
	segment->heartbeat_interval = header->heartbeat_interval;
	field = roam_layout_compute(&segment->config, &segment->layout);
	return field == NULL ? 0 : size_failure(&segment->config, field, failure);
}

/* Tests that the file is as long as the header says. */
static int check_length(const struct segment *segment, const struct roam_header *header, struct roam_failure *failure)
{
	const char *field = "total_size";
	uint64_t bytes = header->total_size;

	if (bytes <= segment->size) {
		field = "current_size";
		bytes = header->current_size;
	}
	if (bytes <= segment->size)
		return 0;
	return failure_set(failure, ROAM_ERR_TRUNCATED,
			   "segment header: %s is %" PRIu64 ", must be at most the size of the file, which is %" PRIu64, field,
			   bytes, segment->size);
}

int header_check(struct segment *segment, struct roam_failure *failure)
{
	const struct roam_layout *layout = &segment->layout;
	struct roam_header header;
	int error;

	copy_header(segment, &header);
	error = check_kind(segment, &header, failure);
	if (error == 0)
		error = check_features(&header, failure);
	if (error == 0)
		error = compute_layout(segment, &header, failure);
	if (error == 0)
		error = check_places("segment header",
				     (struct place[]){
					     { "peer_table_offset", header.peer_table_offset, layout->peer_table_offset },
					     { "slot_region_offset", header.slot_region_offset, layout->slot_region_offset },
					     { "total_size", header.total_size, layout->total_size },
				     },
				     3, failure);
	return error != 0 ? error : check_length(segment, &header, failure);
}

/* The offsets in an entry, each read once. */
static int check_entry(const struct segment *segment, uint32_t peer_id, struct roam_failure *failure)
{
	const struct roam_layout *layout = &segment->layout;
	const struct roam_peer *entry = segment_entry(segment, peer_id);
	uint64_t area = layout->guest_areas_offset + (peer_id - 1) * layout->guest_area_size;
	char of[32];

	(void)snprintf(of, sizeof(of), "peer entry %" PRIu32, peer_id);
	return check_places(of,
			    (struct place[]){
				    { "ring_offset", load_once64(&entry->ring_offset), area },
				    { "slot_pool_offset", load_once64(&entry->slot_pool_offset),
				      layout->slot_region_offset + peer_id * layout->pool_size },
				    { "channel_table_offset", load_once64(&entry->channel_table_offset),
				      area + layout->channel_table },
			    },
			    3, failure);
}

int header_check_peer(const struct segment *segment, uint32_t peer_id, struct roam_failure *failure)
{
	uint32_t most = segment->config.max_guests;

	if (peer_id < 1 || peer_id > most)
		return failure_set(failure, ROAM_ERR_PEER_ID,
				   "peer id is %" PRIu32 ", must be 1 to max_guests, which is %" PRIu32, peer_id, most);
	if (segment_host_leaving(segment))
		return failure_set(failure, ROAM_ERR_HOST_LEAVING, "the host of the segment is leaving");
	return check_entry(segment, peer_id, failure);
}
