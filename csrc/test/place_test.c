/* The layout: bounds of a configuration, and the offsets of the shared vectors (the first argument). */

#include "check.h"
#include "fixture.h"

static const char *vectors;

/* What stands in the text from *at on after "key":, moving *at there. */
static uint64_t number(const char **at, const char *key)
{
	char quoted[64];
	const char *found;

	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	found = strstr(*at, quoted);
	if (!CHECK(found != NULL)) {
		fprintf(stderr, "  no %s\n", key);
		return 0;
	}
	*at = found + strlen(quoted);
	return strtoull(*at, NULL, 10);
}

static uint32_t number32(const char **at, const char *key)
{
	return (uint32_t)number(at, key);
}

/* Reads one peer of an example and compares it with both sides' places. */
static void check_peer(const char **at, const struct roam_config *config, const struct roam_layout *layout)
{
	unsigned char base[1];
	struct roam_place place;
	uint32_t id = number32(at, "peer_id");

	roam_place_at(&place, base, config, layout, id, true);
	CHECK(place.base == base);
	CHECK_EQ(place.entry, number(at, "entry"));
	CHECK_EQ(place.ring, number(at, "ring_offset"));
	CHECK_EQ(place.ring + config->ring_size * sizeof(struct roam_desc), number(at, "host_to_guest_ring"));
	CHECK_EQ(place.guest_pool, number(at, "slot_pool_offset"));
	CHECK_EQ(place.table, number(at, "channel_table_offset"));
	CHECK_EQ(place.host_pool, layout->slot_region_offset);
}

static void check_example(const char **at, const char *end)
{
	struct roam_layout layout;
	struct roam_config config = { 0 };
	const char *peers, *next;

	config.max_guests = number32(at, "max_guests");
	config.ring_size = number32(at, "ring_size");
	config.slot_size = number32(at, "slot_size");
	config.slots_per_guest = number32(at, "slots_per_guest");
	config.max_channels = number32(at, "max_channels");
	CHECK(roam_layout_compute(&config, &layout) == NULL);
	CHECK_EQ(layout.peer_table_offset, number(at, "peer_table_offset"));
	CHECK_EQ(layout.slot_region_offset, number(at, "slot_region_offset"));
	CHECK_EQ(layout.pool_header_size, number(at, "pool_header_size"));
	CHECK_EQ(layout.pool_size, number(at, "pool_size"));
	CHECK_EQ(layout.guest_areas_offset, number(at, "guest_areas_offset"));
	CHECK_EQ(layout.guest_area_size, number(at, "guest_area_size"));
	CHECK_EQ(layout.total_size, number(at, "total_size"));
	for (peers = *at; (next = strstr(peers, "\"peer_id\"")) != NULL && next < end; peers = *at)
		check_peer(at, &config, &layout);
}

static void test_layout_vectors(void)
{
	int examples = 0;
	const char *at = vectors;

	for (const char *example = strstr(at, "\"config\""); example != NULL; examples++) {
		const char *following = strstr(example + 1, "\"config\"");

		check_example(&at, following != NULL ? following : vectors + strlen(vectors));
		example = following;
	}
	CHECK_EQ(examples, 3);
}

static void refused(struct roam_config config, const char *field)
{
	struct roam_layout layout = { .total_size = 123 };
	const char *got = roam_layout_compute(&config, &layout);

	if (!CHECK(got != NULL && strcmp(got, field) == 0))
		fprintf(stderr, "  got %s, want %s\n", got == NULL ? "success" : got, field);
	CHECK_EQ(layout.total_size, 123);
}

#define REFUSED(field, bad)                              \
	do {                                             \
		struct roam_config config = small_config(); \
		config.field = (bad);                    \
		refused(config, #field);                 \
	} while (0)

static void test_bounds_are_checked(void)
{
	REFUSED(max_guests, 0);
	REFUSED(max_guests, 256);
	REFUSED(ring_size, 0);
	REFUSED(ring_size, 1);
	REFUSED(ring_size, 12);
	REFUSED(ring_size, UINT32_MAX);
	REFUSED(slot_size, 0);
	REFUSED(slot_size, 4);
	REFUSED(slot_size, 12);
	REFUSED(slots_per_guest, 0);
	REFUSED(max_payload_size, 253);
	REFUSED(max_payload_size, UINT32_MAX);
	REFUSED(initial_credit, UINT32_C(1) << 31);
}

static void test_smallest_and_largest_values_are_taken(void)
{
	struct roam_layout layout;
	struct roam_config least = { .max_guests = 1, .ring_size = 2, .slot_size = 8, .slots_per_guest = 1 };
	struct roam_config most = small_config();

	CHECK(roam_layout_compute(&least, &layout) == NULL);
	most.max_guests = ROAM_MAX_GUESTS;
	most.initial_credit = ROAM_MAX_CREDIT;
	most.ring_size = UINT32_C(1) << 31;
	most.max_channels = UINT32_MAX;
	CHECK(roam_layout_compute(&most, &layout) == NULL);
	/* 255 guests with 2 * 2^31 descriptors and 2^32 - 1 entries (padded by one) each */
	CHECK_EQ(layout.guest_area_size, (UINT64_C(1) << 38) + (UINT64_C(1) << 36));
}

static void test_sums_that_overflow_are_refused(void)
{
	struct roam_config config = small_config();

	config.slot_size = UINT32_MAX - 7;
	config.slots_per_guest = UINT32_MAX;
	config.max_guests = ROAM_MAX_GUESTS;
	refused(config, "total_size"); /* the product passes 2^64 */
	config.max_guests = 1;
	refused(config, "total_size"); /* 2^65 */
	config.slots_per_guest = UINT32_C(1) << 30;
	config.max_guests = 1;
	CHECK(roam_layout_compute(&config, &(struct roam_layout){ 0 }) == NULL); /* 2^63 - 2^33 and a little */
	config.ring_size = UINT32_C(1) << 31;
	refused(config, "total_size"); /* the pools fit, the sum does not */
}

static char *read_all(const char *path)
{
	static char text[1 << 16];
	FILE *file = fopen(path, "r");
	size_t len;

	if (file == NULL) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s segment-layout.json\n", argv[0]);
		return EXIT_FAILURE;
	}
	vectors = read_all(argv[1]);
	RUN(test_layout_vectors);
	RUN(test_bounds_are_checked);
	RUN(test_smallest_and_largest_values_are_taken);
	RUN(test_sums_that_overflow_are_refused);
	return finished();
}
