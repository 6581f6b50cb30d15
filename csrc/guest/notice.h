/*
 * notice.h: callbacks of the program. Internal.
 *
 * What is due is queued, and run by the thread that receives between two messages, without the lock. One that was taken
 * back does not run any more.
 */
#ifndef ROAM_NOTICE_H
#define ROAM_NOTICE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct roam_guest;

/* struct notice: in what a callback is about. run calls it, without the lock. */
struct notice {
	struct notice *prev, *next;
	void (*run)(struct notice *notice);
	void *context;
	bool queued;
};

struct notices {
	struct notice *first, *last;
	struct notice *running;
	pthread_t thread; /* that runs it */
	uint32_t ran;     /* counts; a futex word for those who wait until it has run */
	uint32_t waiting; /* how many do */
};

/* With the lock, as all of these. */
void notice_queue(struct roam_guest *guest, struct notice *notice);

/* Takes back one that is due; it does not run. */
void notice_drop(struct roam_guest *guest, struct notice *notice);

/* Takes back one that is due, and waits for one that another thread runs; the lock is let go meanwhile. */
void notice_take_back(struct roam_guest *guest, struct notice *notice);

/* Runs what is due. The caller holds the role, or the connection has ended. */
void notice_run_all(struct roam_guest *guest);

#endif
