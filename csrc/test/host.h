/*
 * host.h: the host's side for tests of guests: a segment with a header, entries to reserve, the ends of the guests. It
 * does what a test tells it, also what no honest host would. Whatever fails here ends the program.
 */
#ifndef ROAM_TEST_HOST_H
#define ROAM_TEST_HOST_H

#include <sys/types.h>

#include "fixture.h"
#include "guest/link.h"

struct host {
	struct fixture segment;
	char path[96]; /* of the segment, /proc/PID/fd/N for a memfd */
	int bell;      /* the host's end of the last guest's doorbell; -1 for none */
	struct roam_end end;
	pid_t pid; /* of the process that is the host, 0 when it is this one */
};

/* A live segment in a memfd, with all entries empty; with a folder in a file there, whose host lock is taken. */
void host_create(struct host *host, struct roam_config config, const char *folder);

/* The same in a process of its own, which does nothing and holds the other end of a doorbell of a socket type (0:
 * none), of which *guest_bell is this end. */
void host_fork(struct host *host, struct roam_config config, const char *folder, int bell_type, int *guest_bell);

/* Kills the process of host_fork. Any thread. */
void host_kill(const struct host *host);

/* Unmaps and closes, the file's name and the doorbell included; ends the process. */
void host_destroy(struct host *host);

struct roam_header *host_header(const struct host *host);
struct roam_peer *host_peer(const struct host *host, uint32_t peer_id);

/* Says what state and epoch an entry has. */
void host_set_entry(const struct host *host, uint32_t peer_id, enum roam_state state, uint32_t epoch);

/* struct ticket_args: the arguments of a guest, for link_attach. */
struct ticket_args {
	int argc;
	char *argv[8];
	char text[4][128];
};

void host_ticket(const struct host *host, uint32_t peer_id, int doorbell, uint32_t epoch, struct ticket_args *args);

/* A doorbell pair of a socket type, of which host->bell is one end and the result the other. */
int host_doorbell(struct host *host, int type);

/* Reserves entry 1 and attaches to it by a ticket, with that end of the doorbell. */
struct link *host_attach(struct host *host, int guest_bell, const struct roam_allocator *allocator);

/* host_create and host_attach in one, with a stream doorbell. */
struct link *host_with_guest(struct host *host, struct roam_config config, const struct roam_allocator *allocator);

/* Sends a message from the host, inline or in a slot, and wakes and rings as a host does. False: there is no room. */
bool host_send(struct host *host, enum roam_msg type, uint32_t id, const void *payload, size_t len);

/* Waits until the guest of entry 1 has set one of these flags. */
void host_await_flags(const struct host *host, uint32_t flags);

/* A folder for files, gone with its content at folder_remove. */
void folder_create(char folder[64]);
void folder_remove(const char *folder);

#endif
