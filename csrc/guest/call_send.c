/* Sending a Request. */

#include <stdio.h>

#include "call.h"

/* What goes before the arguments: metadata, the time that is left among it. */
static int make_prefix(struct roam_call *call, struct parcel *parcel)
{
	static const unsigned char none[] = { 1, 0 };
	struct roam_metadata entry = { .key = roam_string_of(METADATA_TIMEOUT), .kind = ROAM_METADATA_U64 };
	int64_t now;

	if (call->deadline != CLOCK_NEVER) {
		int error;

		now = clock_now();
		entry.u64 = call->deadline > now ? (uint64_t)(call->deadline - now) : 0;
		error = metadata_add(&call->metadata, &entry);
		if (error != 0)
			return error;
	}
	parcel->prefix = none;
	parcel->prefix_len = sizeof(none);
	if (call->metadata.count == 0)
		return 0;
	metadata_write(&call->metadata, &call->head);
	parcel->prefix = call->head.data;
	parcel->prefix_len = call->head.len;
	return call->head.error;
}

static int make_parcel(struct roam_call *call, struct parcel *parcel)
{
	uint32_t most = call->guest->limits.max_payload_size;
	int error = call->arguments.error;
	size_t size;

	if (error == 0)
		error = make_prefix(call, parcel);
	if (error != 0)
		return error;
	parcel->payload = call->arguments.data;
	parcel->payload_len = call->arguments.len;
	size = parcel->prefix_len + parcel->payload_len;
	if (size <= most)
		return 0;
	(void)snprintf(call->text, sizeof(call->text), "request of %zu bytes is over the largest payload of %u bytes",
		       size, most);
	return ROAM_ERR_TOO_LARGE;
}

/* struct sending: a Request that a thread sends. */
struct sending {
	struct roam_call *call;
	struct parcel parcel;
};

static int sent(struct roam_guest *guest, struct wait *wait)
{
	struct sending *sending = wait->subject;
	struct roam_call *call = sending->call;
	int error = call->status != ROAM_ERR_AGAIN ? call->status : 0;

	if (error == 0)
		error = publish_stage(guest, &sending->parcel, &wait->lack);
	wait->blocked = error == ROAM_ERR_AGAIN;
	if (error != 0)
		return error;
	error = core_commit_call(&guest->core, &call->core);
	if (error == 0)
		publish_commit(guest);
	else
		publish_abort(guest);
	return error;
}

int roam_call_send(struct roam_call *call)
{
	struct roam_guest *guest = call->guest;
	struct sending sending = { .call = call, .parcel = { .type = ROAM_MSG_REQUEST, .method = call->method } };
	struct wait wait = { .ready = sent, .subject = &sending, .deadline = call->deadline };
	int error;

	if (call->sent)
		return ROAM_ERR_ARGUMENT;
	call->sent = true;
	error = make_parcel(call, &sending.parcel);
	guest_lock(guest);
	sending.parcel.id = call->core.node.id;
	call->waiter = &wait;
	if (error == 0)
		error = role_wait(guest, &wait);
	call->waiter = NULL;
	if (error != 0) {
		call_give_up(call, error);
		guest_settle(guest);
	}
	guest_unlock(guest);
	return error;
}
