/*
 * host.h: the host's side for tests of guests: a segment with a header, entries to reserve, the ends of the guests. It
 * does what a test tells it, also what no honest host would.
 */
#ifndef ROAM_TEST_HOST_H
#define ROAM_TEST_HOST_H

#include "fixture.h"
#include "roam/guest.h"

struct host {
	struct fixture segment;
	char path[64]; /* of the segment, /proc/PID/fd/N for a memfd */
	int bell;      /* the host's end of the last guest's doorbell; -1 for none */
	struct roam_end end;
};

/* A live segment in a memfd, with all entries empty. */
void host_create(struct host *host, struct roam_config config);

/* The same in a file, whose host lock this process takes; folder is where. */
void host_create_at(struct host *host, struct roam_config config, const char *folder);

/* Unmaps and closes, the file's name and the doorbell included. */
void host_destroy(struct host *host);

struct roam_header *host_header(const struct host *host);

/* Reserves an entry. */
void host_reserve(const struct host *host, uint32_t peer_id, uint32_t epoch);

/* struct ticket_args: the arguments of a guest, for link_attach. */
struct ticket_args {
	int argc;
	char *argv[8];
	char text[4][96];
};

/* A doorbell pair of a socket type, of which host->bell is one end and the result the other. */
int host_doorbell(struct host *host, int type);

void host_ticket(const struct host *host, uint32_t peer_id, int doorbell, uint32_t epoch, struct ticket_args *args);

/* This side's end of a guest that has attached. */
void host_attach_end(struct host *host, uint32_t peer_id);

/* Sends a message from the host, inline or in a slot, and wakes and rings as a host does. */
bool host_send(struct host *host, enum roam_msg type, uint32_t id, const void *payload, size_t len);

/* ---- What must not leak ----------------------------------------------------------------------------------------- */

/* struct counting: an allocator that counts, and that fails at a given allocation. */
struct counting {
	struct roam_allocator allocator;
	uint32_t live;  /* atomic: blocks that were not released */
	uint32_t taken; /* atomic: allocations so far */
	uint32_t fails; /* the number of the allocation from which on all fail; 0 for none */
};

void counting_init(struct counting *counting);

/* Descriptors that this process has open. */
unsigned open_descriptors(void);

/* Mappings of segments that this process has. */
unsigned segment_mappings(void);

#endif
