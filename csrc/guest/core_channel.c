/* Channels: what comes on them, and every way in which one ends. */

#include "core_state.h"

void core_channel_init(struct core_channel *channel, bool sends, uint64_t named)
{
	*channel = (struct core_channel){
		.effect = { .kind = CORE_CHANNEL }, .sends = sends, .named = named, .ours = named == 0,
	};
}

void core_channel_free(struct core *core, struct core_channel *channel)
{
	items_free(&channel->items, core->config.allocator);
}

bool core_channel_open(const struct core_channel *channel)
{
	return channel->error == 0 && !channel->over;
}

bool core_channel_held(const struct core_channel *channel)
{
	return channel->registered || channel->out.queued || channel->effect.change != 0;
}

static void wake(struct core *core, struct core_channel *channel)
{
	core_effect(core, &channel->effect, CORE_WAKE);
}

void core_unregister(struct core *core, struct core_channel *channel)
{
	core_exhume(core, channel);
	if (!channel->registered)
		return;
	idmap_remove(&core->channels, &channel->node);
	channel->registered = false;
	core_effect(core, &channel->effect, CORE_LOOSE);
}

/* This side's last touch of the channel's entry. */
static void release(struct core *core, struct core_channel *channel)
{
	if (channel->released)
		return;
	channel->released = true;
	if (channel->ours)
		core_retire_id(core, channel->node.id);
	else
		core_free_entry(core, channel->node.id);
}

static void push_end(struct core *core, struct core_channel *channel, enum roam_msg type)
{
	core_push(core, &channel->out, (uint8_t)type, channel->node.id);
}

static void discard(struct core *core, struct core_channel *channel)
{
	core_discard(core, &channel->out);
	core_effect(core, &channel->effect, CORE_LOOSE);
}

static void drop_items(struct core *core, struct core_channel *channel)
{
	items_drop(&channel->items, core->config.allocator);
}

/* ---- Ends that this side decides on ----------------------------------------------------------------------------- */

static void end_sending(struct core *core, struct core_channel *channel, int error)
{
	push_end(core, channel, error == ROAM_ERR_CLOSED ? ROAM_MSG_CLOSE : ROAM_MSG_RESET);
}

static void end_receiving(struct core *core, struct core_channel *channel)
{
	drop_items(core, channel);
	if (channel->over)
		return;
	push_end(core, channel, ROAM_MSG_RESET);
	core_bury(core, channel);
}

/* What the other side is told of an end. */
static void tell_end(struct core *core, struct core_channel *channel)
{
	if (channel->sends)
		end_sending(core, channel, channel->error);
	else
		end_receiving(core, channel);
}

void core_end_channel(struct core *core, struct core_channel *channel, int error)
{
	if (channel->error != 0)
		return;
	channel->error = error;
	wake(core, channel);
	if (core->failure.error != 0)
		drop_items(core, channel);
	else if (channel->registered || channel->over) /* else it is not open yet: the other side is told when it is */
		tell_end(core, channel);
}

void core_open(struct core *core, struct core_channel *channel)
{
	uint32_t id = channel->node.id;
	struct idmap_node *before = idmap_find(&core->channels, id);

	/* One that this side reset, and whose callee has freed the entry since: nothing comes for it any more. */
	if (before != NULL)
		core_unregister(core, CORE_OF(before, struct core_channel, node));
	core_open_credit(core, channel);
	idmap_add(&core->channels, &channel->node);
	channel->registered = true;
	if (core->highest[id & 1] < id)
		core->highest[id & 1] = id;
	if (channel->error != 0)
		tell_end(core, channel);
}

void core_end_published(struct core *core, struct core_channel *channel)
{
	if (channel->sends) {
		core_unregister(core, channel);
		release(core, channel);
		return;
	}
	/* A Reset: what still comes is ignored until the other side's own end or the Response. The callee frees the
	 * entry only then; the caller will not touch it any more. */
	if (channel->ours)
		release(core, channel);
	core_effect(core, &channel->effect, CORE_LOOSE);
}

/* ---- Ends that came --------------------------------------------------------------------------------------------- */

static void sender_was_reset(struct core *core, struct core_channel *channel)
{
	discard(core, channel);
	if (channel->error == 0) {
		channel->error = ROAM_ERR_RESET;
		wake(core, channel);
	}
	if (channel->ours) {
		push_end(core, channel, ROAM_MSG_CLOSE); /* the answer, also in place of a Reset that waited for room */
		return;
	}
	core_unregister(core, channel);
	release(core, channel);
}

/* The other side's Close or Reset of what this side receives on, or the Response after which nothing can come. */
static void sender_ended(struct core *core, struct core_channel *channel, int end)
{
	if (channel->over)
		return;
	channel->over = true;
	channel->end = end;
	discard(core, channel);
	if (channel->error == 0) {
		if (end == ROAM_ERR_RESET)
			drop_items(core, channel);
		wake(core, channel);
	}
	core_unregister(core, channel);
	release(core, channel);
}

/* Of a call that the callee did not take: the entry was never theirs. */
static void refused(struct core *core, struct core_channel *channel, int error)
{
	struct idmap_node *now = idmap_find(&core->channels, channel->node.id);

	discard(core, channel);
	if (channel->error == 0) {
		channel->error = error;
		drop_items(core, channel);
		wake(core, channel);
	}
	channel->over = true;
	if (now != NULL && now != &channel->node)
		return; /* only a peer that freed what it never opened lets the id come back */
	core_unregister(core, channel);
	core_free_entry(core, channel->node.id);
	release(core, channel);
}

void core_answered(struct core *core, struct core_channel *channel, int error)
{
	if (error != 0)
		refused(core, channel, error);
	else if (!channel->sends)
		sender_ended(core, channel, ROAM_ERR_END); /* a Close that is missing is taken as come */
}

void core_fail_channel(struct core *core, struct core_channel *channel, int error)
{
	core_exhume(core, channel);
	channel->registered = false;
	channel->over = true;
	if (channel->sends && channel->error == 0)
		channel->error = error;
	if (!channel->sends && channel->end == 0)
		channel->end = error;
	core_effect(core, &channel->effect, CORE_WAKE | CORE_LOOSE);
}

/* ---- Items ------------------------------------------------------------------------------------------------------ */

static int data_came(struct core *core, struct core_channel *channel, const uint8_t *data, uint32_t len)
{
	int error;

	if (channel->sends)
		return core_violation(core, "channeling.unknown", "data on channel %u, on which this side sends",
				      channel->node.id);
	if (channel->error != 0)
		return 0; /* it was reset; this was sent before the other side saw that */
	error = core_count_received(core, channel, len);
	if (error != 0)
		return error;
	if (items_push(&channel->items, core->config.allocator, data, len))
		wake(core, channel);
	else
		core_end_channel(core, channel, ROAM_ERR_NO_MEMORY);
	return 0;
}

int core_take(struct core *core, struct core_channel *channel, struct roam_bytes *item)
{
	if (channel->error != 0)
		return channel->error;
	if (items_empty(&channel->items))
		return channel->end != 0 ? channel->end : ROAM_ERR_AGAIN;
	*item = items_pop(&channel->items);
	if (!channel->over)
		core_count_consumed(core, channel, (uint32_t)item->len);
	return 0;
}

/* ---- Messages --------------------------------------------------------------------------------------------------- */

/* A message for a channel that is not open: one that ended, or never was. */
static int stray(struct core *core, const struct roam_message *message)
{
	uint64_t last = core_last_id(core);
	const char *name = core_type_name(message->type);
	uint32_t id = message->id;

	if (id == 0)
		return core_violation(core, "channeling.id.zero-reserved", "%s for channel id 0", name);
	if (id > last)
		return core_violation(core, "shm.flow.channel-table-indexing",
				      "%s for channel id %u, ids are at most %llu", name, id, (unsigned long long)last);
	if (!core_ours(core, id) && core->lenient)
		return 0; /* sent before the other side saw that its Request was not taken */
	if (id > core->highest[id & 1])
		return core_violation(core, "channeling.unknown", "%s for channel id %u, which was never opened", name,
				      id);
	if (message->type == ROAM_MSG_DATA && !core->forgot[id & 1])
		return core_violation(core, "channeling.data-after-close",
				      "data of %u bytes on channel %u, which has ended", message->len, id);
	return 0; /* crossed with the end of the channel */
}

int core_channel_message(struct core *core, const struct roam_message *message, const uint8_t *payload)
{
	struct idmap_node *node = idmap_find(&core->channels, message->id);
	struct core_channel *channel = node != NULL ? CORE_OF(node, struct core_channel, node) : NULL;

	if (channel == NULL)
		return stray(core, message);
	if (message->type == ROAM_MSG_DATA)
		return data_came(core, channel, payload, message->len);
	if (message->type == ROAM_MSG_RESET && channel->sends)
		sender_was_reset(core, channel);
	else if (message->type == ROAM_MSG_RESET)
		sender_ended(core, channel, ROAM_ERR_RESET);
	else if (channel->sends)
		return core_violation(core, "channeling.unknown", "close of channel %u, on which this side sends",
				      message->id);
	else
		sender_ended(core, channel, ROAM_ERR_END);
	return 0;
}
