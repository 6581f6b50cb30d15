/* The doorbell: rings, full buffers, death, over stream and datagram pairs. */

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "roam/shm.h"

static void make_pair(int type, int fds[2])
{
	if (socketpair(AF_UNIX, type, 0, fds) != 0) {
		perror("socketpair");
		exit(EXIT_FAILURE);
	}
}

static void close_pair(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static bool readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLIN) != 0;
}

static void ring_and_drain(int type)
{
	int fds[2];

	make_pair(type, fds);
	CHECK_EQ(roam_bell_drain(fds[1]), 0); /* nothing there: does not block */
	CHECK_EQ(roam_bell_ring(fds[0]), 0);
	CHECK_EQ(roam_bell_ring(fds[0]), 0);
	CHECK(readable(fds[1]));
	CHECK(!readable(fds[0]));
	CHECK_EQ(roam_bell_drain(fds[1]), 0);
	CHECK(!readable(fds[1]));
	CHECK_EQ(roam_bell_ring(fds[1]), 0); /* the other way */
	CHECK(readable(fds[0]));
	close_pair(fds);
}

static void test_ring_is_seen_until_drained(void)
{
	ring_and_drain(SOCK_STREAM);
	ring_and_drain(SOCK_DGRAM);
}

static void full_bell(int type)
{
	int fds[2];
	int drains = 0;

	make_pair(type, fds);
	for (int i = 0; i < 20000; i++) /* far more than a buffer holds */
		CHECK_EQ(roam_bell_ring(fds[0]), 0);
	while (readable(fds[1]) && drains++ < 1000)
		CHECK_EQ(roam_bell_drain(fds[1]), 0);
	CHECK(!readable(fds[1]));
	CHECK_EQ(roam_bell_ring(fds[0]), 0);
	CHECK(readable(fds[1]));
	close_pair(fds);
}

static void test_full_bell_counts_as_rung(void)
{
	full_bell(SOCK_STREAM);
	full_bell(SOCK_DGRAM);
}

static void test_death_shows_on_a_stream(void)
{
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	close(fds[1]);
	CHECK(roam_bell_ring(fds[0]) == -EPIPE); /* and no signal */
	CHECK(roam_bell_drain(fds[0]) == -EPIPE);
	close(fds[0]);
}

static void test_death_shows_after_the_last_rings(void)
{
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	CHECK_EQ(roam_bell_ring(fds[1]), 0);
	close(fds[1]);
	CHECK(roam_bell_drain(fds[0]) == -EPIPE);
	close(fds[0]);
}

static void test_death_with_rings_unread_shows_as_death(void)
{
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	CHECK_EQ(roam_bell_ring(fds[0]), 0);
	close(fds[1]); /* resets the connection, since it had not read */
	CHECK(roam_bell_drain(fds[0]) == -EPIPE);
	CHECK(roam_bell_ring(fds[0]) == -EPIPE);
	close(fds[0]);
}

static void test_death_shows_on_a_ring_of_a_datagram_pair(void)
{
	int fds[2];

	make_pair(SOCK_DGRAM, fds);
	close(fds[1]);
	CHECK(roam_bell_ring(fds[0]) == -EPIPE);
	close(fds[0]);
}

static void test_empty_datagram_is_a_ring(void)
{
	int fds[2];

	make_pair(SOCK_DGRAM, fds);
	CHECK(send(fds[0], "", 0, 0) == 0);
	CHECK_EQ(roam_bell_drain(fds[1]), 0);
	CHECK(!readable(fds[1]));
	close_pair(fds);
}

static void test_wrong_descriptor_is_no_death(void)
{
	CHECK(roam_bell_ring(-1) == -EBADF);
	CHECK(roam_bell_drain(-1) == -EBADF);
}

int main(void)
{
	RUN(test_ring_is_seen_until_drained);
	RUN(test_full_bell_counts_as_rung);
	RUN(test_death_shows_on_a_stream);
	RUN(test_death_shows_after_the_last_rings);
	RUN(test_death_with_rings_unread_shows_as_death);
	RUN(test_death_shows_on_a_ring_of_a_datagram_pair);
	RUN(test_empty_datagram_is_a_ring);
	RUN(test_wrong_descriptor_is_no_death);
	return finished();
}
