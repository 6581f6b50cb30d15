/* Sending: in the order in which the core decided. */

#include "publish.h"

#include "guest.h"
#include "request.h"

/* A message of the core's own. */
static enum roam_status stage_out(struct roam_guest *guest, struct core_out *out)
{
	struct parcel parcel = { .type = (enum roam_msg)out->type, .id = out->id };
	unsigned char memory[PUBLISH_ANSWER];

	if (out->type == ROAM_MSG_RESPONSE)
		request_parcel(OF(core_out_request(out), struct roam_request, core), &parcel, memory);
	return link_stage(guest->link, parcel.type, parcel.id, 0, parcel.prefix, parcel.prefix_len, parcel.payload,
			  parcel.payload_len);
}

int publish_lack(struct roam_guest *guest, enum roam_status status, enum roam_wait *lack)
{
	switch (status) {
	case ROAM_NO_SPACE:
		*lack = ROAM_WAIT_SPACE;
		return ROAM_ERR_AGAIN;
	case ROAM_NO_SLOT:
		*lack = ROAM_WAIT_SLOT;
		return ROAM_ERR_AGAIN;
	case ROAM_TOO_LONG:
		return ROAM_ERR_TOO_LARGE;
	default:
		guest_fail_status(guest, status);
		return guest->core.failure.error;
	}
}

void publish_commit(struct roam_guest *guest)
{
	link_commit(guest->link);
	guest->committed = true;
}

void publish_abort(struct roam_guest *guest)
{
	link_abort(guest->link);
}

/* Sends what is queued: 0, ROAM_ERR_AGAIN with what is lacking, or how the connection ended. */
static int drain(struct roam_guest *guest, enum roam_wait *lack)
{
	enum roam_status status = ROAM_OK;
	struct core_out *out;

	while (status == ROAM_OK && (out = core_next_out(&guest->core)) != NULL) {
		status = stage_out(guest, out);
		if (status == ROAM_OK) {
			publish_commit(guest);
			core_published(&guest->core, out);
		}
	}
	guest_settle(guest);
	return status == ROAM_OK ? guest->core.failure.error : publish_lack(guest, status, lack);
}

/* While it is armed, the host tells when there may be room, and whoever receives sends what is queued. */
static void arm(struct roam_guest *guest, bool armed)
{
	if (guest->out_armed == armed)
		return;
	guest->out_armed = armed;
	if (armed) {
		link_arm(guest->link, ROAM_WAIT_SPACE, 0);
		link_arm(guest->link, ROAM_WAIT_SLOT, 0);
	} else {
		link_disarm(guest->link, ROAM_WAIT_SPACE, 0);
		link_disarm(guest->link, ROAM_WAIT_SLOT, 0);
	}
}

void publish_flush(struct roam_guest *guest)
{
	enum roam_wait lack;
	int error;

	if (core_next_out(&guest->core) == NULL && !guest->out_armed)
		return;
	error = drain(guest, &lack);
	if (error == ROAM_ERR_AGAIN && !guest->out_armed) {
		arm(guest, true);
		error = drain(guest, &lack); /* armed just now: look once more */
	}
	if (error != ROAM_ERR_AGAIN)
		arm(guest, false);
}

int publish_stage(struct roam_guest *guest, const struct parcel *parcel, enum roam_wait *lack)
{
	enum roam_status status;
	int error;

	if (core_next_out(&guest->core) != NULL)
		publish_flush(guest);
	error = guest->core.failure.error;
	if (error == 0 && core_next_out(&guest->core) != NULL)
		error = drain(guest, lack); /* says what is lacking */
	if (error != 0)
		return error;
	status = link_stage(guest->link, parcel->type, parcel->id, parcel->method, parcel->prefix, parcel->prefix_len,
			    parcel->payload, parcel->payload_len);
	return status == ROAM_OK ? 0 : publish_lack(guest, status, lack);
}
