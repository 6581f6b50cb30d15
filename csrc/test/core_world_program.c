/* The programs of a world. */

#include "core_world_state.h"

#define EACH_EXCHANGE(side, x)                                                                                       \
	for (int i_ = 0; i_ < (side)->world->exchange_count; i_++)                                                   \
		for (struct exchange *x = (side)->world->exchanges[i_]; x != NULL; x = NULL)

/* ---- Ends ------------------------------------------------------------------------------------------------------- */

/* Lets go of an end, whose error must be one that came about. */
void side_end_port(struct side *side, struct port *port, int error)
{
	struct use *use = port->use;
	bool fits = false;

	port->in_hands = false;
	if (side->core.failure.error != 0)
		return;
	switch (error) {
	case ROAM_ERR_END:
		fits = use->closed && use->taken == use->items;
		break;
	case ROAM_ERR_RESET:
		fits = use->told[side->number] && use->reset[side->number];
		break;
	case ROAM_ERR_CLOSED:
		fits = true;
		break;
	case ROAM_ERR_CANCELLED:
		fits = use->exchange->from == side->number && use->exchange->cancelled;
		break;
	case ROAM_ERR_UNKNOWN_METHOD:
	case ROAM_ERR_INVALID_PAYLOAD:
		fits = use->exchange->refused;
		break;
	}
	if (!fits)
		world_fault(side->world, "side %d has the end of use %d in call %d as %d after %d of %d items",
			    side->number, use->serial, use->exchange->serial, error, use->taken, use->items);
}

/* The error of an end that this side's program has ended. */
static int why_ended(struct side *side, struct port *port)
{
	struct roam_bytes item;
	uint32_t room;
	int error = port->channel.sends ? core_send_room(&side->core, &port->channel, &room) :
					  core_take(&side->core, &port->channel, &item);

	if (error == 0 || error == ROAM_ERR_AGAIN)
		world_fault(side->world, "side %d can still use an end", side->number);
	return error;
}

static void end_port(struct side *side, struct port *port)
{
	world_note(side, "ends use %d of call %d", port->use->serial, port->use->exchange->serial);
	core_end_channel(&side->core, &port->channel, ROAM_ERR_CLOSED);
	side_settle(side);
	side_end_port(side, port, why_ended(side, port));
}

/* Any end in this side's hands that sends or receives. */
static struct port *some_port(struct side *side, bool sends)
{
	struct port *all[WORLD_MOST];
	int n = 0;

	EACH_EXCHANGE(side, x)
		for (int i = 0; i < x->count && n < WORLD_MOST; i++)
			if (port_at(&x->uses[i], side)->in_hands && port_at(&x->uses[i], side)->channel.sends == sends)
				all[n++] = port_at(&x->uses[i], side);
	return n > 0 ? all[world_pick(side->world, n)] : NULL;
}

static struct exchange *some_exchange(struct side *side, bool (*may)(const struct side *, const struct exchange *))
{
	struct exchange *all[WORLD_MOST];
	int n = 0;

	EACH_EXCHANGE(side, x)
		if (may(side, x))
			all[n++] = x;
	return n > 0 ? all[world_pick(side->world, n)] : NULL;
}

/* ---- Calls ------------------------------------------------------------------------------------------------------ */

static int calls_of(struct side *side)
{
	int n = 0;

	EACH_EXCHANGE(side, x)
		n += x->from == side->number && x->calling;
	return n;
}

static void make_ports(struct use *use, bool caller_sends)
{
	int from = use->exchange->from;

	use->sender = caller_sends ? from : 1 - from;
	core_channel_init(&use->ends[from].channel, caller_sends, 0);
	use->ends[0].use = use->ends[1].use = use;
}

static void begin(struct side *side)
{
	struct world *world = side->world;
	struct exchange *x = calloc(1, sizeof(*x));
	struct core_channel **last = &x->call.channels;
	int most = side->number == 1 || world->kind == PEER_FOREIGN ? 3 : 2; /* odd ids, even ids */

	core_call_init(&x->call);
	core_request_init(&x->request);
	x->serial = world->exchange_count;
	x->from = side->number;
	x->count = (world_pick(world, 7) + 1) / 2;
	if (x->count > most)
		x->count = most;
	for (int i = 0; i < x->count; i++) {
		x->uses[i].exchange = x;
		x->uses[i].serial = i;
		make_ports(&x->uses[i], world_pick(world, 2) == 0);
		*last = &port_at(&x->uses[i], side)->channel;
		last = &(*last)->sibling;
	}
	if (world_pick(world, 2) == 0)
		side->core.last_request = (uint32_t)world_pick(world, 6); /* as after 2^32 calls */
	if (core_start(&side->core, &x->call) != 0) {
		free(x);
		return;
	}
	x->calling = true;
	for (int i = 0; i < x->count; i++)
		x->uses[i].id = port_at(&x->uses[i], side)->channel.node.id;
	world->exchanges[world->exchange_count++] = x;
	world_note(side, "begins call %d as request %u with %d channels", x->serial, x->call.node.id, x->count);
}

static bool unpublished(const struct side *side, const struct exchange *x)
{
	return x->from == side->number && x->calling && !x->published;
}

static void send_request(struct side *side, struct exchange *x)
{
	static const uint8_t payload[] = { 1, 0 };

	if (core_commit_call(&side->core, &x->call) != 0)
		world_fault(side->world, "call %d cannot be published", x->serial);
	side_publish(side, ROAM_MSG_REQUEST, x->call.node.id, payload, sizeof(payload), x, NULL);
	x->published = true;
	for (int i = 0; i < x->count; i++)
		port_at(&x->uses[i], side)->in_hands = true;
}

static bool may_give_up(const struct side *side, const struct exchange *x)
{
	return x->from == side->number && x->calling && !x->cancelled;
}

static void give_up(struct side *side, struct exchange *x)
{
	world_note(side, "gives up call %d", x->serial);
	if (!x->published) {
		core_withdraw(&side->core, &x->call, ROAM_ERR_CANCELLED);
		side_settle(side);
		x->calling = false;
		return;
	}
	x->cancelled = true;
	side->cancels[side->cancel_count++] = x;
	core_cancel(&side->core, &x->call, ROAM_ERR_CANCELLED);
	side_settle(side);
	for (int i = 0; i < x->count; i++)
		if (port_at(&x->uses[i], side)->in_hands)
			side_end_port(side, port_at(&x->uses[i], side), why_ended(side, port_at(&x->uses[i], side)));
	if (side->world->broken == BROKEN_FORGETS_CANCELLED && idmap_find(&side->core.calls, x->call.node.id) != NULL) {
		idmap_remove(&side->core.calls, &x->call.node);
		x->calling = false;
	}
}

/* ---- Requests --------------------------------------------------------------------------------------------------- */

static bool at_work(const struct side *side, const struct exchange *x)
{
	return x->from != side->number && x->handling && !x->returned && !x->refused;
}

/* Ends the handler's use of its channels. */
static void returns(struct side *side, struct exchange *x)
{
	world_note(side, "returns from call %d", x->serial);
	x->returned = true;
	core_returned(&side->core, &x->request);
	side_settle(side);
	for (int i = 0; i < x->count; i++) {
		struct port *port = port_at(&x->uses[i], side);

		if (port->in_hands && !port->channel.detached)
			side_end_port(side, port, why_ended(side, port));
	}
}

static void accept(struct side *side, struct exchange *x)
{
	struct core_channel **last = &x->request.channels;

	x->accepted = true;
	for (int i = 0; i < x->count; i++) {
		struct port *port = port_at(&x->uses[i], side);

		core_channel_init(&port->channel, x->uses[i].sender == side->number, x->uses[i].id);
		*last = &port->channel;
		last = &port->channel.sibling;
		port->in_hands = true;
	}
	if (core_accept(&side->core, &x->request) != 0)
		world_fault(side->world, "side %d does not accept call %d: %s", side->number, x->serial,
			    side->core.fault.text);
	world_note(side, "accepts call %d", x->serial);
	if (world_pick(side->world, 6) == 5) { /* a handler that answers at once, without room */
		returns(side, x);
		core_queue_response(&side->core, &x->request);
		x->queued = true;
	}
}

static void answer_arrival(struct side *side)
{
	struct envelope *e = side->arriving;
	struct exchange *x;

	if (e == NULL)
		return;
	side->arriving = NULL;
	x = e->exchange;
	x->handling = true;
	if (world_pick(side->world, 6) == 5) {
		x->refused = x->queued = true;
		core_refuse(&side->core, &x->request, (uint8_t)(CORE_NO_METHOD + x->serial % 2));
		world_note(side, "refuses call %d", x->serial);
	} else {
		accept(side, x);
	}
	side_settle(side);
	side_processed(side, e);
}

static bool has_result(const struct side *side, const struct exchange *x)
{
	return x->from != side->number && x->handling && x->returned && !x->queued;
}

static void send_response(struct side *side, struct exchange *x)
{
	const uint8_t payload[] = { 1, 0, 0, (uint8_t)x->serial };

	if (core_commit_response(&side->core, &x->request) != 0)
		world_fault(side->world, "call %d cannot be answered", x->serial);
	side_publish(side, ROAM_MSG_RESPONSE, x->request.node.id, payload, sizeof(payload), x, NULL);
	x->handling = false;
}

/* ---- Items ------------------------------------------------------------------------------------------------------ */

static uint32_t some_size(struct world *world)
{
	switch (world_pick(world, 5)) {
	case 0:
		return 0;
	case 1:
		return world->window;
	}
	return 1 + (uint32_t)world_pick(world, world->window < 30 ? (int)world->window : 30);
}

static void send_item(struct side *side, struct port *port, uint32_t size)
{
	struct use *use = port->use;
	uint8_t bytes[256];
	int error = core_commit_data(&side->core, &port->channel, size);

	if (error == ROAM_ERR_AGAIN) {
		port->stalled = true;
		port->need = size;
	} else if (error != 0) {
		side_end_port(side, port, error);
	} else {
		if (port->stalled && size >= port->need && side->world->kind != PEER_TABLE)
			world_fault(side->world, "side %d got credit without a wake", side->number);
		port->stalled = false;
		item_of(use, use->items, size, bytes);
		side_publish(side, ROAM_MSG_DATA, use->id, bytes, size, use->exchange, use);
	}
}

/* Takes the next item and compares it with what was sent; whether there was one. */
static bool take(struct side *side, struct port *port)
{
	struct use *use = port->use;
	struct roam_bytes item;
	uint8_t bytes[256];
	int error = core_take(&side->core, &port->channel, &item);

	if (error == ROAM_ERR_AGAIN) {
		port->stalled = true;
		return false;
	}
	if (port->stalled)
		world_fault(side->world, "side %d was not woken for an item or end", side->number);
	if (error != 0) {
		side_end_port(side, port, error);
		return false;
	}
	if (use->taken >= use->items) {
		world_fault(side->world, "side %d took item %d of %d", side->number, use->taken, use->items);
		return false;
	}
	item_of(use, use->taken, use->sizes[use->taken], bytes);
	if (item.len != use->sizes[use->taken] || (item.len > 0 && memcmp(item.data, bytes, item.len) != 0))
		world_fault(side->world, "item %d of use %d in call %d is another than was sent", use->taken,
			    use->serial, use->exchange->serial);
	use->consumed += use->sizes[use->taken++];
	return true;
}

/* ---- Steps ------------------------------------------------------------------------------------------------------ */

/* Sends one of what the program may send now; what the core queued goes first. */
static void send_something(struct side *side)
{
	struct exchange *x;
	struct port *port;

	if (core_next_out(&side->core) != NULL && side->world->broken != BROKEN_OVERTAKES) {
		(void)side_publish_out(side);
		return;
	}
	if (side_full(side))
		return;
	switch (world_pick(side->world, 4)) {
	case 0:
		x = some_exchange(side, unpublished);
		if (x != NULL)
			send_request(side, x);
		break;
	case 1:
		x = some_exchange(side, has_result);
		if (x != NULL)
			send_response(side, x);
		break;
	default:
		port = some_port(side, true);
		if (port != NULL)
			send_item(side, port, some_size(side->world));
	}
}

static void end_something(struct side *side)
{
	struct port *port = some_port(side, world_pick(side->world, 3) == 0);
	struct exchange *x;

	switch (world_pick(side->world, 4)) {
	case 0:
	case 1:
		if (port != NULL)
			end_port(side, port);
		break;
	case 2:
		x = some_exchange(side, may_give_up);
		if (x != NULL)
			give_up(side, x);
		break;
	default:
		if (port != NULL && !port->channel.sends && port->use->exchange->from != side->number)
			port->channel.detached = true;
	}
}

void side_step(struct side *side)
{
	struct world *world = side->world;
	struct exchange *x;
	struct port *port;

	if (world_pick(world, 100) < world->ending) {
		end_something(side);
		return;
	}
	switch (world_pick(world, 12)) {
	case 0:
		if (calls_of(side) < WORLD_AT_ONCE && world->exchange_count < WORLD_MOST)
			begin(side);
		break;
	case 1:
	case 2:
	case 3:
		send_something(side);
		break;
	case 4:
	case 5:
		(void)side_publish_out(side);
		break;
	case 6:
	case 7:
		side_take_off(side, 1 + world_pick(world, 4));
		break;
	case 8:
	case 9:
		side_process(side);
		break;
	case 10:
		answer_arrival(side);
		x = some_exchange(side, at_work);
		if (x != NULL && world_pick(world, 12) == 0)
			returns(side, x);
		break;
	default:
		port = some_port(side, false);
		if (port != NULL)
			(void)take(side, port);
	}
}

/* ---- Coming to rest --------------------------------------------------------------------------------------------- */

static void drain(struct side *side)
{
	while (side_publish_out(side))
		continue;
}

/* Sends one more item, the largest there can be: credit for it must come, since everything is read. */
static void finish_sending(struct side *side, struct port *port)
{
	int items = port->use->items;

	drain(side);
	if (side_full(side) || core_next_out(&side->core) != NULL)
		return;
	send_item(side, port, side->world->kind == PEER_FOREIGN ? 0 : side->world->window);
	if (port->use->items > items && port->in_hands)
		end_port(side, port);
}

/* Returns once the channels have ended of themselves, and answers. */
static void finish_handler(struct side *side, struct exchange *x)
{
	bool using = false;

	for (int i = 0; i < x->count; i++)
		using = using || port_at(&x->uses[i], side)->in_hands;
	if (!using && at_work(side, x))
		returns(side, x);
	drain(side);
	if (has_result(side, x) && !side_full(side) && core_next_out(&side->core) == NULL)
		send_response(side, x);
}

void side_finish(struct side *side)
{
	drain(side);
	EACH_EXCHANGE(side, x) {
		if (unpublished(side, x) && !side_full(side) && core_next_out(&side->core) == NULL)
			send_request(side, x);
		for (int i = 0; i < x->count; i++) {
			struct port *port = port_at(&x->uses[i], side);

			if (port->in_hands && port->channel.sends)
				finish_sending(side, port);
		}
	}
	side_take_off(side, side->in_count);
	while (side->world->fault[0] == 0 && (side->batch_count > 0 || side->arriving != NULL)) {
		answer_arrival(side);
		side_process(side);
	}
	EACH_EXCHANGE(side, x) {
		for (int i = 0; i < x->count; i++) {
			struct port *port = port_at(&x->uses[i], side);

			while (port->in_hands && !port->channel.sends && take(side, port))
				continue;
		}
		if (x->from != side->number && x->handling)
			finish_handler(side, x);
	}
}

bool side_busy(const struct side *side)
{
	if (side->batch_count + side->in_count > 0 || side->arriving != NULL || core_next_out(&side->core) != NULL)
		return true;
	for (int i = 0; i < side->world->exchange_count; i++) {
		struct exchange *x = side->world->exchanges[i];

		if (x->from == side->number ? x->calling : x->handling)
			return true;
		for (int k = 0; k < x->count; k++)
			if (x->uses[k].ends[side->number].in_hands)
				return true;
	}
	return false;
}

/* ---- The end of the connection ---------------------------------------------------------------------------------- */

static void port_fails(struct side *side, struct port *port)
{
	struct roam_bytes item;
	int error;

	if (port->stalled)
		world_fault(side->world, "side %d was not woken at the end", side->number);
	do {
		error = port->channel.sends ? core_commit_data(&side->core, &port->channel, 0) :
					      core_take(&side->core, &port->channel, &item);
	} while (error == 0 && !port->channel.sends);
	if (error == 0 || error == ROAM_ERR_AGAIN)
		world_fault(side->world, "an end of side %d did not fail", side->number);
	core_end_channel(&side->core, &port->channel, ROAM_ERR_CLOSED);
}

void side_fails(struct side *side, const struct roam_failure *failure)
{
	core_fail(&side->core, failure);
	side_settle(side);
	EACH_EXCHANGE(side, x) {
		if (x->from == side->number && x->calling &&
		    (x->call.state != CORE_CALL_DONE || x->call.error != failure->error || !x->responded))
			world_fault(side->world, "call %d did not fail", x->serial);
		if (x->from != side->number && x->handling && x->accepted != x->ended)
			world_fault(side->world, "the handler of call %d: accepted %d, ended %d", x->serial,
				    x->accepted, x->ended);
		for (int i = 0; i < x->count; i++)
			if (port_at(&x->uses[i], side)->in_hands)
				port_fails(side, port_at(&x->uses[i], side));
	}
	side_settle(side);
	if (core_busy(&side->core) || core_next_out(&side->core) != NULL)
		world_fault(side->world, "side %d failed and is still busy", side->number);
}

/* Compares the core's counts with what the world knows. */
void side_check(struct side *side)
{
	uint32_t calls = 0, serving = side->arriving != NULL;

	EACH_EXCHANGE(side, x) {
		calls += x->from == side->number && x->calling;
		serving += x->from != side->number && x->handling;
	}
	if (side->core.calls.count != calls)
		world_fault(side->world, "side %d counts %u calls, %u are in flight", side->number,
			    side->core.calls.count, calls);
	if (side->core.serving.count != serving)
		world_fault(side->world, "side %d counts %u requests, %u are in flight", side->number,
			    side->core.serving.count, serving);
	if (side->core.outs > serving + side->core.channels.count + (uint32_t)side->cancel_count)
		world_fault(side->world, "side %d has %u messages queued", side->number, side->core.outs);
}
