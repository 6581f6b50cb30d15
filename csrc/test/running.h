/*
 * running.h: a guest whose roam_guest_run is in a thread of its own, for tests of what happens at once.
 */
#ifndef ROAM_TEST_RUNNING_H
#define ROAM_TEST_RUNNING_H

#include <pthread.h>

#include "pair.h"

struct running {
	struct pair pair;
	pthread_t thread;
	int result; /* of roam_guest_run, once the thread has ended */
};

/* A guest that serves these methods on at most so many threads (0: the default), and the gate closed. */
void running_create(struct running *running, const struct roam_method *methods, size_t count, uint32_t max_threads);

/* Has it run. */
void running_start(struct running *running);

/* Stops it, waits for its thread and frees all; whether it ended well and nothing leaked. */
bool running_end(struct running *running);

#endif
