/* Leaving in order. */

#define _GNU_SOURCE /* POLLRDHUP */

#include <poll.h>
#include <string.h>

#include "../shared.h"
#include "clock.h"
#include "ending.h"
#include "lock.h"
#include "pulse.h"
#include "state.h"

#define STEP (10 * CLOCK_MILLISECOND) /* how often a leaving guest looks whether the host still reads */
#define CLOSE_TIME CLOCK_SECOND       /* how long link_close lets the host take what is in the ring */

/* The most bytes of text, at most size, that end between characters of UTF-8. */
static size_t cut(const char *text, size_t size)
{
	size_t length = strlen(text);

	if (length <= size)
		return length;
	while (size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80)
		size--;
	return size;
}

static enum roam_status stage_goodbye(struct link *link, const char *reason, size_t size)
{
	static const struct roam_slot any_slot = { .index = ROAM_INLINE_SLOT };

	return roam_end_stage(&link->end, ROAM_MSG_GOODBYE, 0, 0, NULL, 0, reason, cut(reason, size), any_slot);
}

/* Publishes a Goodbye, if there is room at once. Without a slot for the reason it is cut to what fits a descriptor. */
static void say_goodbye(struct link *link, const char *reason)
{
	enum roam_status status;

	status = stage_goodbye(link, reason, link->segment.config.max_payload_size);
	if (status == ROAM_NO_SLOT)
		status = stage_goodbye(link, reason, ROAM_INLINE_MAX);
	if (status == ROAM_OK)
		link_commit(link);
}

/* Whether the host is gone, as far as this side can tell without reading anything. */
static bool host_gone(const struct link *link)
{
	struct pollfd fds[] = {
		{ .fd = link->bell, .events = POLLRDHUP },
		{ .fd = link->parent, .events = POLLIN },
	};

	return poll(fds, 2, 0) > 0 || (link->by_lock && !lock_held(link->segment.fd, 0));
}

/* Whether the host has messages to take, and can be expected to; *tail is how far it has come. */
static bool unread(const struct link *link, uint32_t *tail)
{
	*tail = load_ordered32(link->end.send.other);
	return *tail != link->end.send.next && entry_state(entry_load(link->entry)) == ROAM_STATE_ATTACHED &&
	       !host_gone(link);
}

/* Waits until the host has received every message. */
static void await_received(struct link *link, int64_t timeout)
{
	int64_t end = clock_after(clock_now(), timeout);
	uint32_t tail;

	waiters_leave(&link->waiters);
	while (unread(link, &tail)) {
		int64_t left = end - clock_now();

		if (left <= 0)
			break;
		(void)roam_futex_wait(link->end.send.other, tail, clock_sooner(left, STEP));
	}
	waiters_over(&link->waiters);
}

/* Makes the entry Goodbye, if it is Attached. */
static void set_goodbye(struct link *link)
{
	uint64_t word;

	do {
		word = entry_load(link->entry);
	} while (entry_state(word) == ROAM_STATE_ATTACHED &&
		 !entry_move(link->entry, word, entry_word(ROAM_STATE_GOODBYE, entry_epoch(word))));
}

/* Wakes the host, whatever it sleeps on. */
static void wake_host(struct link *link)
{
	const struct roam_end *end = &link->end;
	uint32_t flags = load_ordered32(end->peer_flags);

	roam_futex_wake(&link->entry->state);
	roam_futex_wake(end->send.own);
	roam_futex_wake(end->receive.own);
	roam_futex_wake(roam_pool_word(&end->peer_pool));
	if ((flags & ROAM_FLAG_KEEPS) == 0 || (flags & ROAM_FLAG_FUTEX_CREDIT) != 0)
		for (uint32_t id = 1; id < end->max_channels; id++)
			roam_futex_wake(&roam_end_channel(end, id)->granted_total);
	if (link->bell >= 0)
		(void)roam_bell_ring(link->bell);
}

void link_stop(struct link *link)
{
	__atomic_store_n(&link->left, 1, __ATOMIC_RELAXED);
}

void link_leave(struct link *link, const char *goodbye, int64_t timeout_ns)
{
	int error = link_look(link, NULL);

	if (link->gone)
		return;
	link->gone = true;
	link_stop(link);
	ending_set(link, ENDING_LEFT);
	if (error == 0 && goodbye != NULL)
		say_goodbye(link, goodbye);
	roam_end_give_back(&link->end);
	if (error != ROAM_ERR_HOST_DIED)
		await_received(link, timeout_ns);
	if (link->pulse != NULL)
		pulse_stop(link->pulse);
	if (error == ROAM_ERR_HOST_DIED)
		return;
	set_goodbye(link);
	wake_host(link);
}

void link_close(struct link *link)
{
	link_leave(link, NULL, CLOSE_TIME);
	state_free(link);
}
