/* The outbox: messages that the core decided to send by itself, in the order in which it did. Each is part of the call,
 * request or channel that it is about, so that queueing one takes no memory and their number is bounded by those. */

#include "core_state.h"

void core_push(struct core *core, struct core_out *out, uint8_t type, uint32_t id)
{
	*out = (struct core_out){ .prev = core->last_out, .queued = true, .type = type, .id = id };
	if (core->last_out == NULL)
		core->first_out = out;
	else
		core->last_out->next = out;
	core->last_out = out;
	core->outs++;
}

void core_discard(struct core *core, struct core_out *out)
{
	if (!out->queued)
		return;
	if (out->prev == NULL)
		core->first_out = out->next;
	else
		out->prev->next = out->next;
	if (out->next == NULL)
		core->last_out = out->prev;
	else
		out->next->prev = out->prev;
	out->queued = false;
	core->outs--;
}

struct core_out *core_next_out(const struct core *core)
{
	return core->first_out;
}

struct core_call *core_out_call(struct core_out *out)
{
	return CORE_OF(out, struct core_call, cancel);
}

struct core_request *core_out_request(struct core_out *out)
{
	return CORE_OF(out, struct core_request, response);
}

struct core_channel *core_out_channel(struct core_out *out)
{
	return CORE_OF(out, struct core_channel, out);
}

void core_published(struct core *core, struct core_out *out)
{
	core_discard(core, out);
	switch (out->type) {
	case ROAM_MSG_RESPONSE:
		core_answer_published(core, core_out_request(out));
		break;
	case ROAM_MSG_CANCEL:
		core_effect(core, &core_out_call(out)->effect, CORE_LOOSE);
		break;
	default:
		core_end_published(core, core_out_channel(out));
	}
}
