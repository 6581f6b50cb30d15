/*
 * core_peer.h: the other side of one core, played by hand, and what a core needs around it.
 */
#ifndef ROAM_TEST_CORE_PEER_H
#define ROAM_TEST_CORE_PEER_H

#include "guest/core.h"

enum {
	TEST_MAX_PAYLOAD = 1000, /* bytes */
	TEST_WINDOW = 100,
	TEST_BUFFERED = 1000, /* of a channel of a foreign peer */
	TEST_ENTRIES = 64,
	TEST_CHANNELS = 4 /* of one call or request */
};

/* enum peer_kind: what the other side keeps. */
enum peer_kind { PEER_TABLE, PEER_FOREIGN, PEER_KINDS };

/* struct table: a channel table. It knows what a real one cannot: that a Free entry is touched. */
struct table {
	struct table_entry {
		bool active;
		uint32_t granted;
		unsigned uses; /* how often it was activated */
	} entry[TEST_ENTRIES];
	bool lenient; /* the other side writes there what it likes */
};

/* struct table_side: the table as one side sees it. */
struct table_side {
	struct table *table;
	uint32_t parity;
	const uint32_t *head; /* of the ring that this side receives by */
};

struct core_table table_of(struct table_side *side);

struct test_call {
	struct core_call core;
	struct core_channel channels[TEST_CHANNELS];
	struct test_call *next;
	uint8_t body[64]; /* of the answer */
	size_t body_len;
	bool woken;
};

struct test_request {
	struct core_request core;
	struct core_channel channels[TEST_CHANNELS];
	struct test_request *next;
};

struct peer {
	struct core core;
	struct table table;
	struct table_side side;
	uint32_t head; /* messages published to the core */
	struct test_call *calls;
	struct test_request *requests;
	struct core_arrival arrival; /* of the last message */
};

void peer_create(struct peer *peer, enum peer_kind kind, uint32_t parity, uint32_t max_channels);
void peer_destroy(struct peer *peer);

/* ---- Messages to the core --------------------------------------------------------------------------------------- */

/* Gives the core a message, whose error is the result. Request and Response carry no metadata. */
int peer_receive(struct peer *peer, enum roam_msg type, uint32_t id, const void *body, size_t len);

/* The same for a payload as it lies in the segment. */
int peer_receive_raw(struct peer *peer, enum roam_msg type, uint32_t id, const void *payload, size_t len);

/* peer_receive of a message that breaks no rule. */
void peer_send(struct peer *peer, enum roam_msg type, uint32_t id, const void *body, size_t len);
void peer_data(struct peer *peer, uint32_t id, const char *text);
void peer_close(struct peer *peer, uint32_t id);
void peer_reset(struct peer *peer, uint32_t id);
void peer_answer(struct peer *peer, uint32_t id);

/* peer_receive of a message that breaks the rule. */
void peer_breaks(struct peer *peer, const char *rule, enum roam_msg type, uint32_t id, const void *body, size_t len);

/* Whether error and the core's fault say that this rule was broken. */
bool peer_broke(const struct peer *peer, int error, const char *rule);

/* ---- What the core does ----------------------------------------------------------------------------------------- */

/* A call that was not started, without channels. */
struct test_call *peer_new_call(struct peer *peer);

/* A call that was started; sends is one character a channel, s where the core sends, r where it receives. */
struct test_call *peer_started(struct peer *peer, const char *sends);

/* The same, published. */
struct test_call *peer_call(struct peer *peer, const char *sends);

/* A Request that came, not accepted yet. */
struct test_request *peer_arrive(struct peer *peer, uint32_t id);

/* Adds a channel to a request that was not accepted yet. */
struct core_channel *peer_name(struct test_request *request, bool sends, uint64_t id);

/* A Request that was accepted, with a channel for each character of sends, on ids from first on in steps of two. */
struct test_request *peer_serve(struct peer *peer, uint32_t id, const char *sends, uint32_t first);

/* Publishes the Response to a served request. */
void peer_respond(struct peer *peer, struct test_request *request);

/* Publishes what is queued, as "Close 1, Reset 3" in a buffer that lives until the next call. */
const char *peer_published(struct peer *peer);

/* ---- Looking ---------------------------------------------------------------------------------------------------- */

/* Takes the effects out; whether the structure was among those to wake. */
bool peer_woke(struct peer *peer, const struct core_effect *effect);

/* Takes the effects out; how many were to be woken. */
unsigned peer_wakes(struct peer *peer);

/* Takes the next item, which must be this text. */
void peer_take(struct peer *peer, struct core_channel *channel, const char *text);

/* Why there is nothing more to take. */
int peer_ended(struct peer *peer, struct core_channel *channel);

/* Bytes that may be sent on a channel now. */
uint32_t peer_room(struct peer *peer, struct core_channel *channel);

/* How many entries of the table are not Free. */
unsigned peer_active(const struct peer *peer);

/* Checks that nothing is left of what was open, and that every id comes back. */
void peer_at_rest(struct peer *peer);

#endif
