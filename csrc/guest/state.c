/* Making and freeing a link. */

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../shared.h"
#include "failure.h"
#include "lookout.h"
#include "pulse.h"
#include "state.h"

/* Whether futex_waitv is there: a sleep that its word's value forbids says so at once. */
static bool has_waitv(void)
{
	uint32_t word = 1;
	struct roam_futex wait = { .seen = 0, .address = (uintptr_t)&word, .flags = ROAM_FUTEX_PRIVATE };

	return roam_futex_waitv(&wait, 1, 1) != -ENOSYS;
}

static void close_if(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

/* Fills in a link whose memory is there. */
static int make(struct link *link, struct roam_failure *failure)
{
	int error = waiters_init(&link->waiters, link->allocator);

	if (error != 0)
		return failure_system(failure, ROAM_ERR_SYSTEM, error, "make a mutex");
	link->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (link->event >= 0)
		return 0;
	error = failure_system(failure, ROAM_ERR_SYSTEM, errno, "eventfd");
	waiters_destroy(&link->waiters);
	return error;
}

int state_create(const struct roam_allocator *allocator, int bell, struct link **made, struct roam_failure *failure)
{
	struct link *link = allocator->allocate(allocator->context, sizeof(*link));
	int error;

	if (link == NULL) {
		close_if(bell);
		return failure_no_memory(failure, sizeof(*link), "the link");
	}
	*link = (struct link){
		.allocator = allocator,
		.segment = { .fd = -1 },
		.bell = bell,
		.parent = -1,
		.loop = -1,
		.timer = -1,
		.has_waitv = has_waitv(),
	};
	error = make(link, failure);
	if (error != 0) {
		close_if(bell);
		allocator->release(allocator->context, link);
		return error;
	}
	*made = link;
	return 0;
}

int state_pulse(struct link *link, struct roam_failure *failure)
{
	uint64_t interval = link->segment.heartbeat_interval;

	return interval != 0 ? pulse_create(link->allocator, interval, &link->pulse, failure) : 0;
}

void state_beat(struct link *link)
{
	if (link->pulse != NULL)
		pulse_beat(link->entry);
}

void state_start(struct link *link)
{
	struct segment *segment = &link->segment;
	struct roam_place place;
	uint32_t flags;

	roam_place_at(&place, segment->base, &segment->config, &segment->layout, link->peer_id, false);
	flags = load_acquire32(&link->entry->host_flags);
	place.peer_table = (flags & ROAM_FLAG_TABLE) != 0;
	link->foreign = (flags & ROAM_FLAG_KEEPS) == 0 || !place.peer_table;
	roam_end_init(&link->end, &place);
	link->waiters.flags = link->end.own_flags;
	link->linger_tail = roam_end_tail(&link->end);
	if (link->pulse != NULL)
		pulse_start(link->pulse, link->entry);

	/* Spawn and join sleep on the doorbell, others may sleep on the state. */
	roam_futex_wake(&link->entry->state);
	if (link->bell >= 0)
		(void)roam_bell_ring(link->bell); /* a host that is gone is found out by the first wait */
}

void state_free(struct link *link)
{
	if (link->pulse != NULL)
		pulse_free(link->pulse);
	if (link->lookout != NULL)
		lookout_free(link->lookout);
	waiters_destroy(&link->waiters);
	segment_close(&link->segment);
	close_if(link->loop);
	close_if(link->timer);
	close_if(link->event);
	close_if(link->parent);
	close_if(link->bell);
	link->allocator->release(link->allocator->context, link);
}
