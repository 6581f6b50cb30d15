/* The other side of one core. */

#include "core_peer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer_check.h"

unsigned peer_faults;
bool peer_quiet;

/* ---- Table ------------------------------------------------------------------------------------------------------ */

/* An entry that is in use. */
static struct table_entry *used(struct table *table, uint32_t id, const char *what)
{
	PEER_CHECK(table->entry[id].active || table->lenient, "%s of channel entry %u, which is Free", what, id);
	return &table->entry[id];
}

static void activate(void *context, uint32_t id, uint32_t credit)
{
	struct table_side *side = context;
	struct table_entry *entry = &side->table->entry[id];

	PEER_CHECK(!entry->active || side->table->lenient, "activate of channel entry %u, which is in use", id);
	*entry = (struct table_entry){ .active = true, .granted = credit, .uses = entry->uses + 1 };
}

static int32_t remaining(void *context, uint32_t id, uint32_t sent_total)
{
	struct table_side *side = context;

	return (int32_t)(used(side->table, id, "look at the credit")->granted - sent_total);
}

/* Of the side that allocated the id it may come after the other side's last touch: the Close that went before is still
 * on its way to it. Nobody reads it any more. */
static void grant(void *context, uint32_t id, uint32_t bytes)
{
	struct table_side *side = context;

	if ((id & 1) != side->parity)
		(void)used(side->table, id, "grant");
	side->table->entry[id].granted += bytes;
}

static void free_entry(void *context, uint32_t id)
{
	struct table_side *side = context;

	used(side->table, id, "free")->active = false;
}

static bool is_free(void *context, uint32_t id)
{
	struct table_side *side = context;

	return !side->table->entry[id].active;
}

static uint32_t head_of(void *context)
{
	struct table_side *side = context;

	return *side->head;
}

struct core_table table_of(struct table_side *side)
{
	return (struct core_table){
		.activate = activate, .remaining = remaining, .grant = grant, .free = free_entry, .is_free = is_free,
		.head = head_of, .context = side,
	};
}

/* ---- Making ----------------------------------------------------------------------------------------------------- */

void peer_create(struct peer *peer, enum peer_kind kind, uint32_t parity, uint32_t max_channels)
{
	struct core_config config = {
		.limits = { TEST_MAX_PAYLOAD, TEST_WINDOW, max_channels },
		.allocator = &roam_default_allocator,
		.parity = parity,
		.buffered = TEST_BUFFERED,
	};

	*peer = (struct peer){ .head = 0 };
	peer->side = (struct table_side){ &peer->table, parity, &peer->head };
	if (kind == PEER_TABLE)
		config.table = table_of(&peer->side);
	PEER_CHECK(core_init(&peer->core, &config) == 0, "no core");
}

void peer_destroy(struct peer *peer)
{
	while (peer->calls != NULL) {
		struct test_call *call = peer->calls;

		peer->calls = call->next;
		for (int i = 0; i < TEST_CHANNELS; i++)
			core_channel_free(&peer->core, &call->channels[i]);
		free(call);
	}
	while (peer->requests != NULL) {
		struct test_request *request = peer->requests;

		peer->requests = request->next;
		for (int i = 0; i < TEST_CHANNELS; i++)
			core_channel_free(&peer->core, &request->channels[i]);
		free(request);
	}
	core_destroy(&peer->core);
}

struct test_call *peer_new_call(struct peer *peer)
{
	struct test_call *call = calloc(1, sizeof(*call));

	core_call_init(&call->core);
	call->next = peer->calls;
	peer->calls = call;
	return call;
}

static struct test_request *new_request(struct peer *peer)
{
	struct test_request *request = calloc(1, sizeof(*request));

	core_request_init(&request->core);
	request->next = peer->requests;
	peer->requests = request;
	return request;
}

/* ---- Messages --------------------------------------------------------------------------------------------------- */

int peer_receive_raw(struct peer *peer, enum roam_msg type, uint32_t id, const void *payload, size_t len)
{
	struct roam_message message = { .type = (uint8_t)type, .id = id, .method = 7, .len = (uint32_t)len };
	struct test_request *spare = new_request(peer);
	int error;

	message.seq = ++peer->head;
	error = core_receive(&peer->core, &message, payload, &spare->core, &peer->arrival);
	if (error == 0 && peer->arrival.call != NULL) {
		struct test_call *call = (struct test_call *)peer->arrival.call;

		call->body_len = peer->arrival.body_len;
		if (call->body_len > sizeof(call->body))
			call->body_len = sizeof(call->body);
		if (call->body_len > 0)
			memcpy(call->body, peer->arrival.body, call->body_len);
	}
	core_processed(&peer->core, message.seq);
	return error;
}

int peer_receive(struct peer *peer, enum roam_msg type, uint32_t id, const void *body, size_t len)
{
	bool prefixed = type == ROAM_MSG_REQUEST || type == ROAM_MSG_RESPONSE;
	unsigned char *payload = calloc(1, len + 2);
	int error;

	payload[0] = 1;
	if (len > 0)
		memcpy(payload + 2, body, len);
	error = prefixed ? peer_receive_raw(peer, type, id, payload, len + 2) :
			   peer_receive_raw(peer, type, id, payload + 2, len);
	free(payload);
	return error;
}

void peer_send(struct peer *peer, enum roam_msg type, uint32_t id, const void *body, size_t len)
{
	int error = peer_receive(peer, type, id, body, len);

	PEER_CHECK(error == 0, "message type %d of %u: %d, %s", type, id, error, peer->core.fault.text);
}

void peer_data(struct peer *peer, uint32_t id, const char *text)
{
	peer_send(peer, ROAM_MSG_DATA, id, text, strlen(text));
}

void peer_close(struct peer *peer, uint32_t id)
{
	peer_send(peer, ROAM_MSG_CLOSE, id, NULL, 0);
}

void peer_reset(struct peer *peer, uint32_t id)
{
	peer_send(peer, ROAM_MSG_RESET, id, NULL, 0);
}

void peer_answer(struct peer *peer, uint32_t id)
{
	static const unsigned char body[] = { 0, 42 };

	peer_send(peer, ROAM_MSG_RESPONSE, id, body, sizeof(body));
}

bool peer_broke(const struct peer *peer, int error, const char *rule)
{
	size_t len = strlen(rule);

	return error == ROAM_ERR_VIOLATION && strncmp(peer->core.fault.text, rule, len) == 0 &&
	       strncmp(peer->core.fault.text + len, ": ", 2) == 0;
}

void peer_breaks(struct peer *peer, const char *rule, enum roam_msg type, uint32_t id, const void *body, size_t len)
{
	int error = peer_receive(peer, type, id, body, len);

	PEER_CHECK(peer_broke(peer, error, rule), "message type %d of %u: %d, %s, want %s", type, id, error,
		   error != 0 ? peer->core.fault.text : "", rule);
}

/* ---- What the core does ----------------------------------------------------------------------------------------- */

struct test_call *peer_started(struct peer *peer, const char *sends)
{
	struct test_call *call = peer_new_call(peer);
	struct core_channel **last = &call->core.channels;
	int error;

	for (size_t i = 0; sends[i] != 0; i++) {
		core_channel_init(&call->channels[i], sends[i] == 's', 0);
		*last = &call->channels[i];
		last = &call->channels[i].sibling;
	}
	error = core_start(&peer->core, &call->core);
	PEER_CHECK(error == 0, "a call with channels \"%s\" cannot start: %d", sends, error);
	return call;
}

struct test_call *peer_call(struct peer *peer, const char *sends)
{
	struct test_call *call = peer_started(peer, sends);

	PEER_CHECK(core_commit_call(&peer->core, &call->core) == 0, "a call cannot be published");
	return call;
}

struct test_request *peer_arrive(struct peer *peer, uint32_t id)
{
	peer_send(peer, ROAM_MSG_REQUEST, id, NULL, 0);
	PEER_CHECK(peer->arrival.request != NULL, "request %u did not arrive", id);
	return (struct test_request *)peer->arrival.request;
}

struct core_channel *peer_name(struct test_request *request, bool sends, uint64_t id)
{
	struct core_channel **last = &request->core.channels;
	struct core_channel *channel = request->channels;

	while (*last != NULL) {
		last = &(*last)->sibling;
		channel++;
	}
	core_channel_init(channel, sends, id);
	*last = channel;
	return channel;
}

struct test_request *peer_serve(struct peer *peer, uint32_t id, const char *sends, uint32_t first)
{
	struct test_request *request = peer_arrive(peer, id);
	int error;

	for (size_t i = 0; sends[i] != 0; i++) {
		uint32_t channel = first + 2 * (uint32_t)i;

		/* By the other side, before its Request. */
		if (channel < TEST_ENTRIES && !peer->table.entry[channel].active)
			peer->table.entry[channel] = (struct table_entry){ .active = true, .granted = TEST_WINDOW };
		(void)peer_name(request, sends[i] == 's', channel);
	}
	error = core_accept(&peer->core, &request->core);
	PEER_CHECK(error == 0, "request %u is not accepted: %s", id, peer->core.fault.text);
	return request;
}

void peer_respond(struct peer *peer, struct test_request *request)
{
	PEER_CHECK(core_next_out(&peer->core) == NULL, "queued messages go first");
	PEER_CHECK(core_commit_response(&peer->core, &request->core) == 0, "a request cannot be answered");
}

const char *peer_published(struct peer *peer)
{
	static const char *const names[] = { "", "Request", "Response", "Cancel", "Data", "Close", "Reset", "Goodbye" };
	static char text[4096];
	struct core_out *out;
	size_t len = 0;

	text[0] = 0;
	while ((out = core_next_out(&peer->core)) != NULL) {
		if (len < sizeof(text) - 32)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %u", len > 0 ? ", " : "",
						names[out->type], out->id);
		core_published(&peer->core, out);
	}
	return text;
}

/* ---- Looking ---------------------------------------------------------------------------------------------------- */

bool peer_woke(struct peer *peer, const struct core_effect *effect)
{
	struct core_effect *one;
	bool woke = false;
	uint8_t change;

	while ((one = core_next_effect(&peer->core, &change)) != NULL)
		woke = woke || (one == effect && (change & CORE_WAKE) != 0);
	return woke;
}

unsigned peer_wakes(struct peer *peer)
{
	unsigned n = 0;
	uint8_t change;

	while (core_next_effect(&peer->core, &change) != NULL)
		n += (change & CORE_WAKE) != 0;
	return n;
}

void peer_take(struct peer *peer, struct core_channel *channel, const char *text)
{
	struct roam_bytes item;
	int error = core_take(&peer->core, channel, &item);

	PEER_CHECK(error == 0, "no item: %d", error);
	if (error == 0)
		PEER_CHECK(item.len == strlen(text) && (item.len == 0 || memcmp(item.data, text, item.len) == 0),
			   "an item of %zu bytes, want \"%s\"", item.len, text);
}

int peer_ended(struct peer *peer, struct core_channel *channel)
{
	struct roam_bytes item;

	return core_take(&peer->core, channel, &item);
}

uint32_t peer_room(struct peer *peer, struct core_channel *channel)
{
	uint32_t room = 0;

	PEER_CHECK(core_send_room(&peer->core, channel, &room) == 0, "nothing may be sent");
	return room;
}

unsigned peer_active(const struct peer *peer)
{
	unsigned n = 0;

	for (uint32_t id = 0; id < TEST_ENTRIES; id++)
		n += peer->table.entry[id].active;
	return n;
}

/* Whether every id can be taken at once, and comes back. */
static bool all_ids_back(struct peer *peer)
{
	uint32_t max = peer->core.config.limits.max_channels, first = 2 - peer->core.config.parity, n;
	struct core_channel channels[TEST_ENTRIES];
	struct core_call call;
	int error;

	core_call_init(&call);
	for (n = 0; first + 2 * n < max; n++) {
		core_channel_init(&channels[n], true, 0);
		channels[n].sibling = call.channels;
		call.channels = &channels[n];
	}
	error = core_start(&peer->core, &call);
	if (error == 0)
		core_withdraw(&peer->core, &call, ROAM_ERR_CLOSED);
	(void)peer_wakes(peer); /* the call is of this function */
	return error == 0;
}

void peer_at_rest(struct peer *peer)
{
	PEER_CHECK(!core_busy(&peer->core) && core_next_out(&peer->core) == NULL,
		   "%u calls, %u requests, %u channels and %u messages are left", peer->core.calls.count,
		   peer->core.serving.count, peer->core.channels.count, peer->core.outs);
	PEER_CHECK(peer->core.tombs == 0, "%u tombs are left", peer->core.tombs);
	if (peer->core.config.table.activate == NULL)
		return;
	PEER_CHECK(peer_active(peer) == 0, "%u entries are not Free", peer_active(peer));
	PEER_CHECK(all_ids_back(peer), "not all ids come back");
}
