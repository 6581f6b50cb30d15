/* Attaching by the host's socket, for a process that the host did not start. */

#define _GNU_SOURCE /* MSG_CMSG_CLOEXEC */

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "failure.h"
#include "header.h"
#include "state.h"

#define DESCRIPTORS 4 /* room for more than the one that is due: the kernel closes what has none */

/* struct answer: what the host says, once, and the segment that comes with it. */
struct answer {
	union {
		struct roam_join join;
		unsigned char bytes[sizeof(struct roam_join)];
	} is;
	size_t length; /* bytes that have come */
	int segment;   /* -1 for none */
};

static int too_late(int64_t timeout, struct roam_failure *failure)
{
	return failure_set(failure, ROAM_ERR_DEADLINE, "the host did not answer within %" PRId64 " ms",
			   timeout / CLOCK_MILLISECOND);
}

static int parse_address(const char *path, struct sockaddr_un *address, struct roam_failure *failure)
{
	size_t length = path == NULL ? 0 : strlen(path);

	if (length == 0)
		return failure_set(failure, ROAM_ERR_ARGUMENT, "the path of the host's socket is empty");
	if (length >= sizeof(address->sun_path))
		return failure_set(failure, ROAM_ERR_ARGUMENT,
				   "the path of the host's socket has %zu bytes, must have at most %zu", length,
				   sizeof(address->sun_path) - 1);
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, path, length);
	return 0;
}

/* Bounds how long connect may wait for a host whose queue is full. */
static int bound_connect(int fd, int64_t left)
{
	int64_t microseconds = left / CLOCK_MICROSECOND + 1; /* 0 would be for ever */
	struct timeval span = { .tv_sec = microseconds / 1000000, .tv_usec = microseconds % 1000000 };

	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &span, sizeof(span));
}

static int connect_to(int fd, const struct sockaddr_un *address, int64_t end, int64_t timeout,
		      struct roam_failure *failure)
{
	for (;;) {
		int64_t left = end - clock_now();

		if (left <= 0)
			return too_late(timeout, failure);
		if (end != CLOCK_NEVER && bound_connect(fd, left) != 0)
			return failure_system(failure, ROAM_ERR_SYSTEM, errno, "bound the time of a connect");
		if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
			return 0;
		if (errno == EINTR || errno == EAGAIN)
			continue;
		return failure_system(failure,
				      errno == ENOENT || errno == ECONNREFUSED ? ROAM_ERR_NO_HOST : ROAM_ERR_SYSTEM, errno,
				      "connect to the host's socket");
	}
}

/* Takes the first descriptor of a message, if there is none yet, and closes the others. The socket asks for no other
 * control data, and the kernel gives the descriptors in one part. */
static void take_descriptors(struct msghdr *message, struct answer *answer)
{
	const struct cmsghdr *part = CMSG_FIRSTHDR(message);
	size_t count = 0;

	if (part != NULL && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS)
		count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(fd));
		if (answer->segment < 0)
			answer->segment = fd;
		else
			(void)close(fd);
	}
}

/* Reads what has come of the answer. */
static int read_some(int fd, struct answer *answer, struct roam_failure *failure)
{
	union {
		struct cmsghdr header; /* for its alignment */
		char room[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
	} control;
	struct iovec rest = { .iov_base = answer->is.bytes + answer->length,
			      .iov_len = sizeof(answer->is.bytes) - answer->length };
	struct msghdr message = { .msg_iov = &rest, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (got < 0 && errno != ECONNRESET)
		return failure_system(failure, ROAM_ERR_SYSTEM, errno, "read the host's answer");
	if (got <= 0)
		return failure_set(failure, ROAM_ERR_NO_HOST,
				   "the host closed the connection after %zu bytes of its answer, which has %zu",
				   answer->length, sizeof(answer->is.bytes));
	take_descriptors(&message, answer);
	answer->length += (size_t)got;
	return 0;
}

static int read_answer(int fd, int64_t end, int64_t timeout, struct answer *answer, struct roam_failure *failure)
{
	int error = 0;

	while (error == 0 && answer->length < sizeof(answer->is.bytes)) {
		struct pollfd come = { .fd = fd, .events = POLLIN };
		int64_t left = end - clock_now();
		struct timespec span = clock_span(left > 0 ? left : 0);
		int ready = ppoll(&come, 1, &span, NULL);

		if (ready > 0)
			error = read_some(fd, answer, failure);
		else if (ready == 0)
			error = too_late(timeout, failure);
		else if (errno != EINTR)
			error = failure_system(failure, ROAM_ERR_SYSTEM, errno, "wait for the host's answer");
	}
	return error;
}

static int check_status(uint16_t status, struct roam_failure *failure)
{
	switch (status) {
	case ROAM_JOIN_JOINED:
		return 0;
	case ROAM_JOIN_HUB_FULL:
		return failure_set(failure, ROAM_ERR_HUB_FULL, "hub full: the host has no free entry");
	case ROAM_JOIN_REFUSED:
		return failure_set(failure, ROAM_ERR_REFUSED, "the host does not admit this process");
	case ROAM_JOIN_LEAVING:
		return failure_set(failure, ROAM_ERR_HOST_LEAVING, "the host is leaving");
	default:
		return failure_set(failure, ROAM_ERR_UNSUPPORTED, "join answer: status is %u, must be 0 to 3", status);
	}
}

/* Tests an answer that has come whole. */
static int check_answer(const struct answer *answer, struct roam_failure *failure)
{
	const struct roam_join *join = &answer->is.join;
	int error;

	if (memcmp(join->magic, ROAM_JOIN_MAGIC, sizeof(join->magic)) != 0)
		return failure_set(failure, ROAM_ERR_NO_HOST,
				   "join answer: magic is not RAPJOIN and 01: who serves the socket is no roam host");
	error = check_status(join->status, failure);
	if (error != 0)
		return error;
	if (join->peer_id < 1 || join->peer_id > ROAM_MAX_GUESTS)
		return failure_set(failure, ROAM_ERR_PEER_ID, "join answer: peer_id is %u, must be 1 to %d", join->peer_id,
				   ROAM_MAX_GUESTS);
	if (answer->segment < 0)
		return failure_set(failure, ROAM_ERR_NOT_SEGMENT,
				   "join answer: the descriptor of the segment is missing, must come with the answer");
	return 0;
}

/* Makes the entry this guest's. The host has written our flags: nothing is written to the entry before the claim, so
 * that closing the connection is enough to take it back. */
static int claim(struct link *link, const struct roam_join *join, struct roam_failure *failure)
{
	uint64_t reserved = entry_word(ROAM_STATE_RESERVED, join->epoch);
	char expected[ENTRY_TEXT];
	int error = header_check_peer(&link->segment, join->peer_id, failure);

	if (error != 0)
		return error;
	link->peer_id = join->peer_id;
	link->entry = segment_entry(&link->segment, join->peer_id);
	if (!entry_move(link->entry, reserved, entry_word(ROAM_STATE_ATTACHED, join->epoch)))
		return entry_claim_failure(link->peer_id, entry_load(link->entry), entry_text(reserved, expected), failure);
	state_beat(link);
	return 0;
}

/* Connects, and takes the host's answer. */
static int ask(int fd, const char *path, int64_t timeout, struct answer *answer, struct roam_failure *failure)
{
	int64_t end = timeout > 0 ? clock_after(clock_now(), timeout) : CLOCK_NEVER;
	struct sockaddr_un address;
	int error = parse_address(path, &address, failure);

	if (error == 0)
		error = connect_to(fd, &address, end, timeout, failure);
	if (error == 0)
		error = read_answer(fd, end, timeout, answer, failure);
	return error != 0 ? error : check_answer(answer, failure);
}

static int join(struct link *link, const char *path, int64_t timeout, struct roam_failure *failure)
{
	struct answer answer = { .segment = -1 };
	int error = ask(link->bell, path, timeout, &answer, failure);

	if (error != 0) {
		if (answer.segment >= 0)
			(void)close(answer.segment);
		return error;
	}
	error = segment_map(answer.segment, &link->segment, failure);
	if (error == 0)
		error = state_pulse(link, failure);
	return error != 0 ? error : claim(link, &answer.is.join, failure);
}

int link_join(const char *socket_path, int64_t timeout_ns, const struct roam_allocator *allocator, struct link **made,
	      struct roam_failure *failure)
{
	struct link *link = NULL;
	int bell = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error;

	if (bell < 0)
		return failure_system(failure, ROAM_ERR_SYSTEM, errno, "make a socket");
	error = state_create(allocator, bell, &link, failure);
	if (error != 0)
		return error;
	error = failure_at(failure, join(link, socket_path, timeout_ns, failure), "join", socket_path);
	if (error != 0) {
		state_free(link);
		return error;
	}
	state_start(link);
	*made = link;
	return 0;
}
