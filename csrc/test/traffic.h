/*
 * traffic.h: two sides that send each other numbered messages and sleep whenever they cannot go on. A wake-up that
 * gets lost ends the run with a failure instead of a hang.
 */
#ifndef ROAM_TEST_TRAFFIC_H
#define ROAM_TEST_TRAFFIC_H

#include "fixture.h"

/* What a side sleeps on. */
enum sleep {
	SLEEP_FUTEX,
	SLEEP_WAITV, /* the word and one of this process, as a side sleeps that something else may interrupt */
	SLEEP_BELL   /* one role a side only: both would read the same doorbell */
};

struct traffic {
	struct roam_end *end;
	uint32_t out_channel; /* for the Data this side sends */
	uint32_t in_channel;  /* for the Data this side receives */
	uint32_t messages;    /* each way */
	enum sleep sleep;
	int bell; /* this side's end of the doorbell, or -1 */
};

/* Sets every counter of peer 1 near its wrap, and opens channel 1 (guest to host) and 2 (host to guest). */
void traffic_prepare(const struct fixture *fixture);

/* A side, after traffic_prepare, on a mapping of its own or a shared one. */
void traffic_side(const struct fixture *fixture, bool host, struct roam_end *end, struct traffic *traffic);

/* Message i of a direction, known to both sides: fills the payload, for slots that hold capacity bytes, and returns its
 * length, at most TRAFFIC_LONGEST. */
#define TRAFFIC_LONGEST 4096
uint32_t traffic_payload(uint32_t i, uint32_t capacity, unsigned char *payload);
enum roam_msg traffic_type(uint32_t i);

/* Compares a message with the ith that the other side sends; NULL, or what is wrong. */
const char *traffic_check(const struct traffic *traffic, const struct roam_message *message, uint32_t i,
			  const unsigned char *arena);

/* What had been sent on a channel before the first message, bytes. */
#define TRAFFIC_FIRST_TOTAL (UINT32_MAX - 20000)

/* The roles; each takes a struct traffic and returns NULL, or a string that says what went wrong. They may run as
 * threads. */
void *traffic_send(void *traffic);
void *traffic_receive(void *traffic);

/* After all roles are over: whether every slot is back and both rings are empty. */
bool traffic_settled(const struct fixture *fixture);

#endif
