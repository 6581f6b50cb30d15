/* Requests of the other side, from their arrival to their Response. */

#include "core_state.h"

const char core_surplus_text[] = "too many requests in flight, at most 1024 are allowed";

void core_request_init(struct core_request *request)
{
	*request = (struct core_request){ .effect = { .kind = CORE_REQUEST } };
}

bool core_request_held(const struct core_request *request)
{
	return request->served || request->effect.change != 0;
}

static void serve(struct core *core, struct core_request *request, uint32_t id)
{
	request->node.id = id;
	request->served = true;
	idmap_add(&core->serving, &request->node);
}

/* A Request beyond those that may be in flight: answered as that, or the end where the other side counts. */
static int overrun(struct core *core, uint32_t id, struct core_request *spare)
{
	if (core_tabled(core) || core->surplus >= CORE_IN_FLIGHT)
		return core_violation(core, "unary.request-id.in-flight",
				      "request %u with %u in flight, at most %d are allowed", id, core->serving.count,
				      CORE_IN_FLIGHT);
	serve(core, spare, id);
	core->surplus++;
	core->lenient = true;
	spare->surplus = true;
	spare->answer = CORE_ANSWER_SURPLUS;
	core_push(core, &spare->response, ROAM_MSG_RESPONSE, id);
	return 0;
}

int core_request_came(struct core *core, uint32_t id, struct core_request *spare, struct core_arrival *arrival)
{
	if (idmap_find(&core->serving, id) != NULL)
		return core_violation(core, "unary.request-id.duplicate-detection", "request id %u is in flight", id);
	if (core->serving.count - core->surplus >= CORE_IN_FLIGHT)
		return overrun(core, id, spare);
	serve(core, spare, id);
	arrival->request = spare;
	return 0;
}

void core_refuse(struct core *core, struct core_request *request, uint8_t refusal)
{
	if (!request->served)
		return;
	core->lenient = true;
	request->answer = CORE_ANSWER_REFUSAL;
	request->refusal = refusal;
	core_push(core, &request->response, ROAM_MSG_RESPONSE, request->node.id);
}

static int check_id(struct core *core, uint64_t id)
{
	uint64_t last = core_last_id(core);

	if (id == 0)
		return core_violation(core, "channeling.id.zero-reserved", "channel id 0 in a request");
	if (id > last)
		return core_violation(core, "shm.flow.channel-table-indexing",
				      "channel id %llu in a request, ids are at most %llu", (unsigned long long)id,
				      (unsigned long long)last);
	if (core_ours(core, id))
		return core_violation(core, "channeling.id.parity", "channel id %llu in a request of the %s",
				      (unsigned long long)id, core->config.parity == 1 ? "acceptor" : "initiator");
	if (idmap_find(&core->channels, (uint32_t)id) != NULL)
		return core_violation(core, "channeling.id.uniqueness",
				      "channel id %llu in a request is named twice or still open",
				      (unsigned long long)id);
	return 0;
}

int core_accept(struct core *core, struct core_request *request)
{
	if (core->failure.error != 0)
		return core->failure.error;
	for (struct core_channel *channel = request->channels; channel != NULL; channel = channel->sibling) {
		int error = check_id(core, channel->named);

		if (error != 0)
			return error;
		channel->node.id = (uint32_t)channel->named;
		core_open(core, channel);
	}
	request->taken = true;
	return 0;
}

void core_returned(struct core *core, struct core_request *request)
{
	for (struct core_channel *channel = request->channels; channel != NULL; channel = channel->sibling) {
		if (!channel->detached)
			core_end_channel(core, channel, ROAM_ERR_CLOSED);
	}
}

static void answer(struct core *core, struct core_request *request)
{
	idmap_remove(&core->serving, &request->node);
	request->served = false;
	if (request->surplus)
		core->surplus--;
}

int core_commit_response(struct core *core, struct core_request *request)
{
	if (core->failure.error != 0)
		return core->failure.error;
	answer(core, request);
	return 0;
}

void core_queue_response(struct core *core, struct core_request *request)
{
	if (request->served)
		core_push(core, &request->response, ROAM_MSG_RESPONSE, request->node.id);
}

void core_answer_published(struct core *core, struct core_request *request)
{
	answer(core, request);
	core_effect(core, &request->effect, CORE_LOOSE);
}

void core_cancel_came(struct core *core, uint32_t id)
{
	struct idmap_node *node = idmap_find(&core->serving, id);
	struct core_request *request = node != NULL ? CORE_OF(node, struct core_request, node) : NULL;

	if (request != NULL && request->taken)
		core_effect(core, &request->effect, CORE_WAKE);
}
