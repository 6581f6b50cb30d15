/* What an answer says, and waiting for it. */

#include "call.h"
#include "deadline.h"

/* How much before the caller's deadline the callee's may pass: the time that the Request took, and what the grains of
 * their clocks differ. */
#define DEADLINE_SLACK (100 * CLOCK_MILLISECOND)

void call_answered(struct roam_call *call, const struct core_arrival *arrival)
{
	struct roam_guest *guest = call->guest;

	call->no_memory = !payload_keep(&call->payload, &guest->payloads, &guest->allocator, arrival);
}

/* A call that ended without a result that the signature declares. */
static int undeclared(const struct roam_call *call)
{
	struct roam_metadata entry;

	if (metadata_find(call->payload.metadata, METADATA_ERROR, &entry) && entry.kind == ROAM_METADATA_STRING)
		return ROAM_ERR_REMOTE;
	/* Cancelled, because the deadline that travelled with the call had passed on the other side. */
	if (call->deadline != CLOCK_NEVER && call->deadline - clock_now() < DEADLINE_SLACK)
		return ROAM_ERR_DEADLINE;
	return ROAM_ERR_CANCELLED;
}

int call_outcome(const struct roam_call *call)
{
	const uint8_t *body = call->payload.body.data;
	size_t len = call->payload.body.len;

	if (call->no_memory)
		return ROAM_ERR_NO_MEMORY;
	if (len >= 1 && body[0] == 0)
		return 0;
	if (len < 2 || body[0] != 1)
		return ROAM_ERR_DECODE;
	switch (body[1]) {
	case 0:
		return ROAM_ERR_USER;
	case 1:
		return ROAM_ERR_UNKNOWN_METHOD;
	case 2:
		return ROAM_ERR_INVALID_PAYLOAD;
	case 3:
		return undeclared(call);
	}
	return ROAM_ERR_DECODE;
}

static int answered(struct roam_guest *guest, struct wait *wait)
{
	const struct roam_call *call = wait->subject;

	(void)guest;
	return call->status;
}

int roam_call_wait(struct roam_call *call)
{
	struct roam_guest *guest = call->guest;
	struct wait wait = { .ready = answered, .subject = call, .deadline = call->deadline };
	int status;

	if (!call->sent)
		return ROAM_ERR_ARGUMENT;
	guest_lock(guest);
	call->waiter = &wait;
	status = role_wait(guest, &wait);
	call->waiter = NULL;
	if (status == ROAM_ERR_DEADLINE) {
		call_give_up(call, status); /* unless the answer said so */
		guest_settle(guest);
		publish_flush(guest);
	}
	guest_unlock(guest);
	return status;
}

int roam_call_poll(struct roam_call *call)
{
	struct roam_guest *guest = call->guest;
	int status;

	guest_lock(guest);
	if (call->status == ROAM_ERR_AGAIN && call->deadline != CLOCK_NEVER && clock_now() >= call->deadline) {
		call_give_up(call, ROAM_ERR_DEADLINE);
		guest_settle(guest);
		publish_flush(guest);
	}
	status = call->status;
	guest_unlock(guest);
	return status;
}

void roam_call_on_done(struct roam_call *call, void (*callback)(struct roam_call *call, void *context), void *context)
{
	struct roam_guest *guest = call->guest;
	bool at_once;

	guest_lock(guest);
	notice_take_back(guest, &call->notice);
	call->notice.context = context;
	at_once = callback != NULL && call->status != ROAM_ERR_AGAIN;
	call->on_done = at_once ? NULL : callback;
	if (call->on_done != NULL)
		deadline_alarm(guest, call->deadline);
	guest_unlock(guest);
	if (at_once)
		callback(call, context);
}

struct roam_reader roam_call_result(const struct roam_call *call)
{
	const struct roam_bytes *body = &call->payload.body;
	size_t tags = call->status == 0 ? 1 : call->status == ROAM_ERR_USER ? 2 : body->len;
	struct roam_reader reader;

	roam_reader_init(&reader, body->len > 0 ? body->data + tags : NULL, body->len - tags);
	return reader;
}

struct roam_string roam_call_error(const struct roam_call *call)
{
	struct roam_metadata entry;

	if (call->status == ROAM_ERR_TOO_LARGE)
		return roam_string_of(call->text);
	if (call->status == ROAM_ERR_REMOTE && metadata_find(call->payload.metadata, METADATA_ERROR, &entry))
		return entry.string;
	return (struct roam_string){ NULL, 0 };
}

bool roam_call_metadata_at(const struct roam_call *call, size_t index, struct roam_metadata *entry)
{
	return metadata_at(call->payload.metadata, index, entry);
}

bool roam_call_metadata(const struct roam_call *call, const char *key, struct roam_metadata *entry)
{
	return metadata_find(call->payload.metadata, key, entry);
}
