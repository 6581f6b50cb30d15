/* Calls: begun, sent, given up, freed. */

#include "call.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "request.h"

/* ---- Their life --------------------------------------------------------------------------------------------------- */

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

static struct roam_call *get(struct roam_guest *guest)
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

/* Of one that the core and the program are done with: kept for the next. */
static void recycle(struct roam_call *call)
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

/* ---- Beginning ---------------------------------------------------------------------------------------------------- */

/* Makes the ends of the channels. */
static int add_channels(struct roam_call *call, const bool *sends, size_t count)
{
	struct core_channel **last = &call->core.channels;

	if (count == 0)
		return 0;
	if (count > UINT32_MAX)
		return ROAM_ERR_TOO_MANY;
	call->channels = arena_alloc(&call->arena, &call->guest->allocator, count * sizeof(*call->channels));
	if (call->channels == NULL)
		return ROAM_ERR_NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		struct channel *channel = channel_create(call->guest, sends[i], 0);

		if (channel == NULL)
			return ROAM_ERR_NO_MEMORY;
		channel->call = call;
		channel->listed = true;
		*last = &channel->core;
		last = &channel->core.sibling;
		call->channels[i] = channel;
		call->channel_count++;
	}
	return 0;
}

/* A timeout that is forwarded is another call's. */
static int add_metadata(struct roam_call *call, const struct roam_metadata *entries, size_t count)
{
	int error = 0;

	for (size_t i = 0; i < count && error == 0; i++)
		if (!roam_string_equal(entries[i].key, roam_string_of(METADATA_TIMEOUT)))
			error = metadata_add(&call->metadata, &entries[i]);
	return error;
}

static int take_options(struct roam_call *call, const struct roam_call_options *options)
{
	struct roam_request *within = options->within;
	int error;

	if (options->timeout_ns > 0)
		call->deadline = clock_after(clock_now(), options->timeout_ns);
	error = add_metadata(call, options->metadata, options->metadata_count);
	if (error != 0 || within == NULL)
		return error;
	error = request_ended(within);
	if (error != 0)
		return error;
	call->deadline = clock_sooner(call->deadline, within->deadline);
	call->within = within;
	guest_chain(&within->calls, &call->within_chain);
	return 0;
}

static int started(struct roam_guest *guest, struct wait *wait)
{
	struct roam_call *call = wait->subject;

	if (call->status != ROAM_ERR_AGAIN)
		return call->status; /* its request ended */
	return core_start(&guest->core, &call->core);
}

/* Takes a place in flight and the ids of the channels. */
static int start(struct roam_call *call)
{
	struct wait wait = { .ready = started, .subject = call, .deadline = call->deadline, .ticks = true };
	int error;

	call->waiter = &wait;
	error = role_wait(call->guest, &wait);
	call->waiter = NULL;
	return error;
}

int roam_call_begin(struct roam_guest *guest, uint64_t method, const struct roam_call_options *options,
		    const bool *sends, size_t channels, struct roam_call **result)
{
	static const struct roam_call_options none;
	struct roam_call *call;
	uint64_t limit;
	int error;

	*result = NULL;
	guest_lock(guest);
	call = get(guest);
	if (call == NULL) {
		guest_unlock(guest);
		return ROAM_ERR_NO_MEMORY;
	}
	call->method = method;
	call->deadline = CLOCK_NEVER;
	error = take_options(call, options != NULL ? options : &none);
	if (error == 0)
		error = add_channels(call, sends, channels);
	if (error == 0)
		error = start(call);
	if (error == 0)
		*result = call;
	else
		recycle(call);
	limit = core_id_limit(&guest->core);
	guest_unlock(guest);
	if (error == ROAM_ERR_TOO_MANY && channels > limit)
		guest_log(guest, "call with %zu channels is over the %" PRIu64 " channel ids of this side", channels, limit);
	return error;
}

struct roam_writer *roam_call_arguments(struct roam_call *call)
{
	return &call->arguments;
}

uint64_t roam_call_channel_id(const struct roam_call *call, size_t index)
{
	return index < call->channel_count ? call->channels[index]->core.node.id : 0;
}

/* The end with this index, which is the program's from then on. */
static struct channel *channel_at(struct roam_call *call, size_t index, bool sends)
{
	struct channel *channel = index < call->channel_count ? call->channels[index] : NULL;

	if (channel == NULL || channel->core.sends != sends)
		return NULL;
	channel->held = true;
	return channel;
}

struct roam_tx *roam_call_tx(struct roam_call *call, size_t index)
{
	struct channel *channel = channel_at(call, index, true);

	return channel != NULL ? OF(channel, struct roam_tx, channel) : NULL;
}

struct roam_rx *roam_call_rx(struct roam_call *call, size_t index)
{
	struct channel *channel = channel_at(call, index, false);

	return channel != NULL ? OF(channel, struct roam_rx, channel) : NULL;
}

/* ---- Sending ------------------------------------------------------------------------------------------------------ */

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
	(void)snprintf(call->text, sizeof(call->text), "request of %zu bytes is over the largest payload of %u bytes", size,
		       most);
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

/* ---- Giving up ---------------------------------------------------------------------------------------------------- */

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
		recycle(call);
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
		recycle(call);
	guest_unlock(guest);
}

void *roam_call_alloc(struct roam_call *call, size_t size)
{
	return arena_alloc(&call->arena, &call->guest->allocator, size);
}
