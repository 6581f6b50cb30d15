/*
 * fixture.h: a segment for a test, with one host and its guests in this process or in several.
 */
#ifndef ROAM_TEST_FIXTURE_H
#define ROAM_TEST_FIXTURE_H

#include "roam/shm.h"

struct fixture {
	struct roam_config config;
	struct roam_layout layout;
	unsigned char *base;
	int fd; /* memfd or file, -1 when the segment is memory of this process */
};

/* Sizes that make every limit near: 2 guests, rings of 8, 4 slots of 256 bytes, 16 channels. */
struct roam_config small_config(void);

/* A clean segment in allocated memory, whose ends a sanitizer watches. Exits when it cannot be made. */
void fixture_create(struct fixture *fixture, struct roam_config config);

/* The same in a memfd, for processes that are forked off. */
void fixture_create_shared(struct fixture *fixture, struct roam_config config);

/* The same in a file that is open, which is taken over. */
void fixture_create_file(struct fixture *fixture, struct roam_config config, int fd);

/* Maps the memfd a second time, as another process would see it, elsewhere. */
void fixture_map_again(struct fixture *fixture);

void fixture_destroy(struct fixture *fixture);

struct roam_peer *fixture_peer(const struct fixture *fixture, uint32_t peer_id);

/* Sets all four ring indices of a peer, as if so many messages had passed. */
void fixture_start_rings(const struct fixture *fixture, uint32_t peer_id, uint32_t index);

/* Sets the generation of every slot of pool 0 (the host's) or of a guest. */
void fixture_start_generations(const struct fixture *fixture, uint32_t pool_id, uint32_t generation);

/* The end of one side of a peer. */
void fixture_end(const struct fixture *fixture, uint32_t peer_id, bool host, struct roam_end *end);

/* A descriptor in a ring of a peer, for tests that write what no honest sender would. */
struct roam_desc *fixture_desc(const struct fixture *fixture, uint32_t peer_id, bool host_to_guest, uint32_t index);

#endif
