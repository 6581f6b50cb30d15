/* Requests: where they come from and go to, and how they end before their answer. */

#include "request.h"

#include "call.h"
#include "channel.h"

/* ---- Their life ------------------------------------------------------------------------------------------------- */

static void run_on_end(struct notice *notice)
{
	struct roam_request *request = OF(notice, struct roam_request, notice);
	void (*callback)(struct roam_request *, void *) = request->on_end;

	request->on_end = NULL;
	if (callback != NULL)
		callback(request, notice->context);
}

static struct roam_request *create(struct roam_guest *guest)
{
	struct roam_request *request = guest_alloc(guest, sizeof(*request));

	if (request == NULL)
		return NULL;
	*request = (struct roam_request){ .guest = guest, .deadline = CLOCK_NEVER, .notice = { .run = run_on_end } };
	core_request_init(&request->core);
	roam_writer_init(&request->result, &guest->allocator);
	roam_writer_init(&request->failure, &guest->allocator);
	roam_writer_init(&request->head, &guest->allocator);
	metadata_begin(&request->answer, &guest->allocator);
	request->calls = (struct chain){ &request->calls, &request->calls };
	guest_chain(&guest->requests, &request->chain);
	return request;
}

struct roam_request *request_get(struct roam_guest *guest)
{
	struct roam_request *request = guest->spare_requests;

	if (request == NULL)
		return create(guest);
	guest->spare_requests = request->next;
	guest->spare_request_count--;
	request->next = NULL;
	return request;
}

static void free_channels(struct roam_request *request)
{
	struct core_channel *channel = request->core.channels;

	request->core.channels = request->last = NULL;
	while (channel != NULL) {
		struct core_channel *next = channel->sibling;

		channel_leave_list(OF(channel, struct channel, core));
		channel = next;
	}
}

static void release_writer(struct roam_writer *writer)
{
	if (writer->capacity > GUEST_KEPT)
		roam_writer_free(writer);
	else
		roam_writer_reset(writer);
}

/* Empties it for another use. */
static void empty(struct roam_request *request)
{
	payload_trim(&request->payload, &request->guest->allocator, GUEST_KEPT);
	release_writer(&request->result);
	release_writer(&request->failure);
	release_writer(&request->head);
	release_writer(&request->answer.entries);
	metadata_reset(&request->answer);
	arena_reset(&request->arena, &request->guest->allocator);
	request->arguments = NULL;
	request->method = NULL;
	request->service = NULL;
	request->deadline = CLOCK_NEVER;
	request->on_end = NULL;
	request->done = request->answered = false;
	request->no_memory = false;
	__atomic_store_n(&request->ended, 0, __ATOMIC_RELAXED);
	core_request_init(&request->core);
}

void request_recycle(struct roam_request *request)
{
	struct roam_guest *guest = request->guest;

	free_channels(request);
	if (guest->spare_request_count >= GUEST_SPARES) {
		request_destroy(request);
		return;
	}
	empty(request);
	request->next = guest->spare_requests;
	guest->spare_requests = request;
	guest->spare_request_count++;
}

void request_destroy(struct roam_request *request)
{
	struct roam_guest *guest = request->guest;

	free_channels(request);
	guest_unchain(&request->chain);
	payload_trim(&request->payload, &guest->allocator, 0);
	roam_writer_free(&request->result);
	roam_writer_free(&request->failure);
	roam_writer_free(&request->head);
	metadata_free(&request->answer);
	arena_free(&request->arena, &guest->allocator);
	guest_release(guest, request);
}

/* ---- Their end before the answer -------------------------------------------------------------------------------- */

static void end_waits(struct roam_request *request)
{
	for (struct core_channel *at = request->core.channels; at != NULL; at = at->sibling)
		channel_wake(OF(at, struct channel, core));
}

void request_end(struct roam_request *request, int error)
{
	if (request->ended != 0 || request->done)
		return;
	__atomic_store_n(&request->ended, error, __ATOMIC_RELEASE);
	end_waits(request);
	call_end_within(request, error);
	if (request->on_end != NULL)
		notice_queue(request->guest, &request->notice);
}

int request_ended(struct roam_request *request)
{
	if (request->ended == 0 && request->deadline != CLOCK_NEVER && clock_now() >= request->deadline)
		request_end(request, ROAM_ERR_DEADLINE);
	return request->ended;
}

void request_changed(struct roam_request *request, uint8_t change)
{
	int error = request->guest->core.failure.error;

	if ((change & CORE_WAKE) != 0)
		request_end(request, error != 0 ? error : ROAM_ERR_CANCELLED);
	if (request->answered && !core_request_held(&request->core))
		request_recycle(request);
}
