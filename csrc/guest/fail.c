/* The end of the connection, however it comes. */

#include <stdio.h>
#include <string.h>

#include "guest.h"
#include "request.h"
#include "serve.h"

/* Requests that nobody runs any more; the core has let go of them. */
static void drop_queue(struct roam_guest *guest)
{
	while (guest->queue != NULL) {
		struct roam_request *request = guest->queue;

		guest->queue = request->next;
		guest->queued--;
		request_recycle(request);
	}
}

void guest_fail(struct roam_guest *guest, const struct roam_failure *failure)
{
	if (guest->core.failure.error != 0)
		return;
	core_fail(&guest->core, failure);
	guest->log_failure = failure->error != ROAM_ERR_CLOSED && failure->error != ROAM_ERR_HOST_LEAVING;
	guest_settle(guest);
	drop_queue(guest);
	role_signal_all(guest);
	serve_rouse_all(guest);
	role_interrupt(guest);
}

void guest_fail_for(struct roam_guest *guest, int error, const char *text)
{
	struct roam_failure failure = { .error = error };

	(void)snprintf(failure.text, sizeof(failure.text), "%s", text);
	guest_fail(guest, &failure);
}

void guest_fail_core(struct roam_guest *guest, int error)
{
	if (error == ROAM_ERR_VIOLATION || error == ROAM_ERR_EVICTED)
		guest_fail(guest, &guest->core.fault);
}

/* What each fault below the level of calls and channels is about. */
static const char *detail_of(enum roam_status status)
{
	switch (status) {
	case ROAM_BAD_TYPE:
		return "a message of an unknown type";
	case ROAM_BAD_INLINE:
		return "an inline payload with a length over 32, a generation or an offset";
	case ROAM_BAD_SLOT:
		return "a slot of the host's pool that is not out, or has another generation";
	case ROAM_BAD_EXTENT:
		return "a payload that does not end within its slot";
	case ROAM_BAD_RING:
		return "head and tail of a ring are further apart than it is long";
	case ROAM_ZERO_ID:
		return "a message for channel id 0";
	case ROAM_BAD_CHANNEL:
		return "a message for a channel id that the table does not have";
	default:
		return "a message that breaks a rule";
	}
}

/* The values are those of the message that was not delivered; none of it was used. */
void guest_fail_status(struct roam_guest *guest, enum roam_status status)
{
	const char *rule = roam_rule(status);

	if (guest->core.failure.error == 0)
		guest_fail_core(guest, core_violation(&guest->core, rule != NULL ? rule : "message.decode-error", "%s",
						      detail_of(status)));
}
