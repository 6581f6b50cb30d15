/*
 * role.h: who receives. Internal.
 *
 * A thread that waits for something receives for the whole guest if nobody else does: it polls, then sleeps in
 * link_wait. Others sleep on a word of their own, until the receiver, or whoever brings about what they wait for, has
 * them look again. Who gives the role up hands it on. A thread that serves keeps the role while it runs a handler, so
 * that it need not be found again after it; meanwhile anyone may take it.
 */
#ifndef ROAM_ROLE_H
#define ROAM_ROLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "../roam/shm.h"

struct roam_guest;
struct server;

/* struct wait: a thread's wait, on its stack. Guarded by the guest's lock. */
struct wait {
	/* What is waited for: ROAM_ERR_AGAIN while it has not come about. Called with the lock. */
	int (*ready)(struct roam_guest *guest, struct wait *wait);
	void *subject;
	int64_t deadline; /* CLOCK_MONOTONIC, CLOCK_NEVER for none */

	/* Set by ready when it says ROAM_ERR_AGAIN. */
	bool blocked;        /* for want of lack: who may bring it about does not know of this wait */
	enum roam_wait lack;
	uint32_t id;         /* the channel, when lack is ROAM_WAIT_CREDIT */
	bool ticks;          /* nobody tells when it comes about: it looks again each millisecond */

	struct server *server; /* whose main wait it is, NULL for none: it leaves the role to others */

	/* the role's */
	struct wait *prev, *next;
	uint32_t word; /* atomic: 1 when it is to look again; a futex word */
	bool armed;
	enum roam_wait armed_kind;
	uint32_t armed_id;
};

/* enum role_state: what the holder of the role does. */
enum role_state {
	ROLE_FREE,
	ROLE_RECEIVES,
	ROLE_HANDLES /* runs a handler: anyone may take the role */
};

struct role {
	enum role_state state;
	struct wait *leader;    /* who receives */
	struct server *handler; /* who handles */
	pthread_t thread;       /* of the leader */
	bool calls_out;         /* the leader is in a function of the program that must not wait */
	bool asleep;            /* the leader sleeps in link_wait */
	struct wait *first, *last; /* who sleeps, oldest first */
	uint32_t blocked;       /* of them, those with blocked or ticks set */
	uint32_t ticking;
	uint32_t wanted;        /* waits that want the role of a thread that only serves; read without the lock */
	uint32_t progress;      /* counts handlers begun and changes of the role, for the watcher */
	uint32_t expects;       /* how many more who leave the role are to hand it to a server at once */
	bool looped;            /* an event loop receives: roam_guest_fd was called */
	pthread_t loop_thread;

	/* how long to poll */
	int64_t spin_most, spin_budget; /* nanoseconds */
};

void role_init(struct role *role, int64_t spin_ns);

/* Waits; with the lock, which it lets go meanwhile. What ready said, or ROAM_ERR_DEADLINE, or ROAM_ERR_AGAIN in a
 * function that must not wait. */
int role_wait(struct roam_guest *guest, struct wait *wait);

/* One stay of a server in the role, which is free or handled by another: until it has something else to do. */
void role_serve(struct roam_guest *guest, struct wait *wait);

/* Has a wait look again. */
void role_signal(struct roam_guest *guest, struct wait *wait);
void role_signal_all(struct roam_guest *guest);

/* Takes the role for wait. */
void role_take(struct roam_guest *guest, struct wait *wait);

/* Gives the role up, and sees to it that somebody has it who needs it. */
void role_leave(struct roam_guest *guest);
void role_attend(struct roam_guest *guest);

/* Fails the connection if the host has ended it, once all that it sent before is processed; whether it has. By the
 * holder of the role. */
bool role_host_ended(struct roam_guest *guest);

/* How long the receiver may sleep, nanoseconds, negative for as long as it takes. */
int64_t role_bound(const struct roam_guest *guest, const struct wait *wait);

/* Has the leader look at everything, wherever it is. */
void role_interrupt(struct roam_guest *guest);

#endif
