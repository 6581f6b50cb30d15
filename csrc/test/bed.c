#include "bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static struct counting memory;
static struct held before;
static char folder[64];
static bool has_waitv;

static void must(bool held, const char *what)
{
	if (held)
		return;
	fprintf(stderr, "bed: %s failed\n", what);
	exit(EXIT_FAILURE);
}

uint32_t bed_flag(enum bed bed)
{
	return bed == WALKED_UP || (bed == LINGERING && has_waitv) ? ROAM_FLAG_FUTEX_MESSAGES : ROAM_FLAG_BELL_MESSAGES;
}

struct counting *bed_memory(void)
{
	return &memory;
}

static void leave_as_it_is(const struct fixture *segment)
{
	(void)segment;
}

struct link *bed_open(struct host *host, enum bed bed, struct roam_config config)
{
	return bed_open_with(host, bed, config, leave_as_it_is);
}

struct link *bed_open_with(struct host *host, enum bed bed, struct roam_config config,
			   void (*prepare)(const struct fixture *segment))
{
	struct link *link = NULL;

	counting_init(&memory);
	before = held_now();
	folder_create(folder);
	host_create(host, config, bed == WALKED_UP ? folder : NULL);
	prepare(&host->segment);
	if (bed == WALKED_UP) {
		must(link_walk_up(host->path, &memory.allocator, &link, NULL) == 0, "walk-up");
		fixture_end(&host->segment, 1, true, &host->end);
		return link;
	}
	if (bed == ON_FOREIGN_BELL)
		host_peer(host, 1)->host_flags = 0;
	link = host_attach(host, host_doorbell(host, SOCK_STREAM), &memory.allocator);
	has_waitv = link->has_waitv;
	if (bed == LINGERING)
		link->linger_end = INT64_MAX; /* as if a message had just come, for as long as the test takes */
	return link;
}

bool bed_close(struct host *host, struct link *link)
{
	bool clean = host_peer(host, 1)->guest_flags == (ROAM_FLAG_KEEPS | ROAM_FLAG_TABLE);

	if (!clean)
		fprintf(stderr, "  guest_flags are %#x\n", host_peer(host, 1)->guest_flags);
	link_leave(link, NULL, 0); /* the host may not read */
	link_close(link);
	host_destroy(host);
	folder_remove(folder);
	return held_same(before) && memory.live == 0 && clean;
}

static void *act_when_asleep(void *argument)
{
	struct deed *deed = argument;

	host_await_flags(deed->host, deed->flags);
	__atomic_store_n(&deed->begun, 1, __ATOMIC_SEQ_CST);
	deed->act(deed);
	return NULL;
}

bool deed_begun(struct deed *deed)
{
	return __atomic_load_n(&deed->begun, __ATOMIC_SEQ_CST) != 0;
}

void deed_begin(struct deed *deed)
{
	deed->sleeper = pthread_self();
	deed->begun = 0;
	must(pthread_create(&deed->thread, NULL, act_when_asleep, deed) == 0, "pthread_create");
}

void deed_end(struct deed *deed)
{
	must(pthread_join(deed->thread, NULL) == 0, "pthread_join");
}

void sleep_until(struct link *link, bool (*over)(struct link *link))
{
	while (!over(link))
		link_wait(link, false, -1);
}
