/* What a message that came means. */

#include "core_state.h"
#include "metadata.h"

const char *core_type_name(uint8_t type)
{
	switch (type) {
	case ROAM_MSG_REQUEST:
		return "request";
	case ROAM_MSG_RESPONSE:
		return "response";
	case ROAM_MSG_CANCEL:
		return "cancel";
	case ROAM_MSG_DATA:
		return "data";
	case ROAM_MSG_CLOSE:
		return "close";
	case ROAM_MSG_RESET:
		return "reset";
	}
	return "goodbye";
}

static int check_size(struct core *core, const char *rule, const struct roam_message *message)
{
	uint32_t most = core->config.limits.max_payload_size;

	if (message->len > most)
		return core_violation(core, rule, "%s %u has a payload of %u bytes, at most %u are allowed",
				      core_type_name(message->type), message->id, message->len, most);
	return 0;
}

/* Splits the payload of a Request or Response, and checks its size and metadata. */
static int open_payload(struct core *core, const struct roam_message *message, const uint8_t *payload,
			struct core_arrival *arrival)
{
	struct metadata_fault fault;
	struct roam_bytes list, body;
	int error = check_size(core, "flow.unary.payload-limit", message);

	if (error != 0)
		return error;
	if (!metadata_split(payload, message->len, &list, &body))
		return core_violation(core, "message.decode-error",
				      "%s %u: the length of the metadata does not fit %u bytes of payload",
				      core_type_name(message->type), message->id, message->len);
	if (!metadata_check(list, &fault))
		return core_violation(core, fault.rule, "%s %u: %s", core_type_name(message->type), message->id,
				      fault.text);
	arrival->metadata = list.data;
	arrival->metadata_len = list.len;
	arrival->body = body.data;
	arrival->body_len = body.len;
	return 0;
}

static int goodbye_came(struct core *core, const uint8_t *reason, size_t len)
{
	struct roam_failure *fault = &core->fault;

	/* Cut to what fits, whatever bytes they are: who shows them knows that they are the other side's words. */
	if (len > sizeof(fault->text) - 1)
		len = sizeof(fault->text) - 1;
	for (size_t i = 0; i < len; i++)
		fault->text[i] = reason[i] != 0 ? (char)reason[i] : ' ';
	fault->text[len] = 0;
	fault->error = ROAM_ERR_EVICTED;
	fault->system_errno = 0;
	return ROAM_ERR_EVICTED;
}

int core_receive(struct core *core, const struct roam_message *message, const uint8_t *payload,
		 struct core_request *spare, struct core_arrival *arrival)
{
	int error;

	*arrival = (struct core_arrival){ 0 };
	if (core->failure.error != 0)
		return core->failure.error;
	switch (message->type) {
	case ROAM_MSG_REQUEST:
		error = open_payload(core, message, payload, arrival);
		return error != 0 ? error : core_request_came(core, message->id, spare, arrival);
	case ROAM_MSG_RESPONSE:
		error = open_payload(core, message, payload, arrival);
		if (error == 0)
			core_response_came(core, message->id, arrival);
		return error;
	case ROAM_MSG_CANCEL:
		core_cancel_came(core, message->id);
		return 0;
	case ROAM_MSG_DATA:
		error = check_size(core, "channeling.data.size-limit", message);
		return error != 0 ? error : core_channel_message(core, message, payload);
	case ROAM_MSG_CLOSE:
	case ROAM_MSG_RESET:
		return core_channel_message(core, message, payload);
	case ROAM_MSG_GOODBYE:
		return goodbye_came(core, payload, message->len);
	}
	return core_violation(core, "message.unknown-variant", "message type %u", message->type);
}
