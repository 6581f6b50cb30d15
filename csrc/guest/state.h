/*
 * state.h: what a link is made of, for the files that implement link.h.
 */
#ifndef ROAM_GUEST_STATE_H
#define ROAM_GUEST_STATE_H

#include "entry.h"
#include "link.h"
#include "segment.h"
#include "waiters.h"

struct lookout;
struct pulse;

/* enum asleep: what the receiver sleeps on, for link_interrupt. */
enum asleep {
	AWAKE = 0,
	ON_WORDS = 1,
	ON_DESCRIPTORS = 2 /* also between link_prepare and link_finish */
};

struct link {
	/* constant once attached */
	const struct roam_allocator *allocator;
	struct segment segment;
	struct roam_peer *entry; /* in the segment */
	uint32_t peer_id;
	int bell;       /* the doorbell; -1 after a walk-up */
	int parent;     /* pidfd of the process of a host whose doorbell does not show its end; else -1 */
	int event;      /* eventfd that ends a sleep on descriptors */
	bool foreign;   /* see link_foreign */
	bool by_lock;   /* the host's lock is what shows its end */
	bool has_waitv; /* the kernel has futex_waitv */
	struct pulse *pulse; /* NULL: the segment has no heartbeat */

	struct roam_end end; /* send part: the sender; receive part: the receiver */
	bool gone;           /* link_leave was called; the sender's */

	/* any thread, atomic */
	uint32_t left;     /* link_stop was called */
	uint32_t resting;  /* link_rest came after the last message */
	uint32_t bell_due; /* the host sleeps on its doorbell and has to be rung */
	uint32_t ending;   /* enum ending */
	uint32_t broken;   /* link_interrupt came, no wait has seen it yet; also a futex word */
	uint32_t asleep;   /* enum asleep; the receiver writes */
	int64_t test_due;  /* of the host's lock: nanoseconds of CLOCK_MONOTONIC */

	struct waiters waiters;

	/* the receiver's */
	uint32_t linger_tail; /* what had been received when linger_end was set */
	int64_t linger_end;   /* until when a wait sleeps on the ring's head rather than on the doorbell */
	int loop;             /* epoll descriptor of link_fd; -1 before */
	int timer;            /* timerfd of the same */
	int64_t timer_at;     /* what it is set to, 0 when it is not */
	bool prepared;        /* between link_prepare and link_finish */
	struct lookout *lookout; /* of a walk-up; NULL until link_fd */
};

/* A link that holds nothing yet but its own memory, an eventfd and the doorbell (-1: none), which it takes over, also
 * by a failure. */
int state_create(const struct roam_allocator *allocator, int bell, struct link **link, struct roam_failure *failure);

/* Readies the heartbeat that the segment asks for, before the claim. */
int state_pulse(struct link *link, struct roam_failure *failure);

/* The first beat, if there are any, of the entry that is being claimed. */
void state_beat(struct link *link);

/* Makes the link of a claimed entry a live one, and tells the host of the claim. Cannot fail: nothing may between the
 * claim and the first leave. */
void state_start(struct link *link);

/* Gives everything back, the doorbell last: the host then knows that nothing of this side touches the entry. */
void state_free(struct link *link);

#endif
