/* Heartbeats, and the test of the host's lock. */

#include "../shared.h"
#include "clock.h"
#include "ending.h"
#include "lock.h"
#include "state.h"
#include "tend.h"

/* How often a host's lock is tested, busy or not: the protocol wants it once a second at least. */
#define TEST_INTERVAL (CLOCK_SECOND / 2)

/* The span between beats: half of what the host lets pass. It is the host's to choose, and may be anything. */
static int64_t beat_interval(const struct link *link)
{
	int64_t half = (int64_t)(link->segment.heartbeat_interval / 2);

	return half > CLOCK_MILLISECOND ? half : CLOCK_MILLISECOND;
}

static void beat(struct link *link, int64_t now)
{
	__atomic_store_n(&link->entry->last_heartbeat, (uint64_t)now, __ATOMIC_RELEASE);
}

void tend_beat(struct link *link)
{
	int64_t now = clock_now();

	if (link->segment.heartbeat_interval == 0)
		return;
	beat(link, now);
	__atomic_store_n(&link->beat_due, clock_after(now, beat_interval(link)), __ATOMIC_RELAXED);
}

/* Whether something was due at *due, and is this thread's to do; it is due again after interval. */
static bool claim(int64_t *due, int64_t now, int64_t interval)
{
	int64_t was = __atomic_load_n(due, __ATOMIC_RELAXED);

	return now >= was && __atomic_compare_exchange_n(due, &was, clock_after(now, interval), false, __ATOMIC_RELAXED,
							 __ATOMIC_RELAXED);
}

static int64_t left(const int64_t *due, int64_t now)
{
	int64_t span = __atomic_load_n(due, __ATOMIC_RELAXED) - now;

	return span > 0 ? span : 0;
}

int64_t tend(struct link *link)
{
	bool beats = link->segment.heartbeat_interval != 0;
	int64_t next = CLOCK_NEVER;
	int64_t now;

	if (!beats && !link->by_lock)
		return -1;
	now = clock_now();
	if (beats) {
		if (claim(&link->beat_due, now, beat_interval(link)))
			beat(link, now);
		next = left(&link->beat_due, now);
	}
	if (link->by_lock) {
		if (claim(&link->test_due, now, TEST_INTERVAL) && !lock_held(link->segment.fd, 0))
			ending_host_gone(link, ENDING_LOCK_GONE);
		next = clock_sooner(next, left(&link->test_due, now));
	}
	return next;
}

int64_t link_tend(struct link *link)
{
	return load_once32(&link->left) == 0 ? tend(link) : -1;
}
