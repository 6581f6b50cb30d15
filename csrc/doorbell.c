//go:build linux && cgo && !purego

/* The doorbell: bytes through a socketpair, for sleepers on many peers and for news of death. */

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>

#include "roam/shm.h"

/* Reads of one drain: bounded, since a peer can ring as fast as we read. */
#define DRAIN_READS 64

/* What errno means for a doorbell. A stream shows the peer's death as EPIPE or ECONNRESET, a datagram pair as
 * ECONNREFUSED or ENOTCONN. */
static int outcome(int error)
{
	switch (error) {
	case EPIPE:
	case ECONNRESET:
	case ECONNREFUSED:
	case ENOTCONN:
		return -EPIPE;
	default:
		return -error;
	}
}

int roam_bell_ring(int fd)
{
	ssize_t sent;

	do {
		sent = send(fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	/* EAGAIN: the buffer is full of rings that were not taken yet. */
	return sent >= 0 || errno == EAGAIN ? 0 : outcome(errno);
}

/* Whether the socket keeps message boundaries, so that a read of 0 bytes is an empty ring and not the end. */
static bool keeps_boundaries(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type != SOCK_STREAM;
}

int roam_bell_drain(int fd)
{
	char rings[4096];

	for (int i = 0; i < DRAIN_READS; i++) {
		ssize_t got = recv(fd, rings, sizeof(rings), MSG_DONTWAIT);

		if (got == 0 && !keeps_boundaries(fd))
			return -EPIPE;
		if (got >= 0 || errno == EINTR)
			continue;
		return errno == EAGAIN ? 0 : outcome(errno);
	}
	return 0;
}
