/* What tx and rx have in common. */

#include "channel.h"

#include "call.h"
#include "request.h"

static void run_on_ready(struct notice *notice)
{
	struct channel *channel = OF(notice, struct channel, notice);

	if (channel->core.sends) {
		struct roam_tx *tx = OF(channel, struct roam_tx, channel);

		tx->on_ready(tx, notice->context);
	} else {
		struct roam_rx *rx = OF(channel, struct roam_rx, channel);

		rx->on_ready(rx, notice->context);
	}
}

static struct channel *create_tx(struct roam_guest *guest)
{
	struct roam_tx *tx = guest_alloc(guest, sizeof(*tx));

	if (tx == NULL)
		return NULL;
	*tx = (struct roam_tx){ .on_ready = NULL };
	roam_writer_init(&tx->writer, &guest->allocator);
	return &tx->channel;
}

static struct channel *create_rx(struct roam_guest *guest)
{
	struct roam_rx *rx = guest_alloc(guest, sizeof(*rx));

	if (rx == NULL)
		return NULL;
	*rx = (struct roam_rx){ .on_ready = NULL };
	return &rx->channel;
}

struct channel *channel_create(struct roam_guest *guest, bool sends, uint64_t named)
{
	struct channel *channel = sends ? create_tx(guest) : create_rx(guest);

	if (channel == NULL)
		return NULL;
	core_channel_init(&channel->core, sends, named);
	channel->guest = guest;
	channel->notice.run = run_on_ready;
	guest_chain(&guest->ends, &channel->chain);
	return channel;
}

/* ---- Freeing ---------------------------------------------------------------------------------------------------- */

void channel_stop_hoping(struct channel *channel)
{
	if (channel->armed)
		link_disarm(channel->guest->link, channel->armed_for, channel->core.node.id);
	channel->guest->hopers -= channel->hopes;
	channel->armed = false;
	channel->hopes = false;
}

void channel_destroy(struct channel *channel)
{
	struct roam_guest *guest = channel->guest;

	channel_stop_hoping(channel);
	notice_drop(guest, &channel->notice);
	core_channel_free(&guest->core, &channel->core);
	guest_unchain(&channel->chain);
	if (channel->core.sends) {
		struct roam_tx *tx = OF(channel, struct roam_tx, channel);

		roam_writer_free(&tx->writer);
		guest_release(guest, tx);
	} else {
		struct roam_rx *rx = OF(channel, struct roam_rx, channel);

		arena_free(&rx->arena, &guest->allocator);
		guest_release(guest, rx);
	}
}

static void free_if_loose(struct channel *channel)
{
	if (!channel->listed && !channel->held && !core_channel_held(&channel->core))
		channel_destroy(channel);
}

void channel_leave_list(struct channel *channel)
{
	channel->listed = false;
	channel->call = NULL;
	channel->request = NULL;
	channel->core.sibling = NULL;
	free_if_loose(channel);
}

void channel_end(struct channel *channel, int error)
{
	core_end_channel(&channel->guest->core, &channel->core, error);
	guest_settle(channel->guest);
	publish_flush(channel->guest);
}

void channel_give_back(struct channel *channel)
{
	struct roam_guest *guest = channel->guest;

	notice_take_back(guest, &channel->notice);
	channel_stop_hoping(channel);
	core_end_channel(&guest->core, &channel->core, ROAM_ERR_CLOSED);
	guest_settle(guest); /* while it is still held: what the core says of it is done with after this */
	publish_flush(guest);
	channel->held = false;
	free_if_loose(channel);
}

/* ---- Waiting and hoping ----------------------------------------------------------------------------------------- */

int channel_ended(struct channel *channel)
{
	struct roam_call *call = channel->call;

	if (channel->request != NULL)
		return request_ended(channel->request);
	if (call != NULL && call->status == ROAM_ERR_AGAIN && call->deadline != CLOCK_NEVER &&
	    clock_now() >= call->deadline) {
		call_give_up(call, ROAM_ERR_DEADLINE);
		guest_settle(channel->guest);
		publish_flush(channel->guest);
	}
	return 0; /* the core knows how the channel of a call ended */
}

int64_t channel_deadline(const struct channel *channel)
{
	const struct roam_call *call = channel->call;

	if (channel->request != NULL)
		return channel->request->deadline;
	return call != NULL && call->status == ROAM_ERR_AGAIN ? call->deadline : CLOCK_NEVER;
}

int channel_time_over(struct channel *channel)
{
	int error = channel_ended(channel);

	if (error != 0)
		return error;
	/* Of a call: its channels end with it. An end that came just before its time stays what it was. */
	return channel->core.error != 0 ? channel->core.error : ROAM_ERR_DEADLINE;
}

void channel_wake(struct channel *channel)
{
	if (channel->waiter != NULL)
		role_signal(channel->guest, channel->waiter);
	if (!channel->hopes)
		return;
	channel_stop_hoping(channel);
	notice_queue(channel->guest, &channel->notice);
}

void channel_changed(struct channel *channel, uint8_t change)
{
	if ((change & CORE_WAKE) != 0)
		channel_wake(channel);
	free_if_loose(channel);
}

static bool has_callback(const struct channel *channel)
{
	if (channel->core.sends)
		return OF(channel, const struct roam_tx, channel)->on_ready != NULL;
	return OF(channel, const struct roam_rx, channel)->on_ready != NULL;
}

bool channel_hope(struct channel *channel)
{
	struct roam_guest *guest = channel->guest;

	if (!has_callback(channel) || (channel->hopes && (!channel->core.sends || channel->armed_for == channel->lack)))
		return false;
	channel_stop_hoping(channel);
	channel->hopes = true;
	guest->hopers++;
	if (channel->core.sends && guest->core.failure.error == 0) { /* an item comes as a message */
		channel->armed = true;
		channel->armed_for = channel->lack;
		link_arm(guest->link, channel->lack, channel->core.node.id);
	}
	return true;
}

void channel_listen(struct channel *channel, bool listens, void *context)
{
	struct roam_guest *guest = channel->guest;

	notice_take_back(guest, &channel->notice);
	channel_stop_hoping(channel);
	channel->notice.context = context;
	if (listens)
		notice_queue(guest, &channel->notice); /* a try before this may have been in vain */
}

bool channel_has_credit(struct channel *channel)
{
	uint32_t room;

	return core_send_room(&channel->guest->core, &channel->core, &room) != 0 || room >= channel->need;
}

void channel_look(struct roam_guest *guest)
{
	struct chain *next;

	if (guest->hopers == 0)
		return;
	for (struct chain *at = guest->ends.next; at != &guest->ends; at = next) {
		struct channel *channel = OF(at, struct channel, chain);

		next = at->next;
		if (channel->armed && (channel->armed_for != ROAM_WAIT_CREDIT || channel_has_credit(channel)))
			channel_wake(channel);
	}
}
