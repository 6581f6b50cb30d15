/* Joining by the host's socket: every answer a host may give, and some that none should. */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"
#include "held.h"
#include "host.h"

/* struct reply: what the server answers one guest, in up to two parts. */
struct reply {
	struct roam_join join;
	size_t first;     /* bytes of the first part; descriptors come with it */
	size_t second;    /* bytes of the second */
	int descriptors;  /* so many of the segment, or of other, if that is not -1 */
	bool late;        /* they come with the second part */
	int other;
	bool hangs_up;    /* after that; otherwise when the guest does */
};

struct server {
	char folder[64];
	char path[96];
	int listener;
	struct host host;
	struct reply reply;
	pthread_t thread;
};

static struct counting memory;

static void server_open(struct server *server)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	folder_create(server->folder);
	snprintf(server->path, sizeof(server->path), "%s/socket", server->folder);
	host_create(&server->host, small_config(), NULL);
	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memcpy(address.sun_path, server->path, strlen(server->path));
	if (bind(server->listener, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(server->listener, 8) != 0) {
		perror("join_test: server");
		exit(EXIT_FAILURE);
	}
}

static void server_close(struct server *server)
{
	host_destroy(&server->host);
	close(server->listener);
	unlink(server->path);
	folder_remove(server->folder);
}

/* Sends bytes with so many descriptors of a file. */
static void send_part(int fd, const void *bytes, size_t size, int file, int descriptors)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(16 * sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec part = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (descriptors > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE((size_t)descriptors * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN((size_t)descriptors * sizeof(int));
		for (int i = 0; i < descriptors; i++)
			memcpy(CMSG_DATA(&control.header) + (size_t)i * sizeof(int), &file, sizeof(file));
	}
	if (size != 0)
		CHECK_EQ(sendmsg(fd, &message, MSG_NOSIGNAL), size);
}

static void *serve_one(void *argument)
{
	struct server *server = argument;
	const struct reply *reply = &server->reply;
	const char *bytes = (const char *)&reply->join;
	int file = reply->other >= 0 ? reply->other : server->host.segment.fd;
	int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
	char ring[16];

	send_part(fd, bytes, reply->first, file, reply->late ? 0 : reply->descriptors);
	send_part(fd, bytes + reply->first, reply->second, file, reply->late ? reply->descriptors : 0);
	while (!reply->hangs_up && recv(fd, ring, sizeof(ring), 0) > 0)
		;
	close(fd);
	return NULL;
}

static struct reply joined(uint16_t peer_id, uint32_t epoch)
{
	return (struct reply){
		.join = { .magic = ROAM_JOIN_MAGIC, .peer_id = peer_id, .status = ROAM_JOIN_JOINED, .epoch = epoch },
		.first = sizeof(struct roam_join),
		.descriptors = 1,
		.other = -1,
	};
}

/* One guest that joins; what it got is closed again. */
static int join_once(struct server *server, struct reply reply, int64_t timeout, struct roam_failure *failure)
{
	struct held before = held_now();
	struct link *link = NULL;
	int error;

	counting_init(&memory);
	*failure = (struct roam_failure){ 0 };
	server->reply = reply;
	CHECK_EQ(pthread_create(&server->thread, NULL, serve_one, server), 0);
	error = link_join(server->path, timeout, &memory.allocator, &link, failure);
	if (error == 0)
		link_close(link);
	CHECK_EQ(pthread_join(server->thread, NULL), 0);
	CHECK_EQ(memory.live, 0);
	CHECK(held_same(before));
	return error;
}

static void reserve(const struct server *server, uint32_t epoch)
{
	host_set_entry(&server->host, 1, ROAM_STATE_RESERVED, epoch);
	host_peer(&server->host, 1)->guest_flags = ROAM_FLAG_KEEPS | ROAM_FLAG_TABLE;
}

static void check_joins(struct server *server, struct reply reply, int64_t timeout)
{
	struct roam_failure failure;

	reserve(server, 7);
	if (!CHECK_EQ(join_once(server, reply, timeout, &failure), 0))
		fprintf(stderr, "  %s\n", failure.text);
	CHECK_EQ(host_peer(&server->host, 1)->state, ROAM_STATE_GOODBYE);
	CHECK_EQ(host_peer(&server->host, 1)->epoch, 7);
}

static void check_fails(struct server *server, struct reply reply, int error, const char *text)
{
	struct roam_failure failure;

	reserve(server, 7);
	CHECK_EQ(join_once(server, reply, 0, &failure), error);
	CHECK_EQ(failure.error, error);
	CHECK(strstr(failure.text, server->path) != NULL);
	if (!CHECK(strstr(failure.text, text) != NULL))
		fprintf(stderr, "  \"%s\", want \"%s\"\n", failure.text, text);
	CHECK_EQ(host_peer(&server->host, 1)->state, ROAM_STATE_RESERVED);
	CHECK_EQ(host_peer(&server->host, 1)->last_heartbeat, 0);
}

static void test_answers_that_admit(void)
{
	struct server server;
	struct reply reply = joined(1, 7);

	server_open(&server);
	host_header(&server.host)->heartbeat_interval = 1000000000;
	check_joins(&server, reply, 0);
	CHECK(host_peer(&server.host, 1)->last_heartbeat != 0);
	check_joins(&server, reply, INT64_C(60000000000));
	reply.first = 8; /* in two parts, the descriptor with either */
	reply.second = 8;
	check_joins(&server, reply, 0);
	reply.late = true;
	check_joins(&server, reply, 0);
	reply = joined(1, 7);
	for (reply.descriptors = 2; reply.descriptors < 8; reply.descriptors++) /* more than there is room for */
		check_joins(&server, reply, 0);
	server_close(&server);
}

static void test_answers_that_refuse(void)
{
	static const struct {
		uint16_t status;
		int error;
		const char *text;
	} table[] = {
		{ ROAM_JOIN_HUB_FULL, ROAM_ERR_HUB_FULL, "hub full" },
		{ ROAM_JOIN_REFUSED, ROAM_ERR_REFUSED, "does not admit" },
		{ ROAM_JOIN_LEAVING, ROAM_ERR_HOST_LEAVING, "leaving" },
		{ 4, ROAM_ERR_UNSUPPORTED, "status is 4, must be 0 to 3" },
		{ UINT16_MAX, ROAM_ERR_UNSUPPORTED, "status is 65535" },
	};
	struct server server;

	server_open(&server);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct reply reply = joined(0, 0);

		reply.join.status = table[i].status;
		reply.descriptors = (int)i % 2; /* one that nobody asked for is closed */
		check_fails(&server, reply, table[i].error, table[i].text);
	}
	server_close(&server);
}

static void test_answers_that_make_no_sense(void)
{
	struct server server;
	struct reply reply = joined(1, 7);

	server_open(&server);
	reply.join.magic[7] = 2;
	check_fails(&server, reply, ROAM_ERR_NO_HOST, "no roam host");
	check_fails(&server, joined(0, 7), ROAM_ERR_PEER_ID, "peer_id is 0, must be 1 to 255");
	check_fails(&server, joined(256, 7), ROAM_ERR_PEER_ID, "peer_id is 256");
	check_fails(&server, joined(3, 7), ROAM_ERR_PEER_ID, "peer id is 3, must be 1 to max_guests, which is 2");
	check_fails(&server, joined(1, 8), ROAM_ERR_CLAIM, "reserved with epoch 7, must be reserved with epoch 8");
	reply = joined(1, 7);
	reply.descriptors = 0;
	check_fails(&server, reply, ROAM_ERR_NOT_SEGMENT, "descriptor of the segment is missing");
	reply = joined(1, 7);
	reply.hangs_up = true;
	for (reply.first = 0; reply.first < sizeof(reply.join); reply.first += 5) {
		char text[64];

		snprintf(text, sizeof(text), "closed the connection after %zu bytes of its answer", reply.first);
		check_fails(&server, reply, ROAM_ERR_NO_HOST, text);
	}
	server_close(&server);
}

static void test_segments_that_are_none(void)
{
	struct server server;
	struct reply reply = joined(1, 7);

	server_open(&server);
	reply.other = open("/dev/null", O_RDWR | O_CLOEXEC);
	check_fails(&server, reply, ROAM_ERR_NOT_SEGMENT, "must be a regular file");
	close(reply.other);
	reply.other = open(server.host.path, O_RDONLY | O_CLOEXEC);
	check_fails(&server, reply, ROAM_ERR_SYSTEM, "map the segment");
	close(reply.other);
	host_header(&server.host)->version = 3;
	check_fails(&server, joined(1, 7), ROAM_ERR_VERSION, "version is 3");
	host_header(&server.host)->version = ROAM_VERSION;
	host_header(&server.host)->host_goodbye = 1;
	check_fails(&server, joined(1, 7), ROAM_ERR_HOST_LEAVING, "leaving");
	server_close(&server);
}

static void test_silent_host_is_waited_for_so_long(void)
{
	struct server server;
	struct roam_failure failure;
	struct reply reply = joined(1, 7);

	server_open(&server);
	reply.first = 9;
	CHECK_EQ(join_once(&server, reply, 5000000, &failure), ROAM_ERR_DEADLINE);
	CHECK(strstr(failure.text, "did not answer within 5 ms") != NULL);
	server_close(&server);
}

static void check_path(const char *path, int error, int system_errno, const char *text)
{
	struct held before = held_now();
	struct link *link = NULL;
	struct roam_failure failure;

	counting_init(&memory);
	CHECK_EQ(link_join(path, 1000000, &memory.allocator, &link, &failure), error);
	CHECK_EQ(failure.system_errno, system_errno);
	if (!CHECK(strstr(failure.text, text) != NULL))
		fprintf(stderr, "  \"%s\", want \"%s\"\n", failure.text, text);
	CHECK_EQ(memory.live, 0);
	CHECK(held_same(before));
}

static void test_sockets_that_nobody_serves(void)
{
	struct server server;
	char path[200];

	check_path(NULL, ROAM_ERR_ARGUMENT, 0, "is empty");
	check_path("", ROAM_ERR_ARGUMENT, 0, "is empty");
	memset(path, 'x', sizeof(path));
	path[108] = '\0';
	check_path(path, ROAM_ERR_ARGUMENT, 0, "has 108 bytes, must have at most 107");
	check_path("/none/socket", ROAM_ERR_NO_HOST, ENOENT, "join /none/socket: connect to the host's socket: No such file");
	server_open(&server);
	close(server.listener);
	check_path(server.path, ROAM_ERR_NO_HOST, ECONNREFUSED, "Connection refused");
	server.listener = open("/dev/null", O_RDONLY | O_CLOEXEC);
	server_close(&server);
}

/* Nobody accepts, and the queue of those that wait is full. */
static void test_full_queue_is_waited_for_so_long(void)
{
	struct server server;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int waiting[64], count = 0;

	server_open(&server);
	memcpy(address.sun_path, server.path, strlen(server.path));
	do {
		waiting[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	} while (connect(waiting[count++], (struct sockaddr *)&address, sizeof(address)) == 0 && count < 64);
	CHECK(count < 64);
	check_path(server.path, ROAM_ERR_DEADLINE, 0, "did not answer within 1 ms");
	while (count > 0)
		close(waiting[--count]);
	server_close(&server);
}

static void test_no_memory(void)
{
	struct server server;
	struct link *link = NULL;
	struct held before;

	server_open(&server);
	before = held_now();
	counting_init(&memory);
	memory.fails = 1;
	CHECK_EQ(link_join(server.path, 0, &memory.allocator, &link, NULL), ROAM_ERR_NO_MEMORY);
	CHECK(held_same(before));
	server_close(&server);
}

/* The limit leaves room for no, one, two descriptors: socket, eventfd, and what comes with the answer. */
static void test_no_descriptors_at_each_point(void)
{
	struct server server;
	struct rlimit limit;
	int next;

	server_open(&server);
	reserve(&server, 7);
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
	next = dup(server.listener);
	close(next);
	for (rlim_t more = 0; more < 2; more++) {
		struct rlimit low = { .rlim_cur = (rlim_t)next + more, .rlim_max = limit.rlim_max };
		struct held before = held_now();
		struct link *link = NULL;
		struct roam_failure failure;

		counting_init(&memory);
		CHECK_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
		CHECK_EQ(link_join(server.path, 0, &memory.allocator, &link, &failure), ROAM_ERR_SYSTEM);
		CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
		CHECK_EQ(failure.system_errno, EMFILE);
		CHECK_EQ(memory.live, 0);
		CHECK(held_same(before));
	}
	server_close(&server);
}

int main(void)
{
	alarm(300); /* a hang */
	RUN(test_answers_that_admit);
	RUN(test_answers_that_refuse);
	RUN(test_answers_that_make_no_sense);
	RUN(test_segments_that_are_none);
	RUN(test_silent_host_is_waited_for_so_long);
	RUN(test_sockets_that_nobody_serves);
	RUN(test_full_queue_is_waited_for_so_long);
	RUN(test_no_memory);
	RUN(test_no_descriptors_at_each_point);
	return finished();
}
