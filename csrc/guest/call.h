/*
 * call.h: a call of the host's services. Internal. With the lock.
 */
#ifndef ROAM_CALL_H
#define ROAM_CALL_H

#include "../roam/guest.h"
#include "arena.h"
#include "channel.h"
#include "core.h"
#include "guest.h"
#include "metadata.h"
#include "notice.h"

struct roam_call {
	struct core_call core;
	struct chain chain;
	struct roam_call *next; /* of the spare ones */
	struct roam_guest *guest;

	/* constant from roam_call_begin on */
	uint64_t method;
	int64_t deadline; /* CLOCK_NEVER for none */
	struct channel **channels; /* in arena */
	size_t channel_count;
	struct roam_request *within;
	struct chain within_chain; /* of the request's calls */

	/* the program's */
	struct metadata_builder metadata;
	struct roam_writer arguments;
	struct roam_writer head; /* what goes before the arguments where there is metadata */
	struct arena arena;

	int status; /* ROAM_ERR_AGAIN while there is no answer */
	bool sent;
	bool freed; /* by the program; the answer is still to come */
	struct wait *waiter;
	void (*on_done)(struct roam_call *call, void *context);
	struct notice notice;

	/* the answer */
	struct payload payload;
	bool no_memory; /* to keep it */
	char text[96];  /* what was too large */
};

/* An empty one, NULL when there is no memory. */
struct roam_call *call_get(struct roam_guest *guest);

/* Of one that the core and the program are done with: kept for the next use. */
void call_recycle(struct roam_call *call);

/* Keeps the answer that came. */
void call_answered(struct roam_call *call, const struct core_arrival *arrival);

/* What the answer that was kept says: its status. */
int call_outcome(const struct roam_call *call);

/* What the core says of it. */
void call_changed(struct roam_call *call, uint8_t change);

/* Ends a call without an answer, with this error; the other side is told. Not flushed. */
void call_give_up(struct roam_call *call, int error);

/* Ends the calls made within a request, which has ended. */
void call_end_within(struct roam_request *request, int error);

/* Frees it, whatever its state. */
void call_destroy(struct roam_call *call);

#endif
