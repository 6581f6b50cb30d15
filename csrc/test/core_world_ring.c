/* The rings of a world, and the rules for what may go into them and where it may come out. */

#include <stdlib.h>

#include "core_world_state.h"

/* The payload of an item, different for each use, place and size. */
void item_of(const struct use *use, int item, uint32_t size, uint8_t *bytes)
{
	for (uint32_t at = 0; at < size; at++)
		bytes[at] = (uint8_t)(use->exchange->serial * 131 + use->serial * 31 + item * 7 + (int)size + (int)at);
}

bool side_full(struct side *side)
{
	return other_of(side)->in_count >= other_of(side)->room;
}

/* ---- Publishing ------------------------------------------------------------------------------------------------- */

static void check_call_message(struct side *side, const struct envelope *e)
{
	struct world *world = side->world;
	struct exchange *x = e->exchange;

	switch (e->type) {
	case ROAM_MSG_REQUEST:
		for (int i = 0; i < world->exchange_count; i++) {
			struct exchange *another = world->exchanges[i];

			if (another != x && another->from == side->number && another->published && !another->over &&
			    another->call.node.id == e->id)
				world_fault(world, "call %d takes the request id %u of call %d, which is in flight",
					    x->serial, e->id, another->serial);
		}
		break;
	case ROAM_MSG_CANCEL:
		if (side->cancel_count == 0 || side->cancels[0] != x)
			world_fault(world, "side %d sends a Cancel for request %u out of turn", side->number, e->id);
		else
			memmove(side->cancels, side->cancels + 1,
				(size_t)--side->cancel_count * sizeof(side->cancels[0]));
		break;
	default:
		if (x->answered || x->from == side->number)
			world_fault(world, "side %d sends another Response to call %d", side->number, x->serial);
		x->answered = true;
		for (int i = 0; i < x->count; i++) {
			struct use *use = &x->uses[i];

			if (x->accepted && use->sender == side->number && !use->ended[side->number] &&
			    !use->told[side->number])
				world_fault(world, "the Response overtakes the Close of use %d in call %d", i,
					    x->serial);
		}
	}
}

static void count_data(struct side *side, struct use *use, size_t len)
{
	struct world *world = side->world;
	uint32_t unread;

	use->sizes = realloc(use->sizes, ((size_t)use->items + 1) * sizeof(*use->sizes));
	use->sizes[use->items++] = (uint32_t)len;
	use->sent += (uint32_t)len;
	unread = world->kind == PEER_FOREIGN ? use->sent : use->sent - use->consumed;
	if (unread > world->window)
		world_fault(world, "side %d has %u bytes under way, the window is %u", side->number, unread,
			    world->window);
}

/* Who may send what on a channel, and the world's own count of credit. */
static void check_channel_message(struct side *side, const struct envelope *e)
{
	struct use *use = e->use;
	int me = side->number;
	bool sender = use->sender == me, caller = use->exchange->from == me, legal = false;
	bool over = use->ended[me] || use->told[me] || (caller && use->exchange->over && use->exchange->refused);

	switch (e->type) {
	case ROAM_MSG_DATA:
		legal = sender && !over && (caller || !use->exchange->answered);
		count_data(side, use, e->len);
		break;
	case ROAM_MSG_RESET:
		legal = !over;
		use->ended[me] = true;
		break;
	default:
		legal = sender && !use->ended[me] && (!over || (caller && use->reset[me]));
		use->ended[me] = true;
		use->closed = !use->told[me];
	}
	if (!legal || e->id != use->id)
		world_fault(side->world, "side %d may not send type %d on use %d of channel %u in call %d", me, e->type,
			    use->serial, use->id, use->exchange->serial);
}

void side_publish(struct side *side, enum roam_msg type, uint32_t id, const uint8_t *payload, size_t len,
		  struct exchange *exchange, struct use *use)
{
	struct side *to = other_of(side);
	struct envelope *e = calloc(1, sizeof(*e));

	*e = (struct envelope){
		.type = type, .id = id, .len = len, .exchange = exchange, .use = use, .seq = ++to->head,
	};
	if (len > 0)
		memcpy(e->payload, payload, len);
	world_note(side, "publishes type %d %u of call %d, %zu bytes", type, id, exchange->serial, len);
	if (use != NULL)
		check_channel_message(side, e);
	else
		check_call_message(side, e);
	to->in[to->in_count++] = e;
	if (side->world->broken == BROKEN_SWAPS && to->in_count > 1 && world_pick(side->world, 20) == 0) {
		to->in[to->in_count - 1] = to->in[to->in_count - 2];
		to->in[to->in_count - 2] = e;
	}
}

bool side_publish_out(struct side *side)
{
	struct core_out *out = core_next_out(&side->core);
	uint8_t answer[] = { 1, 0, 1, 0, 0, 0 };

	if (out == NULL || side_full(side))
		return false;
	switch (out->type) {
	case ROAM_MSG_CANCEL:
		side_publish(side, ROAM_MSG_CANCEL, out->id, NULL, 0, exchange_of_call(core_out_call(out)), NULL);
		break;
	case ROAM_MSG_RESPONSE: {
		struct exchange *x = exchange_of_request(core_out_request(out));

		answer[2] = x->refused;
		answer[3] = x->refused ? x->request.refusal : (uint8_t)x->serial;
		side_publish(side, ROAM_MSG_RESPONSE, out->id, answer, 4, x, NULL);
		x->handling = false;
		break;
	}
	default: {
		struct use *use = port_of(core_out_channel(out))->use;

		side_publish(side, (enum roam_msg)out->type, out->id, NULL, 0, use->exchange, use);
	}
	}
	core_published(&side->core, out);
	side_settle(side);
	return true;
}

/* ---- Receiving -------------------------------------------------------------------------------------------------- */

void side_take_off(struct side *side, int n)
{
	if (n > side->in_count)
		n = side->in_count;
	memcpy(side->batch + side->batch_count, side->in, (size_t)n * sizeof(side->in[0]));
	side->batch_count += n;
	side->in_count -= n;
	memmove(side->in, side->in + n, (size_t)side->in_count * sizeof(side->in[0]));
	if (n > 0 && side->world->broken == BROKEN_PROCESSES_EARLY)
		core_processed(&side->core, side->batch[side->batch_count - 1]->seq);
}

/* Looks for a message that is about to reach another use of its id. */
static void check_delivery(struct side *side, struct envelope *e)
{
	struct idmap_node *node;

	if (e->use != NULL) {
		node = idmap_find(&side->core.channels, e->id);
		if (node != NULL && port_of((struct core_channel *)node)->use != e->use)
			world_fault(side->world, "type %d of call %d reaches call %d", e->type, e->exchange->serial,
				    port_of((struct core_channel *)node)->use->exchange->serial);
	} else if (e->type == ROAM_MSG_RESPONSE) {
		node = idmap_find(&side->core.calls, e->id);
		if (node != &e->exchange->call.node)
			world_fault(side->world, "the Response to call %d does not find its call", e->exchange->serial);
	} else if (e->type == ROAM_MSG_CANCEL) {
		node = idmap_find(&side->core.serving, e->id);
		if (node != NULL && node != &e->exchange->request.node)
			world_fault(side->world, "the Cancel of call %d reaches another", e->exchange->serial);
	}
}

/* Notes what this side knows now. */
static void delivered(struct side *side, const struct envelope *e)
{
	if (e->type == ROAM_MSG_RESPONSE) {
		e->exchange->over = true;
		e->exchange->calling = false;
		for (int i = 0; i < side->cancel_count; i++) /* a Cancel that waited is taken back */
			if (side->cancels[i] == e->exchange) {
				memmove(side->cancels + i, side->cancels + i + 1,
					(size_t)(--side->cancel_count - i) * sizeof(side->cancels[0]));
				break;
			}
	} else if (e->type == ROAM_MSG_CLOSE || e->type == ROAM_MSG_RESET) {
		e->use->told[side->number] = true;
		e->use->reset[side->number] |= e->type == ROAM_MSG_RESET;
	}
}

/* Compares a result with what the callee gave. */
static void check_answer(struct side *side, struct exchange *x, const struct core_arrival *arrival)
{
	if (arrival->body_len != 2 || arrival->body[0] != x->refused ||
	    arrival->body[1] != (x->refused ? x->request.refusal : (uint8_t)x->serial))
		world_fault(side->world, "call %d has a result that nobody gave", x->serial);
	if (x->cancelled)
		world_fault(side->world, "call %d was given up and still has a result", x->serial);
}

void side_processed(struct side *side, struct envelope *e)
{
	core_processed(&side->core, e->seq);
	free(e);
}

void side_process(struct side *side)
{
	struct roam_message message;
	struct core_arrival arrival;
	struct envelope *e;
	int error;

	if (side->batch_count == 0 || side->arriving != NULL)
		return;
	e = side->batch[0];
	memmove(side->batch, side->batch + 1, (size_t)--side->batch_count * sizeof(side->batch[0]));
	world_note(side, "receives type %d %u of call %d", e->type, e->id, e->exchange->serial);
	check_delivery(side, e);
	message = (struct roam_message){
		.type = (uint8_t)e->type, .id = e->id, .len = (uint32_t)e->len, .seq = e->seq,
	};
	error = core_receive(&side->core, &message, e->payload,
			     e->type == ROAM_MSG_REQUEST ? &e->exchange->request : NULL, &arrival);
	if (error != 0)
		world_fault(side->world, "side %d says %s of a message", side->number, side->core.fault.text);
	if (arrival.call != NULL)
		check_answer(side, e->exchange, &arrival);
	delivered(side, e);
	side_settle(side);
	if (arrival.request != NULL)
		side->arriving = e;
	else
		side_processed(side, e);
}

/* ---- Effects ---------------------------------------------------------------------------------------------------- */

static void responded(struct side *side, struct exchange *x)
{
	if (x->responded)
		world_fault(side->world, "call %d ended twice", x->serial);
	x->responded = true;
}

void side_settle(struct side *side)
{
	struct core_effect *effect;
	uint8_t change;

	if (side->core.note != NULL)
		world_fault(side->world, "side %d notes: %s", side->number, side->core.note);
	while ((effect = core_next_effect(&side->core, &change)) != NULL) {
		if ((change & CORE_WAKE) == 0)
			continue;
		switch ((enum core_kind)effect->kind) {
		case CORE_CALL:
			responded(side, HOLDER(effect, struct exchange, call.effect));
			break;
		case CORE_REQUEST:
			HOLDER(effect, struct exchange, request.effect)->ended = true;
			break;
		case CORE_CHANNEL:
			HOLDER(effect, struct port, channel.effect)->stalled = false;
			break;
		}
	}
}
