/* Beginning a call: its channels, metadata, time, and place in flight. */

#include <inttypes.h>

#include "call.h"
#include "request.h"

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
	call = call_get(guest);
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
		call_recycle(call);
	limit = core_id_limit(&guest->core);
	guest_unlock(guest);
	if (error == ROAM_ERR_TOO_MANY && channels > limit)
		guest_log(guest, "call with %zu channels is over the %" PRIu64 " channel ids of this side", channels,
			  limit);
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
