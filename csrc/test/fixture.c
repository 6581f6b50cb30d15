#define _GNU_SOURCE /* memfd_create */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"

static void *must(void *made, const char *what)
{
	if (made == NULL || made == MAP_FAILED) {
		perror(what);
		exit(EXIT_FAILURE);
	}
	return made;
}

struct roam_config small_config(void)
{
	return (struct roam_config){
		.max_payload_size = 252,
		.initial_credit = 1000,
		.max_guests = 2,
		.ring_size = 8,
		.slot_size = 256,
		.slots_per_guest = 4,
		.max_channels = 16,
	};
}

static void compute(struct fixture *fixture, struct roam_config config)
{
	const char *field;

	*fixture = (struct fixture){ .config = config, .fd = -1 };
	field = roam_layout_compute(&config, &fixture->layout);
	if (field != NULL) {
		fprintf(stderr, "fixture: %s is out of bounds\n", field);
		exit(EXIT_FAILURE);
	}
}

/* Makes zeroed memory what a guest must find. */
static void fill(struct fixture *fixture)
{
	for (uint32_t id = 0; id <= fixture->config.max_guests; id++) {
		struct roam_pool pool;

		roam_pool_init(&pool, fixture->base + fixture->layout.slot_region_offset + id * fixture->layout.pool_size,
			       fixture->layout.pool_header_size, fixture->config.slot_size,
			       fixture->config.slots_per_guest);
		roam_pool_clear(&pool);
		if (id != 0) {
			fixture_peer(fixture, id)->host_flags = ROAM_FLAG_KEEPS | ROAM_FLAG_TABLE;
			fixture_peer(fixture, id)->guest_flags = ROAM_FLAG_KEEPS | ROAM_FLAG_TABLE;
		}
	}
}

void fixture_create(struct fixture *fixture, struct roam_config config)
{
	compute(fixture, config);
	fixture->base = must(aligned_alloc(64, fixture->layout.total_size), "fixture");
	memset(fixture->base, 0, fixture->layout.total_size);
	fill(fixture);
}

static void map(struct fixture *fixture)
{
	fixture->base = must(mmap(NULL, fixture->layout.total_size, PROT_READ | PROT_WRITE, MAP_SHARED, fixture->fd, 0),
			     "fixture: mmap");
}

void fixture_create_file(struct fixture *fixture, struct roam_config config, int fd)
{
	compute(fixture, config);
	fixture->fd = fd;
	if (fd < 0 || ftruncate(fd, (off_t)fixture->layout.total_size) != 0) {
		perror("fixture: file");
		exit(EXIT_FAILURE);
	}
	map(fixture);
	fill(fixture);
}

void fixture_create_shared(struct fixture *fixture, struct roam_config config)
{
	fixture_create_file(fixture, config, memfd_create("roam-test", MFD_CLOEXEC));
}

void fixture_map_again(struct fixture *fixture)
{
	unsigned char *first = fixture->base;

	map(fixture); /* while the first is mapped, so that it lies elsewhere */
	munmap(first, fixture->layout.total_size);
}

void fixture_destroy(struct fixture *fixture)
{
	if (fixture->fd < 0) {
		free(fixture->base);
		return;
	}
	munmap(fixture->base, fixture->layout.total_size);
	close(fixture->fd);
}

static void *at(const struct fixture *fixture, uint64_t offset)
{
	return fixture->base + offset;
}

struct roam_peer *fixture_peer(const struct fixture *fixture, uint32_t peer_id)
{
	return (struct roam_peer *)at(fixture, fixture->layout.peer_table_offset) + (peer_id - 1);
}

void fixture_start_rings(const struct fixture *fixture, uint32_t peer_id, uint32_t index)
{
	struct roam_peer *peer = fixture_peer(fixture, peer_id);

	peer->guest_to_host_head = peer->guest_to_host_tail = index;
	peer->host_to_guest_head = peer->host_to_guest_tail = index;
}

void fixture_start_generations(const struct fixture *fixture, uint32_t pool_id, uint32_t generation)
{
	uint64_t slots = fixture->layout.slot_region_offset + pool_id * fixture->layout.pool_size +
			 fixture->layout.pool_header_size;

	for (uint32_t i = 0; i < fixture->config.slots_per_guest; i++)
		*(uint32_t *)at(fixture, slots + (uint64_t)i * fixture->config.slot_size) = generation;
}

void fixture_end(const struct fixture *fixture, uint32_t peer_id, bool host, struct roam_end *end)
{
	struct roam_place place;

	roam_place_at(&place, fixture->base, &fixture->config, &fixture->layout, peer_id, host);
	roam_end_init(end, &place);
}

struct roam_desc *fixture_desc(const struct fixture *fixture, uint32_t peer_id, bool host_to_guest, uint32_t index)
{
	uint32_t size = fixture->config.ring_size;
	struct roam_desc *ring =
		at(fixture, fixture->layout.guest_areas_offset + (peer_id - 1) * fixture->layout.guest_area_size);

	return &ring[(host_to_guest ? size : 0) + index % size];
}
