/*
 * core_world_state.h: what a world is made of, for core_world*.c.
 */
#ifndef ROAM_TEST_CORE_WORLD_STATE_H
#define ROAM_TEST_CORE_WORLD_STATE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_world.h"
#include "peer_check.h"

enum {
	WORLD_IDS = 6,      /* leave three ids to one side and two to the other */
	WORLD_USES = 4,     /* channels of one call */
	WORLD_AT_ONCE = 8,  /* calls that a program has under way at most */
	WORLD_ROOM = 12,    /* of a ring */
	WORLD_MOST = 4096   /* things of one kind in one sequence */
};

struct exchange;

/* struct port: an end of a channel in the hands of a program. */
struct port {
	struct core_channel channel; /* first */
	struct use *use;
	bool in_hands;
	bool stalled; /* was told to wait, no wake since */
	uint32_t need; /* for that many bytes, when it sends */
};

/* struct use: one use of a channel id. */
struct use {
	struct exchange *exchange;
	int serial;
	uint32_t id;
	int sender; /* side */
	uint32_t *sizes; /* of the items published */
	int items;
	bool closed; /* a regular Close was published */
	uint32_t sent, consumed; /* bytes published, bytes that the receiving program took */
	int taken; /* items */
	bool ended[2]; /* a side has published Close or Reset */
	bool told[2]; /* a side has processed Close or Reset */
	bool reset[2]; /* what it has processed was Reset */
	struct port ends[2];
};

/* struct exchange: one call as both sides should see it. */
struct exchange {
	struct core_call call;
	struct core_request request;
	int serial;
	int from; /* side */
	struct use uses[WORLD_USES];
	int count;
	/* at the caller */
	bool calling; /* admitted, no Response yet */
	bool published, cancelled, responded, over;
	/* at the callee */
	bool handling; /* accepted or refused, no Response published yet */
	bool accepted, refused, returned, queued, ended, answered;
};

/* struct envelope: a message on its way, with what it belongs to. */
struct envelope {
	enum roam_msg type;
	uint32_t id;
	uint8_t payload[256];
	size_t len;
	struct exchange *exchange;
	struct use *use;
	uint32_t seq;
};

/* struct side: one core with its programs. */
struct side {
	struct world *world;
	int number;
	struct core core;
	struct table_side table;
	uint32_t head;              /* of the ring that it receives by */
	struct envelope *in[64];    /* published to it */
	int in_count, room;
	struct envelope *batch[128]; /* taken off the ring */
	int batch_count;
	struct envelope *arriving;  /* a Request that is not accepted or refused yet */
	struct exchange *cancels[64]; /* whose Cancel waits in the outbox, in order */
	int cancel_count;
};

struct world {
	uint64_t random;
	int left; /* picks */
	enum peer_kind kind;
	enum breakage broken;
	bool traced;
	uint32_t window;
	int ending; /* of 100 steps, how many end something early */
	struct side sides[2];
	struct table table;
	struct exchange *exchanges[WORLD_MOST];
	int exchange_count;
	char fault[256]; /* empty while all is well */
};

int world_pick(struct world *world, int n); /* 0 to n-1 */
void world_fault(struct world *world, const char *format, ...) ROAM_PRINTF(2, 3);
void world_note(struct side *side, const char *format, ...) ROAM_PRINTF(2, 3);

static inline struct side *other_of(struct side *side)
{
	return &side->world->sides[1 - side->number];
}

#define HOLDER(pointer, type, member) ((type *)(void *)((char *)(pointer) - offsetof(type, member)))

static inline struct exchange *exchange_of_call(struct core_call *call)
{
	return HOLDER(call, struct exchange, call);
}

static inline struct exchange *exchange_of_request(struct core_request *request)
{
	return HOLDER(request, struct exchange, request);
}

static inline struct port *port_of(struct core_channel *channel)
{
	return (struct port *)channel;
}

/* The port of a use at a side. */
static inline struct port *port_at(struct use *use, const struct side *side)
{
	return &use->ends[side->number];
}

/* ---- Messages (core_world_ring.c) ------------------------------------------------------------------------------- */

bool side_full(struct side *side);
void side_publish(struct side *side, enum roam_msg type, uint32_t id, const uint8_t *payload, size_t len,
		  struct exchange *exchange, struct use *use);
/* Publishes the first message of the core's own, if there is one and room. */
bool side_publish_out(struct side *side);
void side_take_off(struct side *side, int n);
void side_process(struct side *side);
void side_settle(struct side *side);
void side_processed(struct side *side, struct envelope *envelope);
void item_of(const struct use *use, int item, uint32_t size, uint8_t *bytes);

/* ---- Programs (core_world_program.c) ---------------------------------------------------------------------------- */

void side_step(struct side *side);
/* Does what is left to do: everything is sent, received, read and answered. */
void side_finish(struct side *side);
/* Ends the connection and checks that everything on it ends. */
void side_fails(struct side *side, const struct roam_failure *failure);
void side_end_port(struct side *side, struct port *port, int error);

/* Whether anything of a side is under way. */
bool side_busy(const struct side *side);
void side_check(struct side *side);

#endif
