/*
 * core_state.h: what the parts of the core know of each other. Internal to core_*.c.
 */
#ifndef ROAM_CORE_STATE_H
#define ROAM_CORE_STATE_H

#include "core.h"

#define CORE_OF(pointer, type, member) ((type *)(void *)((char *)(pointer) - offsetof(type, member)))

/* Whether both sides keep the channel table. */
static inline bool core_tabled(const struct core *core)
{
	return core->config.table.activate != NULL;
}

/* Whether channel ids like id are allocated by this side. */
static inline bool core_ours(const struct core *core, uint64_t id)
{
	return (id & 1) == core->config.parity;
}

/* The largest channel id that there can be. */
static inline uint64_t core_last_id(const struct core *core)
{
	return core_tabled(core) ? (uint64_t)core->config.limits.max_channels - 1 : UINT32_MAX;
}

/* Adds to what is to be done about a structure. */
void core_effect(struct core *core, struct core_effect *effect, uint8_t change);

/* ---- Outbox ---- */

void core_push(struct core *core, struct core_out *out, uint8_t type, uint32_t id);

/* Takes a message back, if it is queued. */
void core_discard(struct core *core, struct core_out *out);

/* ---- Credit and ids (core_credit.c, core_ids.c) ---- */

void core_open_credit(struct core *core, struct core_channel *channel);
int core_count_received(struct core *core, struct core_channel *channel, uint32_t len);
void core_count_consumed(struct core *core, struct core_channel *channel, uint32_t len);

int core_ids_init(struct core *core);
void core_ids_free(struct core *core);

/* Gives each channel of the list an id, all or nothing: ROAM_ERR_AGAIN, ROAM_ERR_TOO_MANY, ROAM_ERR_NO_MEMORY. */
int core_take_ids(struct core *core, struct core_channel *channels);

/* Gives back ids that were never used. */
void core_put_ids(struct core *core, struct core_channel *channels);

/* The caller's own end is over. */
void core_retire_id(struct core *core, uint32_t id);

/* Sets the entry Free. */
void core_free_entry(struct core *core, uint32_t id);

/* ---- Channels ---- */

/* Registers a channel whose node.id is set, and starts its use; one that the program has ended before ends then. */
void core_open(struct core *core, struct core_channel *channel);

/* A Close or Reset of this side has been published. */
void core_end_published(struct core *core, struct core_channel *channel);

/* What the answer of a call ends of a channel; refused is 0 or the error of a refusal. */
void core_answered(struct core *core, struct core_channel *channel, int refused);

/* Data, Close or Reset came. */
int core_channel_message(struct core *core, const struct roam_message *message, const uint8_t *payload);

/* The end of the connection. */
void core_fail_channel(struct core *core, struct core_channel *channel, int error);

/* Keeps a channel that this side reset, until the other side's end of it comes. */
void core_bury(struct core *core, struct core_channel *channel);
void core_exhume(struct core *core, struct core_channel *channel);
void core_unregister(struct core *core, struct core_channel *channel);

/* ---- Calls and requests ---- */

void core_end_call(struct core *core, struct core_call *call, int error);
int core_request_came(struct core *core, uint32_t id, struct core_request *spare, struct core_arrival *arrival);
void core_cancel_came(struct core *core, uint32_t id);
void core_response_came(struct core *core, uint32_t id, struct core_arrival *arrival);
void core_answer_published(struct core *core, struct core_request *request);

/* What a message type is called. */
const char *core_type_name(uint8_t type);

#endif
