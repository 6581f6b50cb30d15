/* A guest and a host that does what a test says. */

#include "pair.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "guest/metadata.h"

static void must(bool held, const char *what)
{
	if (held)
		return;
	fprintf(stderr, "pair: %s\n", what);
	exit(EXIT_FAILURE);
}

/* ---- Making ----------------------------------------------------------------------------------------------------- */

static void take_log(void *context, const char *text)
{
	struct pair *pair = context;

	(void)snprintf(pair->log, sizeof(pair->log), "%s", text);
	pair->logged++;
}

static struct roam_config pair_config(bool roomy)
{
	struct roam_config config = small_config();

	config.ring_size = 64;
	config.slot_size = roomy ? 32768 : 4096;
	config.slots_per_guest = 16;
	config.max_payload_size = roomy ? 30000 : 4000;
	config.initial_credit = roomy ? 60000 : 1000;
	config.max_channels = 16;
	return config;
}

void pair_create(struct pair *pair, const struct roam_method *methods, size_t count, void *user,
		 const struct roam_options *given)
{
	struct roam_service service = { .name = "Test", .methods = methods, .method_count = count, .user = user };
	struct roam_options options;
	struct ticket_args args;
	struct roam_failure failure;
	bool foreign = pair->foreign, roomy = pair->roomy;
	uint64_t heartbeat = pair->heartbeat;
	int bell;

	memset(pair, 0, sizeof(*pair));
	pair->before = held_now();
	counting_init(&pair->memory);
	host_create(&pair->host, pair_config(roomy), NULL);
	host_header(&pair->host)->heartbeat_interval = heartbeat;
	if (foreign)
		host_peer(&pair->host, 1)->host_flags = 0;
	bell = host_doorbell(&pair->host, SOCK_STREAM);
	host_set_entry(&pair->host, 1, ROAM_STATE_RESERVED, 7);
	host_ticket(&pair->host, 1, bell, 7, &args);
	roam_options_init(&options);
	if (given != NULL)
		options = *given;
	options.services = &service;
	options.service_count = 1;
	options.allocator = pair->memory.allocator;
	options.log = take_log;
	options.log_context = pair;
	must(roam_guest_attach(args.argc, args.argv, &options, &pair->guest, &failure) == 0, failure.text);
	fixture_end(&pair->host.segment, 1, true, &pair->host.end);
	pair->host.end.peer_table = !foreign; /* a foreign host takes any channel id */
}

void pair_create_stepped(struct pair *pair, const struct roam_method *methods, size_t count, void *user)
{
	struct roam_options options;

	roam_options_init(&options);
	options.max_threads = 1;
	pair_create(pair, methods, count, user, &options);
	must(roam_guest_fd(pair->guest) >= 0, "the guest cannot be run by steps");
}

void pair_step(struct pair *pair)
{
	must(roam_guest_step(pair->guest) == 0, "a step of the guest failed");
}

bool pair_destroy(struct pair *pair)
{
	bool freed;

	roam_guest_free(pair->guest);
	freed = pair->memory.live == 0;
	if (!freed)
		fprintf(stderr, "pair: %u blocks were not released\n", pair->memory.live);
	host_destroy(&pair->host);
	return held_same(pair->before) && freed;
}

/* ---- Sending ---------------------------------------------------------------------------------------------------- */

static void publish(struct pair *pair, enum roam_msg type, uint32_t id, uint64_t method, const void *prefix,
		    size_t prefix_len, const void *body, size_t len)
{
	struct roam_slot any = { .index = ROAM_INLINE_SLOT };
	enum roam_status status;

	status = roam_end_stage(&pair->host.end, type, id, method, prefix, prefix_len, body, len, any);
	must(status == ROAM_OK, "no room for a message of the host");
	if (roam_end_commit(&pair->host.end))
		(void)roam_bell_ring(pair->host.bell);
}

static const unsigned char none[] = { 1, 0 };

void pair_send(struct pair *pair, enum roam_msg type, uint32_t id, const void *body, size_t len)
{
	publish(pair, type, id, 0, none, type == ROAM_MSG_RESPONSE ? sizeof(none) : 0, body, len);
}

void pair_request(struct pair *pair, uint32_t id, uint64_t method, const void *body, size_t len)
{
	publish(pair, ROAM_MSG_REQUEST, id, method, none, sizeof(none), body, len);
}

void pair_request_raw(struct pair *pair, uint32_t id, uint64_t method, const void *payload, size_t len)
{
	publish(pair, ROAM_MSG_REQUEST, id, method, NULL, 0, payload, len);
}

void pair_activate(struct pair *pair, uint32_t id)
{
	roam_channel_activate(roam_end_channel(&pair->host.end, id), pair->host.segment.config.initial_credit);
}

/* ---- Taking ----------------------------------------------------------------------------------------------------- */

bool pair_take(struct pair *pair, struct said *said)
{
	struct roam_received received;

	received = roam_end_receive(&pair->host.end, &said->message, 1, said->payload, sizeof(said->payload));
	if (received.status != ROAM_OK && received.count == 0) {
		fprintf(stderr, "pair: the guest sent what is no message: status %u\n", received.status);
		exit(EXIT_FAILURE);
	}
	/* It is told at once: a guest waits for that when it leaves. */
	if (roam_end_settle(&pair->host.end) || received.bell)
		(void)roam_bell_ring(pair->host.bell);
	return received.count > 0;
}

void pair_await(struct pair *pair, struct said *said)
{
	while (!pair_take(pair, said))
		sched_yield();
}

bool pair_says(struct pair *pair, enum roam_msg type, uint32_t id)
{
	struct said said;

	if (!pair_take(pair, &said)) {
		fprintf(stderr, "pair: the guest said nothing\n");
		return false;
	}
	if (said.message.type == type && said.message.id == id)
		return true;
	fprintf(stderr, "pair: the guest said type %u of %u\n", said.message.type, said.message.id);
	return false;
}

/* Splits a Response. */
static bool split(const struct said *said, uint32_t id, struct roam_bytes *list, struct roam_bytes *body)
{
	if (said->message.type != ROAM_MSG_RESPONSE || said->message.id != id)
		return false;
	return metadata_split(said->payload, said->message.len, list, body);
}

bool said_answer(const struct said *said, uint32_t id, const void *want, size_t len)
{
	struct roam_bytes list, body;

	return split(said, id, &list, &body) && list.len <= 1 && body.len == len && memcmp(body.data, want, len) == 0;
}

bool said_failure(const struct said *said, uint32_t id, const char *text)
{
	struct roam_bytes list, body;
	struct roam_metadata entry;

	if (!split(said, id, &list, &body) || body.len != 2 || body.data[0] != 1 || body.data[1] != 3)
		return false;
	if (!metadata_find(list, METADATA_ERROR, &entry))
		return text == NULL;
	if (text != NULL && roam_string_equal(entry.string, roam_string_of(text)))
		return true;
	fprintf(stderr, "pair: failed with \"%.*s\"\n", (int)entry.string.len, entry.string.data);
	return false;
}

bool pair_answers(struct pair *pair, uint32_t id, const void *want, size_t len)
{
	struct said said;

	return pair_take(pair, &said) && said_answer(&said, id, want, len);
}

bool pair_fails(struct pair *pair, uint32_t id, const char *text)
{
	struct said said;

	return pair_take(pair, &said) && said_failure(&said, id, text);
}

bool pair_expects(struct pair *pair, uint32_t id, char body)
{
	const char want[] = { 0, body };
	struct said said;

	pair_await(pair, &said);
	return said_answer(&said, id, want, 2);
}
