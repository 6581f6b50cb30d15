/* The thread that sleeps on futex words for an event loop. */

#include <string.h>
#include <unistd.h>

#include "../shared.h"
#include "failure.h"
#include "lookout.h"
#include "state.h"
#include "thread.h"
#include "word.h"

struct lookout {
	const struct roam_allocator *allocator;
	pthread_t thread;
	int event;
	uint32_t orders; /* futex word: counts what the thread was told */

	pthread_mutex_t lock; /* of all below */
	bool stopped;
	bool watching; /* words are to be watched; false once one has been reported */
	uint32_t count;
	struct roam_futex words[ROAM_FUTEX_MAX]; /* from the second on; the first is orders */
};

/* Takes the orders: how many words there are to sleep on, 0 to stop. */
static uint32_t take_orders(struct lookout *lookout, struct roam_futex *words)
{
	uint32_t count = 1;

	(void)pthread_mutex_lock(&lookout->lock);
	words[0] = (struct roam_futex){
		.seen = load_once32(&lookout->orders),
		.address = (uintptr_t)&lookout->orders,
		.flags = ROAM_FUTEX_PRIVATE,
	};
	if (lookout->watching) {
		count = lookout->count;
		memcpy(words + 1, lookout->words + 1, (count - 1) * sizeof(*words));
	}
	if (lookout->stopped)
		count = 0;
	(void)pthread_mutex_unlock(&lookout->lock);
	return count;
}

/* A sleep with those orders is over: reports, unless there are others by now. */
static void report(struct lookout *lookout, uint64_t orders)
{
	static const uint64_t one = 1;

	(void)pthread_mutex_lock(&lookout->lock);
	if (lookout->watching && load_once32(&lookout->orders) == orders) {
		lookout->watching = false;
		(void)!write(lookout->event, &one, sizeof(one));
	}
	(void)pthread_mutex_unlock(&lookout->lock);
}

static void *look_out(void *argument)
{
	struct lookout *lookout = argument;
	struct roam_futex words[ROAM_FUTEX_MAX];
	uint32_t count;

	while ((count = take_orders(lookout, words)) != 0) {
		/* Without bound: who gives the orders has a timer, and looks whether the host lives. */
		(void)roam_futex_waitv(words, count, 0);
		report(lookout, words[0].seen);
	}
	return NULL;
}

int lookout_create(const struct roam_allocator *allocator, int event, struct lookout **made,
		   struct roam_failure *failure)
{
	struct lookout *lookout = allocator->allocate(allocator->context, sizeof(*lookout));
	int error;

	if (lookout == NULL)
		return failure_no_memory(failure, sizeof(*lookout), "a thread that watches the segment");
	*lookout = (struct lookout){ .allocator = allocator, .event = event };
	error = pthread_mutex_init(&lookout->lock, NULL);
	if (error == 0) {
		error = thread_start(&lookout->thread, look_out, lookout);
		if (error != 0)
			(void)pthread_mutex_destroy(&lookout->lock);
	}
	if (error != 0) {
		allocator->release(allocator->context, lookout);
		return failure_system(failure, ROAM_ERR_SYSTEM, error, "start a thread that watches the segment");
	}
	*made = lookout;
	return 0;
}

/* New orders. The lock is held. */
static void order(struct lookout *lookout)
{
	store_ordered32(&lookout->orders, lookout->orders + 1);
	word_wake(&lookout->orders);
}

void lookout_watch(struct lookout *lookout, struct link *link)
{
	struct roam_futex words[ROAM_FUTEX_MAX] = { [1] = {
		.seen = roam_end_tail(&link->end),
		.address = (uintptr_t)link->end.receive.other,
		.flags = ROAM_FUTEX_SHARED,
	} };
	uint32_t count = waiters_words(&link->waiters, words + 2) + 2;

	(void)pthread_mutex_lock(&lookout->lock);
	if (!lookout->watching || count != lookout->count ||
	    memcmp(words, lookout->words, count * sizeof(*words)) != 0) {
		memcpy(lookout->words, words, count * sizeof(*words));
		lookout->count = count;
		lookout->watching = true;
		order(lookout);
	}
	(void)pthread_mutex_unlock(&lookout->lock);
}

void lookout_free(struct lookout *lookout)
{
	(void)pthread_mutex_lock(&lookout->lock);
	lookout->stopped = true;
	order(lookout);
	(void)pthread_mutex_unlock(&lookout->lock);
	(void)pthread_join(lookout->thread, NULL);
	(void)pthread_mutex_destroy(&lookout->lock);
	lookout->allocator->release(lookout->allocator->context, lookout);
}
