/* Walking up to a segment with a path: locks tell who lives. */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "check.h"
#include "guest/lock.h"
#include "held.h"
#include "host.h"

static struct counting memory;
static char folder[64];

static void open_host(struct host *host)
{
	folder_create(folder);
	host_create(host, small_config(), folder);
}

static void close_host(struct host *host)
{
	host_destroy(host);
	folder_remove(folder);
}

/* Walks up; NULL with the failure when that fails, and then nothing is held. */
static struct link *walk_up(const char *path, struct roam_failure *failure)
{
	struct held before = held_now();
	struct link *link = NULL;

	*failure = (struct roam_failure){ 0 };
	if (link_walk_up(path, &memory.allocator, &link, failure) == 0)
		return link;
	CHECK(link == NULL);
	CHECK(held_same(before));
	return NULL;
}

static void check_fails(const char *path, int error, const char *text)
{
	struct roam_failure failure;
	struct link *link = walk_up(path, &failure);

	if (link != NULL)
		link_close(link);
	CHECK_EQ(failure.error, error);
	if (!CHECK(strstr(failure.text, text) != NULL))
		fprintf(stderr, "  \"%s\", want \"%s\"\n", failure.text, text);
}

static void test_guest_takes_the_first_free_entry_and_its_lock(void)
{
	struct host host;
	struct roam_failure failure;
	struct link *one, *two;

	counting_init(&memory);
	open_host(&host);
	host_set_entry(&host, 1, ROAM_STATE_EMPTY, UINT32_MAX);
	one = walk_up(host.path, &failure);
	two = walk_up(host.path, &failure);
	if (!CHECK(one != NULL && two != NULL))
		return;
	CHECK_EQ(link_peer_id(one), 1);
	CHECK_EQ(link_peer_id(two), 2);
	for (uint32_t id = 1; id <= 2; id++) {
		CHECK_EQ(host_peer(&host, id)->state, ROAM_STATE_ATTACHED);
		CHECK_EQ(host_peer(&host, id)->epoch, id - 1); /* it wraps */
		CHECK_EQ(host_peer(&host, id)->guest_flags, ROAM_FLAG_KEEPS | ROAM_FLAG_TABLE);
		CHECK(lock_held(host.segment.fd, id));
	}
	check_fails(host.path, ROAM_ERR_HUB_FULL, "hub full: all 2 entries are in use");
	link_close(one);
	CHECK_EQ(host_peer(&host, 1)->state, ROAM_STATE_GOODBYE);
	CHECK(!lock_held(host.segment.fd, 1));
	CHECK(lock_held(host.segment.fd, 2));
	link_close(two);
	CHECK(!lock_held(host.segment.fd, 2));
	CHECK_EQ(memory.live, 0);
	close_host(&host);
}

/* An Empty entry whose byte another holds is about to be taken; a Goodbye one is not free yet. */
static void test_entries_that_are_not_free_are_passed_over(void)
{
	struct host host;
	struct roam_failure failure;
	struct link *link;
	int other;

	counting_init(&memory);
	open_host(&host);
	other = open(host.path, O_RDWR | O_CLOEXEC);
	CHECK_EQ(lock_take(other, 1), 0);
	link = walk_up(host.path, &failure);
	if (CHECK(link != NULL)) {
		CHECK_EQ(link_peer_id(link), 2);
		link_close(link);
	}
	check_fails(host.path, ROAM_ERR_HUB_FULL, "all 2 entries"); /* 2 is Goodbye */
	lock_give_back(other, 1);
	link = walk_up(host.path, &failure);
	if (CHECK(link != NULL)) {
		CHECK_EQ(link_peer_id(link), 1);
		link_close(link);
	}
	close(other);
	close_host(&host);
}

static void *toggle(void *argument)
{
	struct host *host = argument;

	while (__atomic_load_n(&host_peer(host, 2)->last_heartbeat, __ATOMIC_SEQ_CST) == 0) {
		host_set_entry(host, 1, ROAM_STATE_RESERVED, 0);
		host_set_entry(host, 1, ROAM_STATE_EMPTY, 0);
	}
	return NULL;
}

/* Another, who takes no locks, is faster: the lock of the entry that was lost is not kept. */
static void test_lock_of_a_lost_entry_is_given_back(void)
{
	struct host host;
	struct roam_failure failure;
	pthread_t thread;

	counting_init(&memory);
	open_host(&host);
	CHECK_EQ(pthread_create(&thread, NULL, toggle, &host), 0);
	for (int round = 0; round < 1000; round++) {
		struct link *link;

		host_set_entry(&host, 2, ROAM_STATE_EMPTY, 0);
		link = NULL;
		if (link_walk_up(host.path, &memory.allocator, &link, &failure) != 0) {
			CHECK_EQ(failure.error, ROAM_ERR_HUB_FULL); /* taken away again at once */
			continue;
		}
		CHECK_EQ(lock_held(host.segment.fd, 1), link_peer_id(link) == 1);
		CHECK_EQ(lock_held(host.segment.fd, 2), link_peer_id(link) == 2);
		link_close(link);
	}
	__atomic_store_n(&host_peer(&host, 2)->last_heartbeat, 1, __ATOMIC_SEQ_CST);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(memory.live, 0);
	close_host(&host);
}

static void test_segment_that_nobody_serves(void)
{
	struct host host;
	struct roam_failure failure;

	counting_init(&memory);
	open_host(&host);
	lock_give_back(host.segment.fd, 0);
	check_fails(host.path, ROAM_ERR_NO_HOST, "nobody holds the host's lock");
	CHECK_EQ(host_peer(&host, 1)->state, ROAM_STATE_EMPTY);
	CHECK_EQ(lock_take(host.segment.fd, 0), 0);
	host_header(&host)->host_goodbye = 1;
	check_fails(host.path, ROAM_ERR_HOST_LEAVING, "leaving");
	host_header(&host)->host_goodbye = 0;
	host_header(&host)->version = 9;
	check_fails(host.path, ROAM_ERR_VERSION, "version is 9");
	host_header(&host)->version = ROAM_VERSION;
	host_peer(&host, 1)->ring_offset++;
	check_fails(host.path, ROAM_ERR_HEADER, "peer entry 1: ring_offset");
	CHECK_EQ(unlink(host.path), 0);
	check_fails(host.path, ROAM_ERR_NO_HOST, "No such file");
	check_fails("", ROAM_ERR_ARGUMENT, "is empty");
	CHECK(walk_up(NULL, &failure) == NULL);
	CHECK_EQ(failure.error, ROAM_ERR_ARGUMENT);
	memory.fails = memory.taken + 1;
	check_fails(host.path, ROAM_ERR_NO_MEMORY, "no memory");
	CHECK_EQ(memory.live, 0);
	close_host(&host);
}

/* A foreign host holds no lock, and its silence says nothing. */
static void test_foreign_host_needs_no_lock(void)
{
	struct host host;
	struct roam_failure failure;
	struct link *link;

	counting_init(&memory);
	open_host(&host);
	lock_give_back(host.segment.fd, 0);
	for (uint32_t id = 1; id <= 2; id++)
		host_peer(&host, id)->host_flags = 0;
	link = walk_up(host.path, &failure);
	if (CHECK(link != NULL)) {
		CHECK(link_foreign(link));
		CHECK(link_tend(link) < 0);
		link_wait(link, true, -1); /* which returns by itself */
		CHECK_EQ(link_look(link, NULL), 0);
		link_close(link);
	}
	close_host(&host);
}

/* What goes on in the library beside a busy program: the lock is tested as often as link_tend says. */
static void test_tend_notices_the_lost_lock(void)
{
	struct host host;
	struct roam_failure failure;
	struct link *link;

	counting_init(&memory);
	open_host(&host);
	link = walk_up(host.path, &failure);
	if (CHECK(link != NULL)) {
		CHECK(link_tend(link) >= 0 && link_tend(link) <= 500000000);
		CHECK_EQ(link_look(link, NULL), 0);
		lock_give_back(host.segment.fd, 0);
		while (link_look(link, &failure) == 0)
			link_tend(link);
		CHECK_EQ(failure.error, ROAM_ERR_HOST_DIED);
		CHECK(strstr(failure.text, "lock") != NULL);
		link_close(link);
		CHECK_EQ(host_peer(&host, 1)->state, ROAM_STATE_ATTACHED); /* a dead host is told nothing */
	}
	close_host(&host);
}

int main(void)
{
	alarm(300); /* a hang */
	RUN(test_guest_takes_the_first_free_entry_and_its_lock);
	RUN(test_entries_that_are_not_free_are_passed_over);
	RUN(test_lock_of_a_lost_entry_is_given_back);
	RUN(test_segment_that_nobody_serves);
	RUN(test_foreign_host_needs_no_lock);
	RUN(test_tend_notices_the_lost_lock);
	return finished();
}
