/*
 * One core against a peer that sends any messages in any order, while the program on this side makes calls, serves and
 * uses channels. Every fault names a rule, what the core keeps is bounded by what is open, and when the connection has
 * ended nothing is left.
 */

#include "input.h"
#include "test/core_peer.h"

enum { MOST_PAYLOAD = 64, MOST_THINGS = 24, MAX_CHANNELS = 16 };

/* struct game: a core and what the program has in hand. */
struct game {
	struct peer peer;
	struct test_call *calls[MOST_THINGS];
	struct test_request *requests[MOST_THINGS];
	size_t call_count, request_count;
	int ended; /* by which error */
};

/* The program's structures of a kind, picked by a byte; NULL without any. */
static struct test_call *some_call(struct game *game, struct input *input)
{
	uint8_t n = input_u8(input);

	return game->call_count > 0 ? game->calls[n % game->call_count] : NULL;
}

static struct test_request *some_request(struct game *game, struct input *input)
{
	uint8_t n = input_u8(input);

	return game->request_count > 0 ? game->requests[n % game->request_count] : NULL;
}

/* One of its channels; NULL when it has none. */
static struct core_channel *channel_of(struct core_channel *first, uint8_t n)
{
	for (n %= TEST_CHANNELS; n > 0 && first != NULL; n--)
		first = first->sibling;
	return first;
}

static struct core_channel *some_channel(struct game *game, struct input *input)
{
	uint8_t side = input_u8(input);

	if ((side & 1) != 0) {
		struct test_call *call = some_call(game, input);

		/* of a call that was published */
		return call != NULL && call->core.state != CORE_CALL_ADMITTED ? channel_of(call->core.channels, side >> 1) :
										NULL;
	} else {
		struct test_request *request = some_request(game, input);

		return request != NULL && request->core.taken ? channel_of(request->core.channels, side >> 1) : NULL;
	}
}

/* A step found a rule broken: the connection ends as a guest would end it. */
static void faulted(struct game *game, int error)
{
	const struct roam_failure *fault = &game->peer.core.fault;

	HOLDS(error == ROAM_ERR_VIOLATION || error == ROAM_ERR_EVICTED);
	HOLDS(fault->error == error);
	if (error == ROAM_ERR_VIOLATION) {
		const char *colon = strstr(fault->text, ": ");

		HOLDS(colon != NULL && memchr(fault->text, '.', (size_t)(colon - fault->text)) != NULL);
	}
	core_fail(&game->peer.core, fault);
	game->ended = error;
}

/* The error of a step that may only say no, or that the connection ends. */
static void took(struct game *game, int error)
{
	if (error == ROAM_ERR_VIOLATION)
		faulted(game, error);
}

static void accept_request(struct game *game, struct input *input)
{
	struct test_request *request = (struct test_request *)game->peer.arrival.request;
	uint8_t shape = input_u8(input);

	if (request == NULL)
		return;
	game->peer.arrival.request = NULL;
	if (shape % 8 == 7 || game->request_count == MOST_THINGS) {
		core_refuse(&game->peer.core, &request->core, shape % 2 == 0 ? CORE_NO_METHOD : CORE_BAD_PAYLOAD);
		return;
	}
	for (uint32_t i = 0; i < shape % 4U; i++)
		(void)peer_name(request, (shape >> (4 + i) & 1) != 0, input_u8(input));
	game->requests[game->request_count++] = request;
	took(game, core_accept(&game->peer.core, &request->core));
}

static void message_comes(struct game *game, struct input *input)
{
	uint8_t type = input_u8(input) % 9; /* one too low, one too high */
	uint32_t id = input_u8(input) % 20;
	bool raw = (input_u8(input) & 1) != 0;
	size_t len;
	const uint8_t *bytes = input_bytes(input, MOST_PAYLOAD, &len);
	int error;

	if (raw) /* outside the entries, the peer writes as it likes: it is lenient */
		error = peer_receive_raw(&game->peer, (enum roam_msg)type, id, bytes, len);
	else
		error = peer_receive(&game->peer, (enum roam_msg)type, id, bytes, len);
	if (error != 0)
		faulted(game, error);
	else
		accept_request(game, input);
}

static void start_call(struct game *game, struct input *input)
{
	uint8_t shape = input_u8(input);
	struct test_call *call;
	int error;

	if (game->call_count == MOST_THINGS)
		return;
	call = peer_new_call(&game->peer);
	for (uint32_t i = 0; i < shape % (TEST_CHANNELS + 1U); i++) {
		core_channel_init(&call->channels[i], (shape >> (4 + i) & 1) != 0, 0);
		if (i > 0)
			call->channels[i - 1].sibling = &call->channels[i];
	}
	call->core.channels = shape % (TEST_CHANNELS + 1U) > 0 ? call->channels : NULL;
	error = core_start(&game->peer.core, &call->core);
	HOLDS(error == 0 || error == ROAM_ERR_AGAIN);
	if (error == 0)
		game->calls[game->call_count++] = call;
}

static void use_call(struct game *game, struct input *input)
{
	struct test_call *call = some_call(game, input);
	uint8_t what = input_u8(input);

	if (call == NULL)
		return;
	if (what % 2 == 1)
		core_cancel(&game->peer.core, &call->core, ROAM_ERR_CANCELLED);
	else if (call->core.state != CORE_CALL_ADMITTED)
		return;
	else if (what % 16 == 0)
		core_withdraw(&game->peer.core, &call->core, ROAM_ERR_CLOSED);
	else if (core_next_out(&game->peer.core) == NULL)
		HOLDS(core_commit_call(&game->peer.core, &call->core) == 0);
}

static void use_request(struct game *game, struct input *input)
{
	struct test_request *request = some_request(game, input);
	struct core *core = &game->peer.core;

	if (request == NULL || !request->core.served || request->core.response.queued)
		return;
	core_returned(core, &request->core);
	if (input_u8(input) % 2 == 0)
		core_queue_response(core, &request->core);
	else if (core_next_out(core) == NULL)
		HOLDS(core_commit_response(core, &request->core) == 0);
}

static void use_channel(struct game *game, struct input *input)
{
	struct core_channel *channel = some_channel(game, input);
	uint8_t what = input_u8(input);
	struct core *core = &game->peer.core;
	struct roam_bytes item;

	if (channel == NULL)
		return;
	if (what % 8 == 7)
		core_end_channel(core, channel, (what & 8) != 0 ? ROAM_ERR_CLOSED : ROAM_ERR_CANCELLED);
	else if (channel->sends && core_next_out(core) == NULL)
		took(game, core_commit_data(core, channel, what));
	else if (!channel->sends && core_take(core, channel, &item) == 0)
		HOLDS(item.len <= MOST_PAYLOAD);
}

static void use_table(struct game *game, struct input *input)
{
	struct table_entry *entry = &game->peer.table.entry[input_u8(input) % MAX_CHANNELS];
	uint8_t what = input_u8(input);

	entry->active = (what & 1) != 0;
	entry->granted = (what & 2) != 0 ? input_u32(input) : TEST_WINDOW;
}

static void step(struct game *game, struct input *input)
{
	switch (input_u8(input) % 8) {
	case 0:
	case 1:
		message_comes(game, input);
		break;
	case 2:
		start_call(game, input);
		break;
	case 3:
		use_call(game, input);
		break;
	case 4:
		use_request(game, input);
		break;
	case 5:
		use_channel(game, input);
		break;
	case 6:
		if (core_next_out(&game->peer.core) != NULL)
			core_published(&game->peer.core, core_next_out(&game->peer.core));
		break;
	default:
		use_table(game, input);
	}
}

/* What is there is bounded by what was made. */
static void check_bounds(const struct game *game)
{
	const struct core *core = &game->peer.core;

	HOLDS(core->calls.count <= game->call_count);
	HOLDS(core->serving.count <= CORE_IN_FLIGHT + core->surplus);
	HOLDS(core->channels.count <= TEST_CHANNELS * 2 * MOST_THINGS);
	HOLDS(core->outs <= core->channels.count + core->calls.count + core->serving.count);
}

static void end(struct game *game)
{
	struct core *core = &game->peer.core;

	if (game->ended == 0) {
		core_fail(core, &(struct roam_failure){ .error = ROAM_ERR_HOST_DIED });
		game->ended = ROAM_ERR_HOST_DIED;
	}
	(void)peer_wakes(&game->peer);
	HOLDS(!core_busy(core) && core->outs == 0 && core_next_out(core) == NULL && core->tombs == 0 && core->surplus == 0);
	for (size_t i = 0; i < game->call_count; i++) {
		HOLDS(!core_call_held(&game->calls[i]->core));
		for (struct core_channel *one = game->calls[i]->core.channels; one != NULL; one = one->sibling)
			HOLDS(!core_channel_held(one));
	}
	for (size_t i = 0; i < game->request_count; i++)
		HOLDS(!core_request_held(&game->requests[i]->core));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct game game;
	struct input input = { data, data + size };
	uint8_t kind = input_u8(&input);

	memset(&game, 0, sizeof(game));
	peer_create(&game.peer, (enum peer_kind)(kind % PEER_KINDS), kind >> 1 & 1, MAX_CHANNELS);
	game.peer.table.lenient = true;
	while (input_left(&input) > 0 && game.ended == 0) {
		step(&game, &input);
		check_bounds(&game);
	}
	end(&game);
	peer_destroy(&game.peer);
	return 0;
}
