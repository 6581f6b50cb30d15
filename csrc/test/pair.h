/*
 * pair.h: a guest and a host that does what a test says, both in this process, for tests of whole guests.
 */
#ifndef ROAM_TEST_PAIR_H
#define ROAM_TEST_PAIR_H

#include "held.h"
#include "host.h"
#include "roam/guest.h"

/* struct said: a message of the guest, as the host took it off the ring. */
struct said {
	struct roam_message message;
	unsigned char payload[32768];
};

struct pair {
	struct host host;
	struct roam_guest *guest;
	struct counting memory; /* what the guest allocates with */
	struct held before;
	char log[1024]; /* the last line that the guest logged */
	unsigned logged;
	/* Set before pair_create. */
	bool foreign; /* the host keeps neither flags nor table */
	uint64_t heartbeat; /* the segment's interval, nanoseconds */
	bool roomy;   /* payloads may have 30,000 bytes rather than 4,000, windows 60,000 rather than 1,000 */
};

/* A guest, attached by a ticket, that serves these methods. user is that of the service. options may be NULL. */
void pair_create(struct pair *pair, const struct roam_method *methods, size_t count, void *user,
		 const struct roam_options *options);

/* The same for a guest that a test has run step by step, by pair_step. */
void pair_create_stepped(struct pair *pair, const struct roam_method *methods, size_t count, void *user);
void pair_step(struct pair *pair);

/* Frees the guest, if that was not done, and the host; whether nothing leaked. */
bool pair_destroy(struct pair *pair);

/* ---- The host --------------------------------------------------------------------------------------------------- */

/* Sends a message. Request and Response get the two bytes of no metadata in front. */
void pair_send(struct pair *pair, enum roam_msg type, uint32_t id, const void *body, size_t len);
void pair_request(struct pair *pair, uint32_t id, uint64_t method, const void *body, size_t len);

/* A Request with the payload as it is. */
void pair_request_raw(struct pair *pair, uint32_t id, uint64_t method, const void *payload, size_t len);

/* Makes a channel's entry Active, as the caller does before its Request. */
void pair_activate(struct pair *pair, uint32_t id);

/* Takes the next message of the guest; false when there is none. */
bool pair_take(struct pair *pair, struct said *said);

/* Takes the next message, waiting for it. */
void pair_await(struct pair *pair, struct said *said);

/* Whether the next message is of this type and id. */
bool pair_says(struct pair *pair, enum roam_msg type, uint32_t id);

/* Whether the next message is a Response to id whose result, without metadata, is these bytes. */
bool pair_answers(struct pair *pair, uint32_t id, const void *body, size_t len);

/* Whether the next message is a Response to id that says "cancelled" with this text as roam.error; NULL: with none. */
bool pair_fails(struct pair *pair, uint32_t id, const char *text);

/* Waits for the next message: whether it is a Response to id whose result is this byte. */
bool pair_expects(struct pair *pair, uint32_t id, char body);

/* The same as pair_answers and pair_fails for a message that was taken. */
bool said_answer(const struct said *said, uint32_t id, const void *body, size_t len);
bool said_failure(const struct said *said, uint32_t id, const char *text);

#endif
