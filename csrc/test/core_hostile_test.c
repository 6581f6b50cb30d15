/* A core that is sent what no program would send: it may end the connection with a rule's id, and do nothing else. */

#include "check.h"
#include "core_peer.h"
#include "peer_check.h"

enum { SEQUENCES = 4000, STEPS = 400, MOST = 2 * STEPS, IDS = 12 };

/* struct hostile: a core, and what its own programs hold. */
struct hostile {
	struct peer peer;
	uint64_t random;
	struct test_call *calls[MOST];
	struct test_request *requests[MOST];
	struct core_channel *channels[MOST];
	unsigned call_count, request_count, channel_count;
};

static unsigned pick(struct hostile *h, unsigned n)
{
	h->random ^= h->random << 13;
	h->random ^= h->random >> 7;
	h->random ^= h->random << 17;
	return (unsigned)(h->random >> 16) % n;
}

static void hold(struct hostile *h, struct core_channel *channels)
{
	for (; channels != NULL && h->channel_count < MOST; channels = channels->sibling)
		h->channels[h->channel_count++] = channels;
}

/* ---- What this side's programs do -------------------------------------------------------------------------------- */

static void use(struct hostile *h, struct core_channel *channel)
{
	struct roam_bytes item;

	if (pick(h, 4) == 0)
		core_end_channel(&h->peer.core, channel, ROAM_ERR_CLOSED);
	else if (channel->sends)
		(void)core_commit_data(&h->peer.core, channel, pick(h, TEST_WINDOW));
	else
		(void)core_take(&h->peer.core, channel, &item);
}

static void call(struct hostile *h)
{
	static const char *const kinds[] = { "", "s", "r", "sr" };
	/* peer_call must find ids. */
	bool ids = h->peer.core.ids.retired_count + h->peer.core.channels.count == 0;

	if (h->peer.core.calls.count > 8)
		return;
	h->calls[h->call_count] = peer_call(&h->peer, ids ? kinds[pick(h, 4)] : "");
	hold(h, h->calls[h->call_count++]->core.channels);
}

static void program(struct hostile *h)
{
	struct core *core = &h->peer.core;

	switch (pick(h, 5)) {
	case 0:
		call(h);
		break;
	case 1:
		if (h->call_count > 0)
			core_cancel(core, &h->calls[pick(h, h->call_count)]->core, ROAM_ERR_CANCELLED);
		break;
	case 2:
		if (h->request_count > 0) {
			struct test_request *request = h->requests[--h->request_count];

			core_returned(core, &request->core);
			core_queue_response(core, &request->core);
		}
		break;
	default:
		if (h->channel_count > 0)
			use(h, h->channels[pick(h, h->channel_count)]);
	}
}

/* ---- What comes ------------------------------------------------------------------------------------------------- */

/* Mostly one that means something. */
static uint32_t some_id(struct hostile *h)
{
	unsigned n = pick(h, 8);

	if (n < 5 && h->channel_count > 0)
		return h->channels[pick(h, h->channel_count)]->node.id;
	if (n < 7 && h->call_count > 0)
		return h->calls[pick(h, h->call_count)]->core.node.id;
	return pick(h, IDS);
}

static int arrived(struct hostile *h, struct test_request *request)
{
	int error;

	if (pick(h, 4) == 0) {
		core_refuse(&h->peer.core, &request->core, CORE_BAD_PAYLOAD);
		return 0;
	}
	for (unsigned n = pick(h, 4); n > 0; n--)
		(void)peer_name(request, pick(h, 2) == 0, pick(h, IDS));
	error = core_accept(&h->peer.core, &request->core);
	hold(h, request->core.channels);
	if (error == 0)
		h->requests[h->request_count++] = request;
	return error;
}

/* One message. A rule that it breaks ends the connection, but this one does not always listen. */
static int message(struct hostile *h)
{
	static const uint8_t types[] = {
		ROAM_MSG_REQUEST, ROAM_MSG_REQUEST, ROAM_MSG_RESPONSE, ROAM_MSG_CANCEL, ROAM_MSG_DATA,
		ROAM_MSG_DATA,    ROAM_MSG_CLOSE,   ROAM_MSG_RESET,
	};
	enum roam_msg type = types[pick(h, sizeof(types))];
	unsigned char payload[2 * TEST_WINDOW];
	size_t len = pick(h, sizeof(payload));
	int error;

	for (size_t i = 0; i < len; i++)
		payload[i] = (unsigned char)pick(h, 4);
	if (pick(h, 50) == 0)
		type = (enum roam_msg)pick(h, 256);
	error = pick(h, 10) == 0 ? peer_receive_raw(&h->peer, type, some_id(h), payload, len) :
				   peer_receive(&h->peer, type, some_id(h), payload, len);
	if (error == 0 && h->peer.arrival.request != NULL)
		return arrived(h, (struct test_request *)h->peer.arrival.request);
	if (error != 0)
		CHECK(error == ROAM_ERR_EVICTED || error == ROAM_ERR_VIOLATION);
	return pick(h, 30) == 0 ? error : 0;
}

/* ---- Sequences -------------------------------------------------------------------------------------------------- */

/* What the other side can make this one hold is bounded. */
static void check_bounds(const struct hostile *h)
{
	const struct core *core = &h->peer.core;

	CHECK(core->outs <= core->serving.count + h->call_count + h->channel_count);
	for (unsigned i = 0; i < h->channel_count; i++)
		CHECK(h->channels[i]->items.in.len <= 11 * TEST_BUFFERED);
}

/* Ends the connection, after which nothing may be left. */
static void fail(struct hostile *h, int error)
{
	struct roam_failure failure = { .error = error };

	CHECK(error == ROAM_ERR_VIOLATION || error == ROAM_ERR_EVICTED || error == ROAM_ERR_CLOSED);
	if (error == ROAM_ERR_VIOLATION)
		CHECK(strstr(h->peer.core.fault.text, ": ") != NULL);
	core_fail(&h->peer.core, &failure);
	CHECK(!core_busy(&h->peer.core) && core_next_out(&h->peer.core) == NULL);
	(void)peer_wakes(&h->peer);
	for (unsigned i = 0; i < h->call_count; i++)
		CHECK(h->calls[i]->core.state == CORE_CALL_DONE && !core_call_held(&h->calls[i]->core));
	for (unsigned i = 0; i < h->channel_count; i++)
		CHECK(h->channels[i]->registered == false);
}

static void play(uint64_t seed)
{
	static struct hostile h;
	int error = 0;

	h = (struct hostile){ .random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1 };
	peer_create(&h.peer, seed % 2 == 0 ? PEER_TABLE : PEER_FOREIGN, (uint32_t)(seed / 2 % 2), 10);
	h.peer.table.lenient = true; /* the other side writes there what it likes */
	for (int step = 0; step < STEPS && error == 0; step++) {
		switch (pick(&h, 8)) {
		case 0:
			program(&h);
			break;
		case 1:
			(void)peer_published(&h.peer);
			break;
		default:
			error = message(&h);
		}
		(void)peer_wakes(&h.peer);
		check_bounds(&h);
	}
	fail(&h, error != 0 ? error : ROAM_ERR_CLOSED);
	peer_destroy(&h.peer);
}

static void nothing_that_comes_does_harm(void)
{
	for (uint64_t seed = 1; seed <= SEQUENCES; seed++)
		play(seed);
	NO_FAULTS();
}

int main(void)
{
	RUN(nothing_that_comes_does_harm);
	return finished();
}
