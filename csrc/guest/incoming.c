/* Receiving: a batch of messages through the core, one after the other. */

#include "call.h"
#include "guest.h"
#include "request.h"

static const uint8_t *payload_of(const struct payloads *payloads, const struct roam_message *message)
{
	return (payloads->is_large ? payloads->large : payloads->arena) + message->at;
}

/* One message; the channels of a request are open before the next is looked at. */
static void take(struct roam_guest *guest, const struct roam_message *message)
{
	struct roam_request *spare = message->type == ROAM_MSG_REQUEST ? request_get(guest) : NULL;
	struct core_arrival arrival;
	int error;

	if (message->type == ROAM_MSG_REQUEST && spare == NULL) {
		guest_fail_for(guest, ROAM_ERR_NO_MEMORY, "no memory for a request of the host");
		return;
	}
	error = core_receive(&guest->core, message, payload_of(&guest->payloads, message),
			     spare != NULL ? &spare->core : NULL, &arrival);
	if (error != 0)
		guest_fail_core(guest, error);
	if (arrival.request != NULL) {
		request_arrived(spare, message->method, &arrival, message->seq);
	} else if (spare != NULL) {
		spare->done = spare->answered = true; /* the core answers it, or it was not used */
		if (!core_request_held(&spare->core))
			request_recycle(spare);
	}
	if (arrival.call != NULL)
		call_answered(OF(arrival.call, struct roam_call, core), &arrival);
	if (arrival.request == NULL)
		core_processed(&guest->core, message->seq);
	guest_settle(guest);
}

/* Takes the next message, which is large: into memory that it may keep, or where there is none into the arena. */
static struct roam_received take_large(struct roam_guest *guest)
{
	struct payloads *payloads = &guest->payloads;
	struct roam_received received = { .status = ROAM_ARENA_FULL };

	if (payloads_reserve(payloads, &guest->allocator, guest->messages[0].len))
		received = link_receive(guest->link, guest->messages, 1, payloads->large, payloads->capacity);
	payloads->is_large = received.count > 0;
	if (received.count > 0 || received.status != ROAM_ARENA_FULL)
		return received;
	return link_receive(guest->link, guest->messages, 1, payloads->arena, payloads->arena_len);
}

static struct roam_received take_batch(struct roam_guest *guest)
{
	struct roam_received received;

	guest->payloads.is_large = false;
	received = link_receive(guest->link, guest->messages, GUEST_BATCH, guest->payloads.arena,
				PAYLOAD_SMALL);
	return received.count == 0 && received.status == ROAM_ARENA_FULL ? take_large(guest) : received;
}

/* Takes what is there, without the lock. */
static struct roam_received look(struct roam_guest *guest, int64_t poll_ns)
{
	struct roam_received received = take_batch(guest);

	if (received.count > 0 || received.status != ROAM_OK || poll_ns == 0 || !link_spin(guest->link, poll_ns))
		return received;
	return take_batch(guest);
}

uint32_t incoming_batch(struct roam_guest *guest, int64_t poll_ns)
{
	struct roam_received received;

	if (!guest_go(guest))
		return 0;
	received = look(guest, poll_ns);
	guest_come(guest);
	for (uint32_t i = 0; i < received.count && guest->core.failure.error == 0; i++)
		take(guest, &guest->messages[i]);
	if (received.count > 0)
		guest->committed = true; /* room was given back, and the host may sleep for it on its doorbell */
	/* A full arena only ends the batch: the whole of it takes any one message. */
	if (received.status != ROAM_OK && received.status != ROAM_ARENA_FULL)
		guest_fail_status(guest, (enum roam_status)received.status);
	return received.count;
}
