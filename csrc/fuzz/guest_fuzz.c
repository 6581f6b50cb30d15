/*
 * A whole guest against a host that sends any messages and writes any descriptor, while the program answers, calls and
 * uses channels, all in one thread without waiting. Every fault names a rule, memory is bounded by what came, all that
 * was open ends with the connection, and nothing is left.
 */

#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include "input.h"
#include "roam/guest.h"
#include "test/host.h"

enum {
	MOST_PAYLOAD = 200,
	MOST_CALLS = 3,    /* with two channels each: no id is waited for */
	MOST_DEFERRED = 64,
	MOST_BYTES = 1 << 20
};

enum method { ECHO = 1, FAIL, STREAM, KEEP, METHODS };

/* struct game: a guest, its host, and what the program has in hand. */
struct game {
	struct host host;
	struct roam_guest *guest;
	size_t blocks, bytes; /* of memory that the guest has */
	struct roam_call *calls[MOST_CALLS];
	struct roam_tx *tx[2 * MOST_CALLS];
	struct roam_rx *rx[2 * MOST_CALLS];
	size_t call_count, tx_count, rx_count;
	size_t begun;
	struct roam_request *deferred[MOST_DEFERRED];
	size_t deferred_count;
	bool opened[256]; /* channel ids that a Request of the guest named */
	int ended;
};

/* ---- Memory ----------------------------------------------------------------------------------------------------- */

static void *counted(struct game *game, void *memory, size_t before)
{
	if (memory != NULL)
		game->bytes += malloc_usable_size(memory) - before;
	HOLDS(game->bytes <= MOST_BYTES);
	return memory;
}

static void *allocate(void *context, size_t size)
{
	((struct game *)context)->blocks++;
	return counted(context, malloc(size), 0);
}

static void *resize(void *context, void *memory, size_t size)
{
	size_t before = malloc_usable_size(memory);

	((struct game *)context)->blocks += memory == NULL;
	return counted(context, realloc(memory, size), before);
}

static void release(void *context, void *memory)
{
	struct game *game = context;

	game->blocks -= memory != NULL;
	game->bytes -= malloc_usable_size(memory);
	free(memory);
}

/* ---- What the program serves ------------------------------------------------------------------------------------ */

static int prepare_bytes(struct roam_request *request, struct roam_reader *arguments)
{
	struct roam_string *text = roam_request_alloc(request, sizeof(*text));

	HOLDS(text != NULL);
	*text = roam_read_string(arguments);
	roam_request_set_arguments(request, text);
	return roam_reader_finish(arguments);
}

static int echo(struct roam_request *request)
{
	struct roam_string *text = roam_request_arguments(request);
	struct roam_metadata entry;

	if (roam_request_metadata_at(request, 0, &entry))
		(void)roam_request_add_metadata(request, &entry);
	roam_write_string(roam_request_result(request), *text);
	return 0;
}

static int fail(struct roam_request *request)
{
	struct roam_string *text = roam_request_arguments(request);

	return roam_request_fail(request, "failed with \"%.*s\"", (int)text->len, text->data);
}

/* struct ends: the channels of a request. */
struct ends {
	struct roam_tx *tx;
	struct roam_rx *rx;
};

static int prepare_ends(struct roam_request *request, struct roam_reader *arguments)
{
	struct ends *ends = roam_request_alloc(request, sizeof(*ends));

	HOLDS(ends != NULL);
	ends->tx = roam_request_tx(request, roam_read_u64(arguments));
	ends->rx = roam_request_rx(request, roam_read_u64(arguments));
	roam_request_set_arguments(request, ends);
	return ends->tx == NULL || ends->rx == NULL ? ROAM_ERR_DECODE : roam_reader_finish(arguments);
}

/* Sends back what came so far. */
static void pump(struct ends *ends)
{
	struct roam_bytes item;

	while (roam_rx_try_recv(ends->rx, &item) == 0 && roam_tx_try_send(ends->tx, item.data, item.len) == 0)
		;
}

static int stream(struct roam_request *request)
{
	struct ends *ends = roam_request_arguments(request);

	pump(ends);
	return 0;
}

/* Answers later, if there is room to keep it. */
static int keep(struct roam_request *request)
{
	struct game *game = roam_request_user(request);

	if (game->deferred_count == MOST_DEFERRED)
		return ROAM_ERR_USER;
	game->deferred[game->deferred_count++] = request;
	return ROAM_DEFERRED;
}

static const struct roam_method methods[] = {
	{ .id = ECHO, .name = "Game.Echo", .prepare = prepare_bytes, .handle = echo, .flags = ROAM_METHOD_INLINE },
	{ .id = FAIL, .name = "Game.Fail", .prepare = prepare_bytes, .handle = fail },
	{ .id = STREAM, .name = "Game.Stream", .prepare = prepare_ends, .handle = stream },
	{ .id = KEEP, .name = "Game.Keep", .prepare = prepare_ends, .handle = keep },
};

/* ---- What the host does ----------------------------------------------------------------------------------------- */

static void ring_guest(struct game *game, bool bell)
{
	if (bell)
		(void)roam_bell_ring(game->host.bell);
}

/* A guest speaks of its own channels only once it has named them in a Request. */
static void check_said(const struct game *game, const struct roam_message *message)
{
	if (message->type >= ROAM_MSG_DATA && message->type <= ROAM_MSG_RESET && message->id % 2 == 1)
		HOLDS(message->id < sizeof(game->opened) && game->opened[message->id]);
}

/* Takes all that the guest has sent, which no honest host would find at fault; whether there was anything. */
static bool drain(struct game *game)
{
	struct roam_message messages[4];
	unsigned char arena[4 * 252];
	struct roam_received got;
	bool any = false;

	do {
		got = roam_end_receive(&game->host.end, messages, 4, arena, sizeof(arena));
		HOLDS(got.status == ROAM_OK);
		ring_guest(game, got.bell);
		any = any || got.count > 0;
		for (uint32_t i = 0; i < got.count; i++)
			check_said(game, &messages[i]);
	} while (got.count > 0);
	return any;
}

static void host_says(struct game *game, struct input *input)
{
	static const uint8_t prefix[] = { 1, 0 };
	struct roam_slot any = { .index = ROAM_INLINE_SLOT };
	uint8_t type = input_u8(input), id = input_u8(input);
	size_t len;
	const uint8_t *bytes = input_bytes(input, MOST_PAYLOAD, &len);
	bool raw = (type & 0x80) != 0;

	type = type % 7 + 1;
	raw = raw || (type != ROAM_MSG_REQUEST && type != ROAM_MSG_RESPONSE);
	if (roam_end_stage(&game->host.end, (enum roam_msg)type, id % 20, id % (METHODS + 1), prefix, raw ? 0 : sizeof(prefix),
			   bytes, len, any) == ROAM_OK)
		ring_guest(game, roam_end_commit(&game->host.end));
}

/* A descriptor of any bytes in the next place, and the head moved. */
static void host_scribbles(struct game *game, struct input *input)
{
	struct roam_peer *peer = host_peer(&game->host, 1);
	size_t len;
	const uint8_t *bytes = input_bytes(input, sizeof(struct roam_desc), &len);

	memcpy(fixture_desc(&game->host.segment, 1, true, peer->host_to_guest_head), bytes, len);
	peer->host_to_guest_head += input_u8(input);
	ring_guest(game, true);
}

static void host_writes_table(struct game *game, struct input *input)
{
	struct roam_channel *entry = roam_end_channel(&game->host.end, 1 + input_u8(input) % 15U);
	uint8_t what = input_u8(input);

	if (what % 4 == 0)
		roam_channel_free(entry);
	else if (what % 4 == 1)
		roam_channel_activate(entry, input_u16(input));
	else
		roam_channel_grant(entry, input_u16(input));
	ring_guest(game, true);
}

/* ---- What the program does -------------------------------------------------------------------------------------- */

static void step_guest(struct game *game)
{
	struct roam_failure failure;
	int error = roam_guest_step(game->guest);

	roam_guest_failure(game->guest, &failure);
	HOLDS(failure.error == error);
	if (error == ROAM_ERR_VIOLATION) {
		const char *colon = strstr(failure.text, ": ");

		HOLDS(colon != NULL && memchr(failure.text, '.', (size_t)(colon - failure.text)) != NULL);
	} else {
		HOLDS(error == 0 || error == ROAM_ERR_EVICTED || error == ROAM_ERR_HOST_DIED);
	}
	HOLDS(game->ended == 0 || game->ended == error);
	game->ended = error;
}

/* Nothing waits for room any more: what is sent next has to wait for nothing. */
static void make_room(struct game *game)
{
	do
		step_guest(game);
	while (drain(game));
}

static void begin_call(struct game *game, struct input *input)
{
	static const bool sends[] = { true, false };
	size_t channels = input_u8(input) % 3U;
	struct roam_call *call;

	if (game->begun == MOST_CALLS || game->ended != 0)
		return;
	make_room(game);
	game->begun++;
	if (roam_call_begin(game->guest, input_u8(input), NULL, sends, channels, &call) != 0)
		return;
	for (size_t i = 0; i < channels; i++)
		roam_write_u64(roam_call_arguments(call), roam_call_channel_id(call, i));
	if (channels > 0)
		game->tx[game->tx_count++] = roam_call_tx(call, 0);
	if (channels > 1)
		game->rx[game->rx_count++] = roam_call_rx(call, 1);
	game->calls[game->call_count++] = call;
	if (input_u8(input) % 8 == 7) /* it is never sent */
		return;
	for (size_t i = 0; i < channels; i++)
		game->opened[roam_call_channel_id(call, i) % sizeof(game->opened)] = true;
	(void)roam_call_send(call);
}

/* Frees the newest end of a channel, or call. */
static void free_one(struct game *game, struct input *input)
{
	switch (input_u8(input) % 3) {
	case 0:
		if (game->tx_count > 0)
			roam_tx_free(game->tx[--game->tx_count]);
		break;
	case 1:
		if (game->rx_count > 0)
			roam_rx_free(game->rx[--game->rx_count]);
		break;
	default:
		if (game->call_count > 0)
			roam_call_free(game->calls[--game->call_count]);
	}
}

static void use_call(struct game *game, struct input *input)
{
	size_t n = input_u8(input);
	struct roam_call *call = game->call_count > 0 ? game->calls[n % game->call_count] : NULL;
	struct roam_reader result;

	if (call == NULL)
		return;
	if (input_u8(input) % 4 == 3)
		roam_call_cancel(call);
	switch (roam_call_poll(call)) {
	case 0:
	case ROAM_ERR_USER:
		result = roam_call_result(call);
		(void)roam_read_string(&result);
		break;
	case ROAM_ERR_REMOTE:
		HOLDS(roam_call_error(call).len <= MOST_PAYLOAD);
		break;
	}
}

static void use_ends(struct game *game, struct input *input)
{
	static const char item[255];
	uint8_t n = input_u8(input), what = input_u8(input);
	struct roam_bytes came;

	if ((what & 1) != 0 && game->tx_count > 0) {
		struct roam_tx *tx = game->tx[n % game->tx_count];

		(void)(what == 1 ? roam_tx_close(tx) : roam_tx_try_send(tx, item, what));
	} else if (game->rx_count > 0) {
		struct roam_rx *rx = game->rx[n % game->rx_count];

		if (what == 0)
			roam_rx_close(rx);
		else
			(void)roam_rx_try_recv(rx, &came);
	}
}

static void finish_request(struct game *game, struct input *input)
{
	uint8_t how = input_u8(input);
	struct roam_request *request;
	struct ends *ends;

	if (game->deferred_count == 0)
		return;
	request = game->deferred[--game->deferred_count];
	ends = roam_request_arguments(request);
	pump(ends);
	(void)roam_request_ended(request);
	if (how % 4 == 3)
		(void)roam_request_fail(request, "%u", how);
	roam_request_finish(request, how % 2 == 0 ? 0 : ROAM_ERR_REMOTE);
}

static void step(struct game *game, struct input *input)
{
	switch (input_u8(input) % 13) {
	case 0:
	case 1:
	case 2:
		host_says(game, input);
		break;
	case 3:
		host_scribbles(game, input);
		break;
	case 4:
		host_writes_table(game, input);
		break;
	case 5:
		(void)drain(game);
		break;
	case 6:
		begin_call(game, input);
		break;
	case 7:
		use_call(game, input);
		break;
	case 8:
		use_ends(game, input);
		break;
	case 9:
		finish_request(game, input);
		break;
	case 10:
		free_one(game, input);
		break;
	default:
		step_guest(game);
	}
}

/* ---- Beginning and end ------------------------------------------------------------------------------------------ */

static void attach(struct game *game, bool foreign)
{
	struct roam_service service = { .name = "Game", .methods = methods, .method_count = METHODS - 1, .user = game };
	struct roam_failure failure;
	struct roam_options options;
	struct ticket_args args;

	host_create(&game->host, small_config(), NULL);
	if (foreign)
		host_peer(&game->host, 1)->host_flags = 0;
	host_set_entry(&game->host, 1, ROAM_STATE_RESERVED, 7);
	host_ticket(&game->host, 1, host_doorbell(&game->host, SOCK_STREAM), 7, &args);
	roam_options_init(&options);
	options.services = &service;
	options.service_count = 1;
	options.max_threads = 1;
	options.allocator = (struct roam_allocator){ allocate, resize, release, game };
	HOLDS(roam_guest_attach(args.argc, args.argv, &options, &game->guest, &failure) == 0);
	fixture_end(&game->host.segment, 1, true, &game->host.end);
	game->host.end.peer_table = !foreign;
	HOLDS(roam_guest_fd(game->guest) >= 0);
}

static void detach(struct game *game, bool first)
{
	(void)close(game->host.bell); /* the host is gone: nobody waits for it */
	game->host.bell = -1;
	if (first) {
		step_guest(game);
		HOLDS(game->ended != 0);
		for (size_t i = 0; i < game->call_count; i++)
			HOLDS(roam_call_poll(game->calls[i]) != ROAM_ERR_AGAIN);
	}
	for (size_t i = 0; first && i < game->tx_count; i++)
		roam_tx_free(game->tx[i]);
	for (size_t i = 0; first && i < game->rx_count; i++)
		roam_rx_free(game->rx[i]);
	for (size_t i = 0; first && i < game->call_count; i++)
		roam_call_free(game->calls[i]);
	roam_guest_free(game->guest); /* with all that was not freed */
	HOLDS(game->blocks == 0 && game->bytes == 0);
	host_destroy(&game->host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, data + size };
	struct game game = { .ended = 0 };
	uint8_t kind = input_u8(&input);

	attach(&game, (kind & 1) != 0);
	while (input_left(&input) > 0)
		step(&game, &input);
	detach(&game, (kind & 2) != 0);
	return 0;
}
