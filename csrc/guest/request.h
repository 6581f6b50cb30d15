/*
 * request.h: a call of the host, from its arrival until its answer is sent. Internal.
 */
#ifndef ROAM_REQUEST_H
#define ROAM_REQUEST_H

#include "../roam/guest.h"
#include "arena.h"
#include "core.h"
#include "guest.h"
#include "metadata.h"
#include "notice.h"
#include "publish.h"

struct roam_request {
	struct core_request core;
	struct chain chain;
	struct roam_request *next; /* in the queue, or of the spare ones */
	struct roam_guest *guest;

	/* constant from its arrival on */
	const struct roam_method *method;
	const struct roam_service *service;
	int64_t deadline; /* CLOCK_NEVER for none */
	struct payload payload;

	/* the program's, one thread at a time */
	void *arguments;
	struct arena arena;
	struct roam_writer result;
	struct roam_writer failure; /* text of roam_request_fail, ends with a zero */
	struct metadata_builder answer;

	/* the answer, from when it is given on */
	struct roam_writer head;   /* what goes before the result where there is metadata */
	unsigned char plain[4];    /* and where there is none */
	struct parcel parcel;

	bool preparing;
	bool no_memory;            /* an allocation of the library within prepare failed */
	struct core_channel *last; /* of core.channels */
	bool done;                 /* the program is done with it */
	bool answered;             /* so is this library, once its Response is published */
	int ended;                 /* atomic: why before its answer, 0 while it is wanted */
	struct chain calls;        /* made within it, by roam_call.within_chain */
	void (*on_end)(struct roam_request *request, void *context);
	struct notice notice;
};

/* An empty one, NULL when there is no memory. With the lock, as what follows but for what says otherwise. */
struct roam_request *request_get(struct roam_guest *guest);

/* Of one that the core and the program are done with: kept for the next use. */
void request_recycle(struct roam_request *request);

/* Frees it, whatever its state. */
void request_destroy(struct roam_request *request);

/* Keeps what came, has the program prepare it if that cannot wait, opens its channels, and queues it or runs it, or
 * answers it. By the receiver, which lets the lock go meanwhile. */
void request_arrived(struct roam_request *request, uint64_t method, const struct core_arrival *arrival, uint32_t seq);

/* Whether its arguments are decoded right before the handler runs, on the same thread. */
static inline bool request_decodes_late(const struct roam_request *request)
{
	return (request->method->flags & ROAM_METHOD_NO_CHANNELS) != 0;
}

/* Has the program decode the arguments: what its prepare gave, or ROAM_ERR_DECODE. Without the lock. */
int request_decode(struct roam_request *request);

/* Takes back what the program has asked to be told of it, and ends the calls made within it. */
void request_let_go(struct roam_request *request);

/* Answers a request none of whose channels was opened, if the error of decoding it is one for that; false if not. The
 * request may be gone afterwards. */
bool request_refuse(struct roam_request *request, int error);

/* Runs its handler and sends the answer; the lock is let go meanwhile. The request may be gone afterwards. */
void request_handle(struct roam_request *request);

/* Answers it, as a handler with this status. Lets the lock go meanwhile. */
void request_answer(struct roam_request *request, int status);

/* Ends it before its answer. */
void request_end(struct roam_request *request, int error);

/* 0, or why it has ended; finds a deadline that has passed. */
int request_ended(struct roam_request *request);

/* What the core says of it. */
void request_changed(struct roam_request *request, uint8_t change);

/* The queued Response. memory has PUBLISH_ANSWER bytes, in which it may lie. */
void request_parcel(struct roam_request *request, struct parcel *parcel, unsigned char *memory);

#endif
