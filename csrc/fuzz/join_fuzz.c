/*
 * A host's answer to a join, as anyone may send it: any bytes, in two parts, with any number of descriptors of any
 * kind. Each run joins or fails with an error that has a text, and nothing is left, descriptors that came least of all.
 */

#define _GNU_SOURCE /* memfd_create, mkdtemp */

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "guest/link.h"
#include "input.h"
#include "test/held.h"
#include "test/host.h"

enum { MOST_DESCRIPTORS = 6, MOST_ANSWER = 40 };

/* struct answer: what the host sends, and whereby. */
struct answer {
	int listener;
	int descriptors[MOST_DESCRIPTORS];
	size_t count;
	size_t split; /* bytes of the first part */
	unsigned char bytes[MOST_ANSWER];
	size_t len;
};

static char folder[64];
static struct sockaddr_un address = { .sun_family = AF_UNIX };

static void remove_folder(void)
{
	(void)unlink(address.sun_path);
	folder_remove(folder);
}

/* A socket that is listened to, at the same place in every run. */
static int listen_at_folder(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (folder[0] == 0) {
		folder_create(folder);
		(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/host", folder);
		HOLDS(atexit(remove_folder) == 0);
	}
	(void)unlink(address.sun_path);
	HOLDS(fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 1) == 0);
	return fd;
}

static void send_part(int fd, const unsigned char *bytes, size_t len, const int *descriptors, size_t count)
{
	union {
		struct cmsghdr header; /* for its alignment */
		char room[CMSG_SPACE(MOST_DESCRIPTORS * sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec part = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (len == 0)
		return;
	if (count > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.header), descriptors, count * sizeof(int));
	}
	(void)sendmsg(fd, &message, MSG_NOSIGNAL); /* the guest may have had enough */
}

static void *serve(void *argument)
{
	struct answer *answer = argument;
	int fd = accept(answer->listener, NULL, NULL);

	HOLDS(fd >= 0);
	send_part(fd, answer->bytes, answer->split, answer->descriptors, answer->count);
	send_part(fd, answer->bytes + answer->split, answer->len - answer->split, answer->descriptors,
		  answer->split == 0 || answer->count > 3 ? answer->count : 0);
	(void)close(fd);
	return NULL;
}

static int descriptor_of(const struct host *host, uint8_t kind)
{
	switch (kind % 4) {
	case 0:
		return dup(host->segment.fd);
	case 1:
		return open(host->path, O_RDONLY | O_CLOEXEC);
	case 2:
		return memfd_create("roam-test-empty", MFD_CLOEXEC);
	default:
		return socket(AF_UNIX, SOCK_DGRAM, 0);
	}
}

static void make_answer(struct answer *answer, const struct host *host, struct input *input)
{
	static const struct roam_join good = { .magic = ROAM_JOIN_MAGIC, .peer_id = 1, .epoch = 7 };
	uint8_t shape = input_u8(input);

	answer->count = shape % (MOST_DESCRIPTORS + 1);
	for (size_t i = 0; i < answer->count; i++) {
		answer->descriptors[i] = descriptor_of(host, input_u8(input));
		HOLDS(answer->descriptors[i] >= 0);
	}
	answer->split = input_u8(input) % (sizeof(good) + 1);
	answer->len = input_left(input) < MOST_ANSWER ? input_left(input) : MOST_ANSWER;
	if (answer->len > 0)
		memcpy(answer->bytes, input->at, answer->len);
	if ((shape & 0x80) != 0) { /* a good one, of which bytes are changed */
		if (answer->len < sizeof(good))
			answer->len = sizeof(good);
		for (size_t i = 0; i < sizeof(good); i++)
			answer->bytes[i] ^= ((const unsigned char *)&good)[i];
	}
	if (answer->split > answer->len)
		answer->split = answer->len;
}

static int next_descriptor(void)
{
	int fd = dup(2);

	HOLDS(fd >= 0 && close(fd) == 0);
	return fd;
}

static void join(struct answer *answer)
{
	struct roam_failure failure = { 0 };
	struct counting memory;
	struct link *link = NULL;
	pthread_t thread;
	int error;

	counting_init(&memory);
	HOLDS(pthread_create(&thread, NULL, serve, answer) == 0);
	error = link_join(address.sun_path, 0, &memory.allocator, &link, &failure);
	if (error == 0) {
		HOLDS(link_peer_id(link) >= 1 && link_peer_id(link) <= 2);
		link_leave(link, NULL, 0);
		link_close(link);
	} else {
		HOLDS(link == NULL && failure.error == error && failure.text[0] != 0);
	}
	HOLDS(pthread_join(thread, NULL) == 0);
	HOLDS(memory.live == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, data + size };
	struct answer answer = { .listener = listen_at_folder() };
	int before = next_descriptor();
	struct host host;

	host_create(&host, small_config(), NULL);
	host_set_entry(&host, 1, (enum roam_state)(input_u8(&input) % 4), 7);
	make_answer(&answer, &host, &input);
	join(&answer);
	for (size_t i = 0; i < answer.count; i++)
		(void)close(answer.descriptors[i]);
	host_destroy(&host);
	HOLDS(next_descriptor() == before);
	(void)close(answer.listener);
	return 0;
}
