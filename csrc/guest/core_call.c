/* Calls of this side, from their place in flight to their answer. */

#include "core_state.h"

void core_call_init(struct core_call *call)
{
	*call = (struct core_call){ .effect = { .kind = CORE_CALL } };
}

/* The channels of a call that was not published were never open. */
static void end_unopened(struct core_channel *channel, int error)
{
	for (; channel != NULL; channel = channel->sibling) {
		channel->error = error;
		channel->released = true;
	}
}

void core_end_call(struct core *core, struct core_call *call, int error)
{
	core_discard(core, &call->cancel); /* there is nothing to cancel any more */
	if (call->state == CORE_CALL_ADMITTED)
		end_unopened(call->channels, error);
	if (call->state != CORE_CALL_DONE) {
		call->state = CORE_CALL_DONE;
		call->error = error;
	}
}

bool core_call_held(const struct core_call *call)
{
	return call->state == CORE_CALL_ADMITTED || call->state == CORE_CALL_SENT ||
	       call->state == CORE_CALL_ABANDONED || call->effect.change != 0;
}

/* Counts up from 1, passing over ids that are in flight. */
static uint32_t next_request(struct core *core)
{
	do {
		core->last_request++;
	} while (core->last_request == 0 || idmap_find(&core->calls, core->last_request) != NULL);
	return core->last_request;
}

int core_start(struct core *core, struct core_call *call)
{
	int error;

	if (core->failure.error != 0)
		return core->failure.error;
	if (core->calls.count >= CORE_IN_FLIGHT)
		return ROAM_ERR_AGAIN;
	error = core_take_ids(core, call->channels);
	if (error != 0)
		return error;
	call->state = CORE_CALL_ADMITTED;
	call->node.id = next_request(core);
	idmap_add(&core->calls, &call->node);
	return 0;
}

void core_withdraw(struct core *core, struct core_call *call, int error)
{
	if (call->state != CORE_CALL_ADMITTED)
		return;
	idmap_remove(&core->calls, &call->node);
	core_put_ids(core, call->channels);
	core_end_call(core, call, error);
	core_effect(core, &call->effect, CORE_LOOSE);
}

int core_commit_call(struct core *core, struct core_call *call)
{
	if (core->failure.error != 0)
		return core->failure.error;
	call->state = CORE_CALL_SENT;
	for (struct core_channel *channel = call->channels; channel != NULL; channel = channel->sibling)
		core_open(core, channel);
	return 0;
}

void core_cancel(struct core *core, struct core_call *call, int error)
{
	if (core->failure.error != 0)
		return;
	if (call->state == CORE_CALL_SENT) {
		call->state = CORE_CALL_ABANDONED;
		core_push(core, &call->cancel, ROAM_MSG_CANCEL, call->node.id);
	} else if (call->state != CORE_CALL_DONE) {
		return;
	}
	for (struct core_channel *channel = call->channels; channel != NULL; channel = channel->sibling)
		core_end_channel(core, channel, error);
}

/* Whether a result is a refusal: the callee opened none of the call's channels. The error, or 0. */
static int refusal_of(const struct core_arrival *arrival)
{
	if (arrival->body_len < 2 || arrival->body[0] != 1)
		return 0;
	switch (arrival->body[1]) {
	case CORE_NO_METHOD:
		return ROAM_ERR_UNKNOWN_METHOD;
	case CORE_BAD_PAYLOAD:
		return ROAM_ERR_INVALID_PAYLOAD;
	}
	return 0;
}

void core_response_came(struct core *core, uint32_t id, struct core_arrival *arrival)
{
	struct idmap_node *node = idmap_find(&core->calls, id);
	struct core_call *call = node != NULL ? CORE_OF(node, struct core_call, node) : NULL;
	int refused = refusal_of(arrival);

	if (call == NULL || call->state == CORE_CALL_ADMITTED) {
		core->note = "response to an unknown request is ignored";
		return;
	}
	idmap_remove(&core->calls, &call->node);
	for (struct core_channel *channel = call->channels; channel != NULL; channel = channel->sibling)
		core_answered(core, channel, refused);
	if (call->state == CORE_CALL_SENT) {
		arrival->call = call;
		core_effect(core, &call->effect, CORE_WAKE);
	}
	core_end_call(core, call, 0);
	core_effect(core, &call->effect, CORE_LOOSE);
}
