/* Sending ends. */

#include "call.h"
#include "channel.h"

/* struct item: what a thread sends. */
struct item {
	struct channel *channel;
	const void *data;
	size_t len;
};

/* Sends an item if it can be sent now. */
static int attempt(struct roam_guest *guest, struct channel *channel, const void *data, size_t len)
{
	struct parcel parcel = {
		.type = ROAM_MSG_DATA, .id = channel->core.node.id, .payload = data, .payload_len = len,
	};
	uint32_t room = 0;
	int error = channel_ended(channel);

	if (error == 0)
		error = core_send_room(&guest->core, &channel->core, &room);
	if (error == ROAM_ERR_VIOLATION)
		guest_fail_core(guest, error);
	if (error != 0)
		return error;
	if (!channel->core.registered)
		return ROAM_ERR_ARGUMENT; /* its call was not sent */
	channel->lack = ROAM_WAIT_CREDIT;
	if (room < len)
		return ROAM_ERR_AGAIN;
	error = publish_stage(guest, &parcel, &channel->lack);
	if (error != 0)
		return error;
	error = core_commit_data(&guest->core, &channel->core, (uint32_t)len);
	if (error == 0)
		publish_commit(guest);
	else
		publish_abort(guest);
	if (error == ROAM_ERR_VIOLATION)
		guest_fail_core(guest, error);
	return error;
}

static int sent(struct roam_guest *guest, struct wait *wait)
{
	struct item *item = wait->subject;
	struct channel *channel = item->channel;
	int result = attempt(guest, channel, item->data, item->len);

	wait->blocked = result == ROAM_ERR_AGAIN;
	wait->lack = channel->lack;
	wait->id = channel->lack == ROAM_WAIT_CREDIT ? channel->core.node.id : 0;
	wait->deadline = channel_deadline(channel);
	return result;
}

/* Logs once why a send waits for credit that will never come. */
static void say_why(struct roam_guest *guest, const struct channel *channel)
{
	if (!guest->foreign || guest->said_why || channel->lack != ROAM_WAIT_CREDIT)
		return;
	guest->said_why = true;
	guest->note = "the host renews no credit: a send beyond the initial credit waits until its time is over";
}

static bool too_large(struct roam_guest *guest, size_t len)
{
	uint32_t payload = guest->limits.max_payload_size, window = guest->limits.initial_credit;

	if (len > payload)
		guest_log(guest, "item of %zu bytes is over the largest payload of %u bytes", len, payload);
	else if (len > window)
		guest_log(guest, "item of %zu bytes is over the credit window of %u bytes", len, window);
	return len > payload || len > window;
}

int roam_tx_send(struct roam_tx *tx, const void *data, size_t len)
{
	struct channel *channel = &tx->channel;
	struct roam_guest *guest = channel->guest;
	struct item item = { .channel = channel, .data = data, .len = len };
	struct wait wait = { .ready = sent, .subject = &item, .deadline = CLOCK_NEVER };
	int result;

	if (too_large(guest, len))
		return ROAM_ERR_TOO_LARGE;
	guest_lock(guest);
	channel->need = (uint32_t)len;
	result = sent(guest, &wait);
	if (result == ROAM_ERR_AGAIN) {
		say_why(guest, channel);
		channel->waiter = &wait;
		result = role_wait(guest, &wait);
		channel->waiter = NULL;
	}
	if (result == ROAM_ERR_DEADLINE)
		result = channel_time_over(channel);
	guest_unlock(guest);
	return result;
}

int roam_tx_try_send(struct roam_tx *tx, const void *data, size_t len)
{
	struct channel *channel = &tx->channel;
	struct roam_guest *guest = channel->guest;
	int result;

	if (too_large(guest, len))
		return ROAM_ERR_TOO_LARGE;
	guest_lock(guest);
	channel->need = (uint32_t)len;
	do {
		result = attempt(guest, channel, data, len);
	} while (result == ROAM_ERR_AGAIN && channel_hope(channel));
	if (result != ROAM_ERR_AGAIN)
		channel_stop_hoping(channel);
	guest_unlock(guest);
	return result;
}

struct roam_writer *roam_tx_writer(struct roam_tx *tx)
{
	roam_writer_reset(&tx->writer);
	return &tx->writer;
}

int roam_tx_send_written(struct roam_tx *tx)
{
	return tx->writer.error != 0 ? tx->writer.error : roam_tx_send(tx, tx->writer.data, tx->writer.len);
}

int roam_tx_close(struct roam_tx *tx)
{
	struct channel *channel = &tx->channel;
	struct roam_guest *guest = channel->guest;
	int error;

	guest_lock(guest);
	channel_end(channel, ROAM_ERR_CLOSED);
	error = channel->core.error;
	guest_unlock(guest);
	return error == ROAM_ERR_CLOSED ? 0 : error;
}

void roam_tx_on_ready(struct roam_tx *tx, void (*callback)(struct roam_tx *tx, void *context), void *context)
{
	struct channel *channel = &tx->channel;

	guest_lock(channel->guest);
	channel_listen(channel, false, NULL);
	tx->on_ready = callback;
	channel_listen(channel, callback != NULL, context);
	guest_unlock(channel->guest);
}

void roam_tx_free(struct roam_tx *tx)
{
	struct roam_guest *guest;

	if (tx == NULL)
		return;
	guest = tx->channel.guest;
	guest_lock(guest);
	channel_give_back(&tx->channel);
	guest_unlock(guest);
}
