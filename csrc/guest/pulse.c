/* The thread that writes the heartbeat. */

#include "pulse.h"

#include "../shared.h"
#include "clock.h"
#include "failure.h"
#include "thread.h"
#include "word.h"

struct pulse {
	const struct roam_allocator *allocator;
	pthread_t thread;
	int64_t span; /* nanoseconds between two beats */

	pthread_mutex_t lock;
	struct roam_peer *entry; /* under the lock: where to beat, NULL for nowhere */
	uint32_t orders;         /* futex word: counts what the thread was told */
	uint32_t over;           /* atomic */
};

void pulse_beat(struct roam_peer *entry)
{
	__atomic_store_n(&entry->last_heartbeat, (uint64_t)clock_now(), __ATOMIC_RELEASE);
}

static void *run(void *argument)
{
	struct pulse *pulse = argument;

	for (;;) {
		uint32_t orders = load_ordered32(&pulse->orders);

		if (load_once32(&pulse->over) != 0)
			return NULL;
		(void)pthread_mutex_lock(&pulse->lock);
		if (pulse->entry != NULL)
			pulse_beat(pulse->entry);
		(void)pthread_mutex_unlock(&pulse->lock);
		word_wait(&pulse->orders, orders, pulse->span);
	}
}

/* Half of the interval. That is the host's to choose, and may be anything. */
static int64_t span_of(uint64_t interval)
{
	int64_t half = (int64_t)(interval / 2);

	return half > CLOCK_MILLISECOND ? half : CLOCK_MILLISECOND;
}

int pulse_create(const struct roam_allocator *allocator, uint64_t interval, struct pulse **made,
		 struct roam_failure *failure)
{
	struct pulse *pulse = allocator->allocate(allocator->context, sizeof(*pulse));
	int error;

	if (pulse == NULL)
		return failure_no_memory(failure, sizeof(*pulse), "a thread for the heartbeat");
	*pulse = (struct pulse){ .allocator = allocator, .span = span_of(interval) };
	error = pthread_mutex_init(&pulse->lock, NULL);
	if (error == 0) {
		error = thread_start(&pulse->thread, run, pulse);
		if (error != 0)
			(void)pthread_mutex_destroy(&pulse->lock);
	}
	if (error != 0) {
		allocator->release(allocator->context, pulse);
		return failure_system(failure, ROAM_ERR_SYSTEM, error, "start a thread for the heartbeat");
	}
	*made = pulse;
	return 0;
}

static void beat_in(struct pulse *pulse, struct roam_peer *entry)
{
	(void)pthread_mutex_lock(&pulse->lock);
	pulse->entry = entry;
	(void)pthread_mutex_unlock(&pulse->lock);
}

static void rouse(struct pulse *pulse)
{
	store_ordered32(&pulse->orders, pulse->orders + 1);
	word_wake(&pulse->orders);
}

void pulse_start(struct pulse *pulse, struct roam_peer *entry)
{
	beat_in(pulse, entry);
	rouse(pulse);
}

void pulse_stop(struct pulse *pulse)
{
	beat_in(pulse, NULL);
}

void pulse_free(struct pulse *pulse)
{
	__atomic_store_n(&pulse->over, 1, __ATOMIC_RELAXED);
	rouse(pulse);
	(void)pthread_join(pulse->thread, NULL);
	(void)pthread_mutex_destroy(&pulse->lock);
	pulse->allocator->release(pulse->allocator->context, pulse);
}
