/*
 * core.h: the protocol of one connection as a state machine: calls, requests that are served, channels, their order and
 * their ends. Internal.
 *
 * It knows no thread, segment or clock, and takes no memory but for items and ids: its user owns the structures below
 * and guards the core by one lock. A local step (start a call, send an item, a handler returned) or a message that came
 * (core_receive) changes the state and leaves two things behind: messages that this side must send, in the outbox, in
 * order; and effects, what of the user's structures changed in a way that somebody waits for. Messages that a program
 * sends itself (Request, Data, Response) are not queued by the core: its user takes room for one first and then has
 * the core commit to it, in one step with publishing it.
 *
 * Functions that can fail return 0 or an error of enum roam_error. ROAM_ERR_VIOLATION: the other side broke a rule, and
 * core->fault says which; the user then calls core_fail with it.
 */
#ifndef ROAM_CORE_H
#define ROAM_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../roam/guest.h"
#include "../roam/shm.h"
#include "idmap.h"
#include "items.h"

enum {
	CORE_IN_FLIGHT = 1024, /* Requests that a side may have in flight */
	CORE_TOMBS = 4096,     /* channels that are kept only to ignore what still comes, where ids are not bounded */
	CORE_NO_METHOD = 1,    /* error variants of a Response without a handler's result */
	CORE_BAD_PAYLOAD = 2
};

/* ---- What the user owns ----------------------------------------------------------------------------------------- */

/* enum core_change: what an effect says. */
enum core_change {
	CORE_WAKE = 1 << 0, /* who waits for it looks again: a call has its answer, a request ended before its answer, a
			     * channel has an item, credit or its end */
	CORE_LOOSE = 1 << 1 /* the core may have let go of it: see core_call_held and the like */
};

enum core_kind { CORE_CALL, CORE_REQUEST, CORE_CHANNEL };

/* struct core_effect: in each structure; in core->effects while change is not 0. */
struct core_effect {
	struct core_effect *next;
	uint8_t kind;   /* enum core_kind */
	uint8_t change; /* enum core_change */
};

/* struct core_out: in each structure; a message of its own that waits for room. */
struct core_out {
	struct core_out *prev, *next;
	bool queued;
	uint8_t type; /* enum roam_msg: Cancel of a call, Response of a request, Close or Reset of a channel */
	uint32_t id;
};

/* struct core_channel: one use of a channel id. Its memory is the user's from core_channel_init on. */
struct core_channel {
	struct idmap_node node;
	struct core_effect effect;
	struct core_out out;
	struct core_channel *sibling;            /* the next one of its request or call */
	struct core_channel *older, *newer;      /* among the tombs */
	uint64_t named;                          /* the id as a request names it */
	bool sends;                              /* this side sends */
	bool ours;                               /* this side allocated the id: it is the caller */
	bool registered;                         /* what comes for the id is for it */
	bool over;                               /* receiving: the other side's Close, Reset or Response came */
	bool detached;
	bool released;                           /* entry freed or id retired */
	bool tomb;
	int error;                               /* what the program gets at once, 0 while open */
	int end;                                 /* what it gets after the last item, when over */
	uint32_t sent, authorised;               /* bytes of Data; all of these wrap */
	uint32_t received, granted;
	uint32_t consumed;                       /* taken and not granted again yet */
	struct items items;
};

enum core_call_state {
	CORE_CALL_IDLE,
	CORE_CALL_ADMITTED,  /* holds a place in flight, not published */
	CORE_CALL_SENT,
	CORE_CALL_ABANDONED, /* published and given up */
	CORE_CALL_DONE
};

/* struct core_call: one Request of this side. */
struct core_call {
	struct idmap_node node; /* id: set by core_start */
	struct core_effect effect;
	struct core_out cancel;
	enum core_call_state state;
	int error;                     /* when done: why there is no Response, else 0 */
	struct core_channel *channels; /* that it passes, in order, by sibling */
};

/* enum core_answer: what the queued Response of a request is. */
enum core_answer {
	CORE_ANSWER_OWN,     /* the user's */
	CORE_ANSWER_REFUSAL, /* 1, then refusal */
	CORE_ANSWER_SURPLUS  /* 1, 3, with core_surplus_text */
};

/* struct core_request: one Request of the other side, until its Response is published. */
struct core_request {
	struct idmap_node node;
	struct core_effect effect;
	struct core_out response;
	struct core_channel *channels; /* that core_accept opens, in order, by sibling */
	uint8_t answer;                /* enum core_answer */
	uint8_t refusal;
	bool served;                   /* in flight */
	bool surplus;
	bool taken;                    /* core_accept opened its channels: it can end early */
};

/* ---- The core --------------------------------------------------------------------------------------------------- */

/* struct core_table: the channel table, and the ring that messages come by; what each function of roam/shm.h does. */
struct core_table {
	void (*activate)(void *context, uint32_t id, uint32_t credit);
	int32_t (*remaining)(void *context, uint32_t id, uint32_t sent_total);
	void (*grant)(void *context, uint32_t id, uint32_t bytes); /* and wakes a sender that waits for it */
	void (*free)(void *context, uint32_t id);
	bool (*is_free)(void *context, uint32_t id);
	uint32_t (*head)(void *context); /* link_head */
	void *context;
};

struct core_config {
	struct roam_limits limits;
	const struct roam_allocator *allocator;
	uint32_t parity; /* of the ids that this side allocates: 1 odd, 0 even */
	/* activate NULL: the other side is foreign, and keeps no table. Ids then never repeat, run beyond max_channels,
	 * and initial_credit is all that a channel may ever carry. */
	struct core_table table;
	uint32_t buffered; /* foreign: bytes of one channel that may lie unread */
};

struct core_drain {
	uint32_t id;
	uint32_t head; /* of the ring when the entry was seen Free */
};

/* struct core_ids: the ids that this side allocates. Each array has room for every id that was ever used. */
struct core_ids {
	uint64_t next;            /* lowest that was never used */
	uint32_t *free;           /* usable now, oldest first */
	uint32_t *retired;        /* own end over, entry not seen Free yet */
	struct core_drain *drain; /* entry Free, until the ring is processed up to there; oldest first */
	uint32_t free_count, retired_count, drain_count;
	uint32_t used;            /* ids below next */
	uint64_t capacity;
	uint32_t processed;
};

struct core {
	struct core_config config;
	struct roam_failure failure; /* why the connection ended; error is 0 while it lives */
	struct roam_failure fault;   /* what the last ROAM_ERR_VIOLATION was for */

	uint32_t last_request;
	struct idmap calls;    /* ours, until the Response came */
	struct idmap serving;  /* the other side's, until the Response is published */
	struct idmap channels; /* open, or reset and kept to ignore late messages */
	uint32_t surplus;      /* of serving: answered for being too many */
	uint32_t highest[2];   /* highest channel id opened, by parity */
	bool lenient;          /* messages for unopened ids of the other side's are dropped */

	struct core_channel *oldest, *newest; /* tombs */
	uint32_t tombs;
	bool forgot[2]; /* by parity of the id: some tombs are not known any more */

	struct core_ids ids;
	struct core_out *first_out, *last_out;
	uint32_t outs;
	struct core_effect *effects, *last_effect;
	const char *note; /* worth a line in the log, NULL for nothing; its user sets it back */
};

/* ROAM_ERR_NO_MEMORY or 0. */
int core_init(struct core *core, const struct core_config *config);

/* Gives back what core_init took. What the user owns is not looked at. */
void core_destroy(struct core *core);

/* Whether a call or channel is open in either direction. */
bool core_busy(const struct core *core);

/* Ends the connection: every call, request and channel ends with the error. Only the first call has an effect. */
void core_fail(struct core *core, const struct roam_failure *failure);

/* The first effect, taken out, with what it said in *change; NULL when there is none. */
struct core_effect *core_next_effect(struct core *core, uint8_t *change);

/* Breaks a rule: fills core->fault in, with "rule: detail", and gives ROAM_ERR_VIOLATION. */
int core_violation(struct core *core, const char *rule, const char *format, ...) ROAM_PRINTF(3, 4);

/* ---- Messages that came ----------------------------------------------------------------------------------------- */

/* struct core_arrival: what core_receive wants to be done with a message at once, its bytes still there. */
struct core_arrival {
	struct core_request *request; /* core_accept it before the next message, or core_refuse it then or later */
	struct core_call *call;       /* has its answer: keep the bytes */
	const uint8_t *metadata;      /* of either: the encoded list, checked */
	size_t metadata_len;
	const uint8_t *body;          /* arguments or result */
	size_t body_len;
};

/*
 * Takes one message. spare is an empty structure for a Request; it is the core's if it is the arrival's or was queued
 * with an answer (spare->served). Errors: ROAM_ERR_VIOLATION; ROAM_ERR_EVICTED, the other side's Goodbye, whose reason
 * is in core->fault; or how the connection had ended.
 */
int core_receive(struct core *core, const struct roam_message *message, const uint8_t *payload,
		 struct core_request *spare, struct core_arrival *arrival);

/* The message with this roam_message.seq has been processed: it was received, and if it was a Request, its channels
 * were opened. */
void core_processed(struct core *core, uint32_t seq);

/* ---- Calls ------------------------------------------------------------------------------------------------------ */

void core_call_init(struct core_call *call);

/*
 * Takes a place in flight, a request id, and an id for each of the call's channels, all or nothing. ROAM_ERR_AGAIN:
 * not now; ROAM_ERR_TOO_MANY: never; ROAM_ERR_NO_MEMORY; or how the connection ended.
 */
int core_start(struct core *core, struct core_call *call);

/* How many channel ids this side can have in use at once. */
uint64_t core_id_limit(const struct core *core);

/* Ends a call that was started and not published: its place and ids are free again. */
void core_withdraw(struct core *core, struct core_call *call, int error);

/* Opens the call's channels; its Request is published in the same step, right after. */
int core_commit_call(struct core *core, struct core_call *call);

/* Gives a published call up: Cancel goes out, then Reset on each of its channels that is still open, which end with
 * error. When the answer came before, only the channels end. */
void core_cancel(struct core *core, struct core_call *call, int error);

/* Whether the core still needs the structure. */
bool core_call_held(const struct core_call *call);

/* ---- Requests --------------------------------------------------------------------------------------------------- */

void core_request_init(struct core_request *request);

/* Answers a request whose method is unknown or whose arguments do not decode (CORE_NO_METHOD, CORE_BAD_PAYLOAD). None
 * of its channels was opened. */
void core_refuse(struct core *core, struct core_request *request, uint8_t refusal);

/* Opens the channels of a request, or says which rule the ids break. */
int core_accept(struct core *core, struct core_request *request);

/* Ends the channels of a request whose handler returned: what it sends on is closed, what it receives on is reset
 * unless it ended or was detached. The Response goes out after that. */
void core_returned(struct core *core, struct core_request *request);

/* Ends the request; its Response is published in the same step, right after. */
int core_commit_response(struct core *core, struct core_request *request);

/* Whether the core still needs the structure. */
bool core_request_held(const struct core_request *request);

/* Queues the user's Response. */
void core_queue_response(struct core *core, struct core_request *request);

/* Why a surplus request has no result. */
extern const char core_surplus_text[];

/* ---- Channels --------------------------------------------------------------------------------------------------- */

/* named is the id that a request gives it; 0 for one of a call, whose ids core_start sets. */
void core_channel_init(struct core_channel *channel, bool sends, uint64_t named);

/* Gives back the memory of its items. */
void core_channel_free(struct core *core, struct core_channel *channel);

/* How many bytes may be sent now; or why the end is over, or ROAM_ERR_VIOLATION. */
int core_send_room(struct core *core, struct core_channel *channel, uint32_t *room);

/* Counts a Data message of len bytes, which is published in the same step, right after. ROAM_ERR_AGAIN: credit is
 * missing. */
int core_commit_data(struct core *core, struct core_channel *channel, uint32_t len);

/* The next item; ROAM_ERR_AGAIN: none is there yet; else how the channel ended. */
int core_take(struct core *core, struct core_channel *channel, struct roam_bytes *item);

/* Ends the program's end of a channel, which gives error from then on. One on which this side sends is closed for
 * ROAM_ERR_CLOSED, after what was sent, and reset for other errors; one on which it receives is reset, and what is
 * pending is dropped. */
void core_end_channel(struct core *core, struct core_channel *channel, int error);

/* Whether the program's end is still open. */
bool core_channel_open(const struct core_channel *channel);

/* Whether the core still needs the structure, apart from the list that it is in. */
bool core_channel_held(const struct core_channel *channel);

/* ---- Outbox ----------------------------------------------------------------------------------------------------- */

/* The message to send next, NULL when there is none. It stays queued until core_published. */
struct core_out *core_next_out(const struct core *core);

/* The first message of the outbox lies in the ring. */
void core_published(struct core *core, struct core_out *out);

/* What the queued message out belongs to, by its type. */
struct core_call *core_out_call(struct core_out *out);
struct core_request *core_out_request(struct core_out *out);
struct core_channel *core_out_channel(struct core_out *out);

#endif
