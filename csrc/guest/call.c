/* Calls: where they come from and go to, and how they end without an answer. */

#include "call.h"

#include "request.h"

/* ---- Their life ------------------------------------------------------------------------------------------------- */

static void run_on_done(struct notice *notice)
{
	struct roam_call *call = OF(notice, struct roam_call, notice);
	void (*callback)(struct roam_call *, void *) = call->on_done;

	call->on_done = NULL;
	if (callback != NULL)
		callback(call, notice->context);
}

static struct roam_call *create(struct roam_guest *guest)
{
	struct roam_call *call = guest_alloc(guest, sizeof(*call));

	if (call == NULL)
		return NULL;
	*call = (struct roam_call){ .guest = guest, .notice = { .run = run_on_done } };
	metadata_begin(&call->metadata, &guest->allocator);
	roam_writer_init(&call->arguments, &guest->allocator);
	roam_writer_init(&call->head, &guest->allocator);
	guest_chain(&guest->calls, &call->chain);
	return call;
}

struct roam_call *call_get(struct roam_guest *guest)
{
	struct roam_call *call = guest->spare_calls;

	if (call == NULL) {
		call = create(guest);
		if (call == NULL)
			return NULL;
	} else {
		guest->spare_calls = call->next;
		guest->spare_call_count--;
	}
	core_call_init(&call->core);
	call->next = NULL;
	call->channels = NULL;
	call->channel_count = 0;
	call->status = ROAM_ERR_AGAIN;
	call->sent = call->freed = call->no_memory = false;
	call->on_done = NULL;
	call->text[0] = 0;
	return call;
}

static void leave_request(struct roam_call *call)
{
	if (call->within != NULL)
		guest_unchain(&call->within_chain);
	call->within = NULL;
}

/* Its list of channels ends; those that the program never asked for nobody else frees. */
static void free_channels(struct roam_call *call)
{
	struct core_channel *channel = call->core.channels;

	call->core.channels = NULL;
	call->channels = NULL;
	while (channel != NULL) {
		struct core_channel *next = channel->sibling;

		channel_leave_list(OF(channel, struct channel, core));
		channel = next;
	}
}

void call_destroy(struct roam_call *call)
{
	struct roam_guest *guest = call->guest;

	leave_request(call);
	notice_drop(guest, &call->notice);
	free_channels(call);
	guest_unchain(&call->chain);
	metadata_free(&call->metadata);
	roam_writer_free(&call->arguments);
	roam_writer_free(&call->head);
	arena_free(&call->arena, &guest->allocator);
	payload_trim(&call->payload, &guest->allocator, 0);
	guest_release(guest, call);
}

void call_recycle(struct roam_call *call)
{
	struct roam_guest *guest = call->guest;

	if (guest->spare_call_count >= GUEST_SPARES || call->arguments.capacity > GUEST_KEPT ||
	    call->head.capacity > GUEST_KEPT) {
		call_destroy(call);
		return;
	}
	leave_request(call);
	notice_drop(guest, &call->notice);
	free_channels(call);
	payload_trim(&call->payload, &guest->allocator, GUEST_KEPT);
	metadata_reset(&call->metadata);
	roam_writer_reset(&call->arguments);
	roam_writer_reset(&call->head);
	arena_reset(&call->arena, &guest->allocator);
	call->next = guest->spare_calls;
	guest->spare_calls = call;
	guest->spare_call_count++;
}

/* ---- Giving up -------------------------------------------------------------------------------------------------- */

/* It has a status: who waits for that looks. */
static void done(struct roam_call *call, int status)
{
	call->status = status;
	if (call->waiter != NULL)
		role_signal(call->guest, call->waiter);
	if (call->on_done != NULL)
		notice_queue(call->guest, &call->notice);
}

void call_give_up(struct roam_call *call, int error)
{
	struct core *core = &call->guest->core;

	if (call->status != ROAM_ERR_AGAIN)
		return;
	if (call->core.state == CORE_CALL_ADMITTED)
		core_withdraw(core, &call->core, error);
	else
		core_cancel(core, &call->core, error);
	done(call, error);
}

void call_end_within(struct roam_request *request, int error)
{
	while (request->calls.next != &request->calls) {
		struct roam_call *call = OF(request->calls.next, struct roam_call, within_chain);

		leave_request(call);
		call_give_up(call, error);
	}
}

void call_changed(struct roam_call *call, uint8_t change)
{
	if ((change & CORE_WAKE) != 0 && call->status == ROAM_ERR_AGAIN)
		done(call, call->core.error != 0 ? call->core.error : call_outcome(call));
	if (call->freed && !core_call_held(&call->core))
		call_recycle(call);
}

void roam_call_cancel(struct roam_call *call)
{
	struct roam_guest *guest = call->guest;

	guest_lock(guest);
	call_give_up(call, ROAM_ERR_CANCELLED);
	guest_settle(guest);
	publish_flush(guest);
	guest_unlock(guest);
}

void roam_call_free(struct roam_call *call)
{
	struct roam_guest *guest;

	if (call == NULL)
		return;
	guest = call->guest;
	guest_lock(guest);
	notice_take_back(guest, &call->notice);
	call->on_done = NULL;
	call_give_up(call, ROAM_ERR_CANCELLED);
	guest_settle(guest);
	leave_request(call);
	for (size_t i = 0; i < call->channel_count; i++) {
		struct channel *channel = call->channels[i];

		channel->call = NULL;
		if (!channel->held) /* nobody can end it any more */
			core_end_channel(&guest->core, &channel->core, ROAM_ERR_CLOSED);
	}
	guest_settle(guest);
	publish_flush(guest);
	call->freed = true;
	if (!core_call_held(&call->core))
		call_recycle(call);
	guest_unlock(guest);
}

void *roam_call_alloc(struct roam_call *call, size_t size)
{
	return arena_alloc(&call->arena, &call->guest->allocator, size);
}
