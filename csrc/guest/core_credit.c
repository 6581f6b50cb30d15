/* Credit: who may send how much. Counters are bytes of Data payloads and wrap at 2^32. */

#include "core_state.h"

/* Both sides start at the initial credit; what a foreign peer sends is bounded by what may lie unread alone. */
void core_open_credit(struct core *core, struct core_channel *channel)
{
	const struct core_table *table = &core->config.table;
	uint32_t window = core->config.limits.initial_credit;

	channel->authorised = window;
	channel->granted = core_tabled(core) ? window : core->config.buffered;
	if (core_tabled(core) && channel->ours)
		table->activate(table->context, channel->node.id, window);
}

int core_send_room(struct core *core, struct core_channel *channel, uint32_t *room)
{
	const struct core_table *table = &core->config.table;
	int32_t remaining;

	if (channel->error != 0)
		return channel->error;
	if (!core_tabled(core) || !channel->registered) {
		*room = channel->authorised - channel->sent;
		return 0;
	}
	remaining = table->remaining(table->context, channel->node.id, channel->sent);
	if (remaining < 0)
		return core_violation(core, "shm.flow.wrap-rule",
				      "channel %u: granted total less than sent total by %lld bytes", channel->node.id,
				      -(long long)remaining);
	*room = (uint32_t)remaining;
	return 0;
}

int core_commit_data(struct core *core, struct core_channel *channel, uint32_t len)
{
	uint32_t room = 0;
	int error = core_send_room(core, channel, &room);

	if (error != 0)
		return error;
	if (room < len || !channel->registered)
		return ROAM_ERR_AGAIN;
	channel->sent += len;
	return 0;
}

int core_count_received(struct core *core, struct core_channel *channel, uint32_t len)
{
	uint32_t left = channel->granted - channel->received;

	if (len > left)
		return core_violation(core, "flow.channel.credit-overrun",
				      "channel %u: data of %u bytes with %u bytes of credit", channel->node.id, len,
				      left);
	channel->received += len;
	return 0;
}

/*
 * Collects what was taken until it is worth granting: half a window, or all at once when nothing is left to take, lest
 * a large next item and a withheld grant wait for each other.
 */
void core_count_consumed(struct core *core, struct core_channel *channel, uint32_t len)
{
	uint32_t step;

	if (!core_tabled(core)) {
		channel->granted += len; /* room for as much again; the other side is not told */
		return;
	}
	channel->consumed += len;
	step = channel->consumed;
	if (step == 0 || (!items_empty(&channel->items) && step < core->config.limits.initial_credit / 2))
		return;
	channel->consumed = 0;
	channel->granted += step;
	core->config.table.grant(core->config.table.context, channel->node.id, step);
}

void core_free_entry(struct core *core, uint32_t id)
{
	if (core_tabled(core))
		core->config.table.free(core->config.table.context, id);
}
