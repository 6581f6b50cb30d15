/* Deadlines of calls and requests for whose end a callback waits. */

#include "deadline.h"

#include "call.h"
#include "guest.h"
#include "request.h"

void deadline_alarm(struct roam_guest *guest, int64_t when)
{
	if (when >= guest->alarm)
		return;
	guest->alarm = when;
	role_interrupt(guest);
}

static void ring_calls(struct roam_guest *guest, int64_t now)
{
	for (struct chain *at = guest->calls.next; at != &guest->calls; at = at->next) {
		struct roam_call *call = OF(at, struct roam_call, chain);

		if (call->on_done == NULL || call->status != ROAM_ERR_AGAIN)
			continue;
		if (call->deadline <= now)
			call_give_up(call, ROAM_ERR_DEADLINE);
		else
			deadline_alarm(guest, call->deadline);
	}
}

static void ring_requests(struct roam_guest *guest, int64_t now)
{
	for (struct chain *at = guest->requests.next; at != &guest->requests; at = at->next) {
		struct roam_request *request = OF(at, struct roam_request, chain);

		if (request->on_end == NULL || request->ended != 0)
			continue;
		if (request->deadline <= now)
			request_end(request, ROAM_ERR_DEADLINE);
		else
			deadline_alarm(guest, request->deadline);
	}
}

void deadline_ring(struct roam_guest *guest)
{
	int64_t now;

	if (guest->alarm == CLOCK_NEVER)
		return;
	now = clock_now();
	if (now < guest->alarm)
		return;
	guest->alarm = CLOCK_NEVER; /* the sooner of those that are left is found on the way */
	ring_calls(guest, now);
	ring_requests(guest, now);
	guest_settle(guest);
	publish_flush(guest);
}
