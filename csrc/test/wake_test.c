/* Waiter flags and futexes. */

#define _GNU_SOURCE

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "roam/shm.h"

/* Longer than any sleep here is meant to last: it ends a test that would hang. */
#define LONG INT64_C(60000000000)

static void test_flags_are_set_and_cleared_bit_by_bit(void)
{
	uint32_t flags = ROAM_FLAG_KEEPS;

	roam_flags_set(&flags, ROAM_FLAG_FUTEX_SLOT | ROAM_FLAG_BELL_CREDIT);
	roam_flags_set(&flags, ROAM_FLAG_FUTEX_SLOT);
	CHECK_EQ(flags, ROAM_FLAG_KEEPS | ROAM_FLAG_FUTEX_SLOT | ROAM_FLAG_BELL_CREDIT);
	roam_flags_clear(&flags, ROAM_FLAG_FUTEX_SLOT);
	CHECK_EQ(flags, ROAM_FLAG_KEEPS | ROAM_FLAG_BELL_CREDIT);
}

static void test_bell_is_for_the_kind_that_waits(void)
{
	for (int waits = 0; waits < 4; waits++) {
		for (int told = 0; told < 4; told++) {
			uint32_t word = 0;
			uint32_t flags = ROAM_FLAG_KEEPS | (uint32_t)ROAM_FLAG_BELL_MESSAGES << waits;

			CHECK_EQ(roam_wake(&flags, (enum roam_wait)told, &word), waits == told);
			flags = ROAM_FLAG_KEEPS | (uint32_t)ROAM_FLAG_FUTEX_MESSAGES << waits;
			CHECK(!roam_wake(&flags, (enum roam_wait)told, &word));
		}
	}
}

static void test_foreign_peer_is_always_rung(void)
{
	uint32_t word = 0;
	uint32_t flags = 0;

	CHECK(roam_wake(&flags, ROAM_WAIT_MESSAGES, &word));
	flags = ROAM_FLAG_TABLE;
	CHECK(roam_wake(&flags, ROAM_WAIT_CREDIT, &word));
}

static void test_wait_returns_at_once_when_the_word_has_changed(void)
{
	uint32_t word = 5;
	struct roam_futex waits[2] = {
		{ .seen = 4, .address = (uintptr_t)&word, .flags = ROAM_FUTEX_SHARED },
		{ .seen = 5, .address = (uintptr_t)&word, .flags = ROAM_FUTEX_PRIVATE },
	};

	CHECK_EQ(roam_futex_wait(&word, 4, LONG), 0);
	CHECK_EQ(roam_futex_waitv(waits, 2, LONG), 0);
}

static void test_wait_is_bounded(void)
{
	uint32_t word = 5;
	struct roam_futex wait = { .seen = 5, .address = (uintptr_t)&word, .flags = ROAM_FUTEX_SHARED };

	CHECK(roam_futex_wait(&word, 5, 1000) == -ETIMEDOUT);
	CHECK(roam_futex_waitv(&wait, 1, 1000) == -ETIMEDOUT);
	CHECK(roam_futex_waitv(&wait, 1, 999999999) == -ETIMEDOUT); /* carries into the seconds */
	CHECK(roam_futex_waitv(&wait, ROAM_FUTEX_MAX + 1, 1000) == -EINVAL);
}

/* One sleeper, on one word or on several, in a thread or a process. */
struct sleeper {
	uint32_t flags;
	uint32_t word;
	uint32_t other;
	uint32_t left; /* sleepers that are done */
};

static void *sleep_on_one(void *argument)
{
	struct sleeper *s = argument;

	roam_flags_set(&s->flags, ROAM_FLAG_FUTEX_MESSAGES);
	while (__atomic_load_n(&s->word, __ATOMIC_SEQ_CST) == 0 && roam_futex_wait(&s->word, 0, LONG) == 0)
		;
	__atomic_fetch_add(&s->left, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void *sleep_on_two(void *argument)
{
	struct sleeper *s = argument;
	struct roam_futex waits[2] = {
		{ .address = (uintptr_t)&s->other, .flags = ROAM_FUTEX_SHARED },
		{ .address = (uintptr_t)&s->word, .flags = ROAM_FUTEX_SHARED },
	};

	roam_flags_set(&s->flags, ROAM_FLAG_FUTEX_MESSAGES);
	while (__atomic_load_n(&s->word, __ATOMIC_SEQ_CST) == 0 && roam_futex_waitv(waits, 2, LONG) == 0)
		;
	__atomic_fetch_add(&s->left, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* Stores once the sleeper has said that it waits, and wakes it. */
static void store_and_wake(struct sleeper *s)
{
	while ((__atomic_load_n(&s->flags, __ATOMIC_SEQ_CST) & ROAM_FLAG_FUTEX_MESSAGES) == 0)
		sched_yield();
	__atomic_store_n(&s->word, 1, __ATOMIC_SEQ_CST);
	CHECK(!roam_wake(&s->flags, ROAM_WAIT_MESSAGES, &s->word));
}

static void wake_threads(void *(*sleep_on)(void *))
{
	for (int round = 0; round < 200; round++) {
		struct sleeper s = { .flags = ROAM_FLAG_KEEPS };
		pthread_t threads[2];

		for (int i = 0; i < 2; i++)
			CHECK_EQ(pthread_create(&threads[i], NULL, sleep_on, &s), 0);
		store_and_wake(&s);
		for (int i = 0; i < 2; i++)
			CHECK_EQ(pthread_join(threads[i], NULL), 0);
		CHECK_EQ(s.left, 2);
	}
}

static void test_wake_reaches_every_thread(void)
{
	wake_threads(sleep_on_one);
}

static void test_wake_reaches_a_sleep_on_several_words(void)
{
	wake_threads(sleep_on_two);
}

static void test_wake_crosses_processes(void)
{
	for (int round = 0; round < 20; round++) {
		struct sleeper *s =
			mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		pid_t child;
		int status = -1;

		if (!CHECK(s != MAP_FAILED))
			return;
		s->flags = ROAM_FLAG_KEEPS;
		child = fork();
		if (child == 0) {
			sleep_on_one(s);
			_exit(0);
		}
		store_and_wake(s);
		CHECK(waitpid(child, &status, 0) == child && status == 0);
		CHECK_EQ(s->left, 1);
		munmap(s, sizeof(*s));
	}
}

static bool has_waitv(void)
{
	uint32_t word = 1;
	struct roam_futex wait = { .seen = 0, .address = (uintptr_t)&word, .flags = ROAM_FUTEX_SHARED };

	return roam_futex_waitv(&wait, 1, LONG) != -ENOSYS;
}

int main(void)
{
	RUN(test_flags_are_set_and_cleared_bit_by_bit);
	RUN(test_bell_is_for_the_kind_that_waits);
	RUN(test_foreign_peer_is_always_rung);
	if (has_waitv()) {
		RUN(test_wait_returns_at_once_when_the_word_has_changed);
		RUN(test_wait_is_bounded);
		RUN(test_wake_reaches_a_sleep_on_several_words);
	} else {
		fprintf(stderr, "this kernel has no futex_waitv: not tested\n");
	}
	RUN(test_wake_reaches_every_thread);
	RUN(test_wake_crosses_processes);
	return finished();
}
