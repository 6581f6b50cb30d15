/*
 * guest.h: what a guest is made of, for the files that implement roam/guest.h. Internal.
 *
 * One lock guards the core, the sending part of the link, the role of the receiver and everything else but what a
 * comment says; it is held for no longer than a step of the core or a copy into a slot. It is not held over what a
 * program gave: handlers, callbacks, the log. What has to be done once it is free (rouse sleepers, ring the host, log)
 * guest_unlock does.
 */
#ifndef ROAM_GUEST_GUEST_H
#define ROAM_GUEST_GUEST_H

#include <pthread.h>

#include "../roam/guest.h"
#include "arena.h"
#include "clock.h"
#include "core.h"
#include "link.h"
#include "metadata.h"
#include "notice.h"
#include "payload.h"
#include "publish.h"
#include "role.h"
#include "service.h"

#define OF(pointer, type, member) ((type *)(void *)((char *)(pointer) - offsetof(type, member)))

enum {
	GUEST_BATCH = 32,     /* messages that are received at once */
	GUEST_SLEEPERS = 16,  /* that guest_unlock rouses; others are roused at once */
	GUEST_SPARES = 256,   /* calls and requests that are kept for the next ones */
	GUEST_KEPT = 65536,   /* bytes of a buffer that is kept with them */
	GUEST_ERROR_TEXT = 16384 /* bytes, the most of an error's text that is sent */
};

/* struct chain: in each call, request and channel end: all that a guest has, to be freed with it. */
struct chain {
	struct chain *prev, *next;
};

struct server;

struct roam_guest {
	/* constant */
	struct roam_allocator allocator;
	struct link *link;
	struct roam_limits limits;
	struct services services;
	uint32_t max_threads;
	bool foreign;
	bool has_core; /* core was made */
	void (*log)(void *context, const char *text);
	void *log_context;

	uint32_t stop; /* atomic: roam_guest_stop was called */

	pthread_mutex_t lock;
	struct core core;
	struct role role;

	/* the receiver's */
	struct roam_message messages[GUEST_BATCH];
	struct payloads payloads;

	/* requests that wait for a thread, oldest first */
	struct roam_request *queue, *queue_last;
	uint32_t queued;
	uint32_t at_work; /* handlers that run */

	struct server *servers; /* threads that run handlers now or may */
	struct server *idle;    /* of them, those that sleep; the latest first */
	struct server *watcher; /* of those, the one that looks after the receiver */
	struct server *threads; /* that the library started and free joins */
	uint32_t thread_count;  /* those, and the one in roam_guest_run */
	bool running;           /* a thread is in roam_guest_run */
	bool quiet;             /* the watcher sleeps without a bound */
	bool away;              /* the receiver is in the link without the lock: see guest_go */
	bool no_thread;         /* starting one failed */
	bool stop_seen;         /* the servers know that the guest is stopped */
	int64_t stop_until;     /* how long its event loop lets what was begun be answered */
	uint32_t called;        /* threads on their way to what is queued */

	struct chain calls, requests, ends;
	struct roam_call *spare_calls;
	struct roam_request *spare_requests;
	uint32_t spare_call_count, spare_request_count;

	struct notices notices;
	int64_t alarm; /* when a deadline with a callback passes, CLOCK_NEVER for none */

	uint32_t hopers; /* channel ends that hope */
	bool out_armed;  /* room for the outbox is waited for */
	bool leaves;     /* link_leave was called */
	bool left;       /* and has returned */
	bool said_why;   /* logged that a foreign host renews no credit */

	/* for guest_unlock */
	uint32_t *sleepers[GUEST_SLEEPERS];
	uint32_t sleeper_count;
	bool committed;
	const char *note;
	bool log_failure;
};

/* Makes a guest of an attached link, which is the guest's then; on failure the link is closed. */
int guest_create(struct link *link, const struct roam_options *options, struct roam_guest **guest,
		 struct roam_failure *failure);

void guest_lock(struct roam_guest *guest);
void guest_unlock(struct roam_guest *guest);

/*
 * The receiver goes into the link without the lock, and comes back: as long as it is there nobody leaves the segment
 * under it, the first guest_unlock after it does. False, with the lock held still, when the connection has ended.
 */
bool guest_go(struct roam_guest *guest);
void guest_come(struct roam_guest *guest);

/* Has guest_unlock rouse who sleeps on a word. */
void guest_rouse(struct roam_guest *guest, uint32_t *word);

void *guest_alloc(struct roam_guest *guest, size_t size);
void guest_release(struct roam_guest *guest, void *memory);

/* Logs a line, values as printf's. Without the lock. */
void guest_log(struct roam_guest *guest, const char *format, ...) ROAM_PRINTF(2, 3);

void guest_chain(struct chain *all, struct chain *one);
void guest_unchain(struct chain *one);

static inline bool guest_stopped(const struct roam_guest *guest)
{
	return __atomic_load_n(&guest->stop, __ATOMIC_ACQUIRE) != 0;
}

/* ---- The end (fail.c); with the lock ---------------------------------------------------------------------------- */

/* Ends the connection: everything on it fails, and guest_unlock leaves the segment. Only the first call does. */
void guest_fail(struct roam_guest *guest, const struct roam_failure *failure);
void guest_fail_for(struct roam_guest *guest, int error, const char *text);

/* The end for what the core, or a status of the link, says is the host's fault. */
void guest_fail_core(struct roam_guest *guest, int error);
void guest_fail_status(struct roam_guest *guest, enum roam_status status);

/* ---- Effects (settle.c); with the lock -------------------------------------------------------------------------- */

/* Does what follows from a step of the core: rouses who waits, frees what nobody uses. After each step. */
void guest_settle(struct roam_guest *guest);

/* Has those look again who wait for something other than a message of their own: room, credit, ids. */
void guest_look_around(struct roam_guest *guest);

/* ---- Receiving (incoming.c); with the lock and the role --------------------------------------------------------- */

/* Takes a batch and does what follows; when there is none, polls for as long first. How many messages there were. */
uint32_t incoming_batch(struct roam_guest *guest, int64_t poll_ns);

#endif
