/* Attaching by the ticket of a host that started this process. */

#define _GNU_SOURCE /* pidfd_open by syscall */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "failure.h"
#include "header.h"
#include "state.h"
#include "ticket.h"

/* The C library's headers may be older than the kernel; the number is the same on every architecture. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/* Takes over a doorbell, one end of a stream socket (or a foreign host's datagram pair), and keeps it from programs
 * that this process starts. What is no socket is left alone. */
static int take_doorbell(int fd, bool *datagram, struct roam_failure *failure)
{
	int type = 0;
	socklen_t size = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
		return failure_system(failure, ROAM_ERR_ARGUMENT, errno, "the doorbell, descriptor %d, must be a socket", fd);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC); /* cannot fail on a descriptor that is open */
	*datagram = type == SOCK_DGRAM;
	return 0;
}

/* The process that holds the segment's host: the one that /proc names in its path, else the parent. */
static pid_t host_process(const char *path)
{
	int pid;
	int end = 0;

	return sscanf(path, "/proc/%d/fd/%n", &pid, &end) == 1 && end > 0 ? pid : getppid();
}

/* Watches the process of a host whose doorbell does not show its end. */
static int watch_parent(struct link *link, const char *path, struct roam_failure *failure)
{
	pid_t pid = host_process(path);

	link->parent = (int)syscall(SYS_pidfd_open, pid, 0);
	if (link->parent >= 0)
		return 0;
	return failure_system(failure, errno == ESRCH ? ROAM_ERR_NO_HOST : ROAM_ERR_SYSTEM, errno,
			      "watch the host's process %d, whose end a datagram doorbell does not show", (int)pid);
}

static int claim_failure(const struct link *link, const struct ticket *ticket, struct roam_failure *failure)
{
	char expected[ENTRY_TEXT];

	return entry_claim_failure(link->peer_id, entry_load(link->entry),
				    ticket->has_epoch ? entry_text(entry_word(ROAM_STATE_RESERVED, ticket->epoch), expected)
						      : "reserved",
				    failure);
}

/* Makes the entry that the host reserved this guest's: flags and heartbeat first, so that they stand there when the
 * host sees it Attached. */
static int claim(struct link *link, const struct ticket *ticket, struct roam_failure *failure)
{
	uint64_t word;
	int error = header_check_peer(&link->segment, ticket->peer_id, failure);

	if (error != 0)
		return error;
	link->peer_id = ticket->peer_id;
	link->entry = segment_entry(&link->segment, ticket->peer_id);
	word = entry_load(link->entry);
	if (entry_state(word) != ROAM_STATE_RESERVED || (ticket->has_epoch && entry_epoch(word) != ticket->epoch))
		return claim_failure(link, ticket, failure);
	entry_set_flags(link->entry);
	state_beat(link);
	if (!entry_move(link->entry, word, entry_word(ROAM_STATE_ATTACHED, entry_epoch(word))))
		return claim_failure(link, ticket, failure);
	return 0;
}

static int attach(struct link *link, const struct ticket *ticket, bool datagram, struct roam_failure *failure)
{
	int error = segment_open(ticket->path, &link->segment, failure);

	if (error == 0 && datagram)
		error = watch_parent(link, ticket->path, failure);
	if (error == 0)
		error = state_pulse(link, failure);
	return error != 0 ? error : claim(link, ticket, failure);
}

int link_attach(int argc, char *const *argv, const struct roam_allocator *allocator, struct link **made,
		struct roam_failure *failure)
{
	struct ticket ticket;
	struct link *link = NULL;
	bool datagram = false;
	int error = ticket_parse(argc, argv, &ticket, failure);

	if (error == 0)
		error = take_doorbell(ticket.doorbell, &datagram, failure);
	if (error != 0)
		return error;
	error = state_create(allocator, ticket.doorbell, &link, failure);
	if (error != 0)
		return error;
	error = failure_at(failure, attach(link, &ticket, datagram, failure), "attach to", ticket.path);
	if (error != 0) {
		state_free(link);
		return error;
	}
	state_start(link);
	*made = link;
	return 0;
}
