/* Receiving ends. */

#include "call.h"
#include "channel.h"

/* Takes the next item, if one is there. */
static int attempt(struct roam_guest *guest, struct channel *channel, struct roam_bytes *item)
{
	int error = channel_ended(channel);

	if (error != 0)
		return error;
	error = core_take(&guest->core, &channel->core, item);
	if (error == 0)
		guest->committed = true; /* the grant that goes with it may have found the host on its doorbell */
	return error;
}

/* struct taking: what a thread receives. */
struct taking {
	struct channel *channel;
	struct roam_bytes *item;
};

static int taken(struct roam_guest *guest, struct wait *wait)
{
	struct taking *taking = wait->subject;
	int result = attempt(guest, taking->channel, taking->item);

	wait->deadline = channel_deadline(taking->channel);
	return result;
}

int roam_rx_recv(struct roam_rx *rx, struct roam_bytes *item)
{
	struct channel *channel = &rx->channel;
	struct roam_guest *guest = channel->guest;
	struct taking taking = { .channel = channel, .item = item };
	struct wait wait = { .ready = taken, .subject = &taking, .deadline = CLOCK_NEVER };
	int result;

	*item = (struct roam_bytes){ NULL, 0 };
	arena_reset(&rx->arena, &guest->allocator);
	guest_lock(guest);
	channel->waiter = &wait;
	result = role_wait(guest, &wait);
	channel->waiter = NULL;
	if (result == ROAM_ERR_DEADLINE)
		result = channel_time_over(channel);
	guest_unlock(guest);
	return result;
}

int roam_rx_try_recv(struct roam_rx *rx, struct roam_bytes *item)
{
	struct channel *channel = &rx->channel;
	struct roam_guest *guest = channel->guest;
	int result;

	*item = (struct roam_bytes){ NULL, 0 };
	arena_reset(&rx->arena, &guest->allocator);
	guest_lock(guest);
	result = attempt(guest, channel, item);
	if (result == ROAM_ERR_AGAIN)
		(void)channel_hope(channel);
	guest_unlock(guest);
	return result;
}

void *roam_rx_alloc(struct roam_rx *rx, size_t size)
{
	return arena_alloc(&rx->arena, &rx->channel.guest->allocator, size);
}

int roam_rx_invalid(struct roam_rx *rx)
{
	struct roam_guest *guest = rx->channel.guest;
	int error;

	guest_lock(guest);
	if (guest->core.failure.error == 0)
		guest_fail_core(guest, core_violation(&guest->core, "channeling.data.invalid",
						      "an item of channel %u is not a value of its type",
						      rx->channel.core.node.id));
	error = guest->core.failure.error;
	guest_unlock(guest);
	return error;
}

void roam_rx_close(struct roam_rx *rx)
{
	struct roam_guest *guest = rx->channel.guest;

	guest_lock(guest);
	channel_end(&rx->channel, ROAM_ERR_CLOSED);
	guest_unlock(guest);
}

void roam_rx_detach(struct roam_rx *rx)
{
	struct roam_guest *guest = rx->channel.guest;

	guest_lock(guest);
	if (rx->channel.request != NULL)
		rx->channel.core.detached = rx->channel.held = true;
	guest_unlock(guest);
}

void roam_rx_on_ready(struct roam_rx *rx, void (*callback)(struct roam_rx *rx, void *context), void *context)
{
	struct channel *channel = &rx->channel;

	guest_lock(channel->guest);
	channel_listen(channel, false, NULL);
	rx->on_ready = callback;
	channel_listen(channel, callback != NULL, context);
	guest_unlock(channel->guest);
}

void roam_rx_free(struct roam_rx *rx)
{
	struct roam_guest *guest;

	if (rx == NULL)
		return;
	guest = rx->channel.guest;
	guest_lock(guest);
	channel_give_back(&rx->channel);
	guest_unlock(guest);
}
