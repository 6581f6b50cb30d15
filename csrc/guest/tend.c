/* The test of the host's lock. */

#include "../shared.h"
#include "clock.h"
#include "ending.h"
#include "lock.h"
#include "state.h"

/* How often a host's lock is tested, busy or not: the protocol wants it once a second at least. */
#define TEST_INTERVAL (CLOCK_SECOND / 2)

/* Whether the test is due, and is this thread's to do; it is due again after the interval. */
static bool claim(int64_t *due, int64_t now)
{
	int64_t was = __atomic_load_n(due, __ATOMIC_RELAXED);

	return now >= was && __atomic_compare_exchange_n(due, &was, clock_after(now, TEST_INTERVAL), false,
							 __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

int64_t link_tend(struct link *link)
{
	int64_t now, left;

	if (!link->by_lock || load_once32(&link->left) != 0)
		return -1;
	now = clock_now();
	if (claim(&link->test_due, now) && !lock_held(link->segment.fd, 0))
		ending_host_gone(link, ENDING_LOCK_GONE);
	left = __atomic_load_n(&link->test_due, __ATOMIC_RELAXED) - now;
	return left > 0 ? left : 0;
}
