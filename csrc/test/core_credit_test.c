/* Credit, ids of channels and their entries, tombs. */

#include "check.h"
#include "core_peer.h"
#include "peer_check.h"

#define EQ_TEXT(got, want) CHECK(strcmp((got), (want)) == 0)

static const unsigned char bytes[TEST_BUFFERED + 1];

static void over(struct peer *peer)
{
	peer_destroy(peer);
	NO_FAULTS();
}

static void send_bytes(struct peer *peer, uint32_t id, size_t len)
{
	peer_send(peer, ROAM_MSG_DATA, id, bytes, len);
}

static void take_any(struct peer *peer, struct core_channel *channel)
{
	struct roam_bytes item;

	CHECK_EQ(core_take(&peer->core, channel, &item), 0);
}

/* ---- Credit ----------------------------------------------------------------------------------------------------- */

static void data_needs_credit_for_all_of_it(void)
{
	for (enum peer_kind kind = 0; kind < PEER_KINDS; kind++) {
		struct peer peer;
		struct core_channel *channels[2];

		peer_create(&peer, kind, 0, 8);
		channels[0] = &peer_call(&peer, "s")->channels[0];
		channels[1] = &peer_serve(&peer, 1, "s", 1)->channels[0];
		for (int i = 0; i < 2; i++) {
			struct core_channel *channel = channels[i];

			CHECK_EQ(core_commit_data(&peer.core, channel, TEST_WINDOW + 1), ROAM_ERR_AGAIN);
			CHECK_EQ(core_commit_data(&peer.core, channel, TEST_WINDOW - 10), 0);
			CHECK_EQ(peer_room(&peer, channel), 10);
			CHECK_EQ(core_commit_data(&peer.core, channel, 11), ROAM_ERR_AGAIN);
			CHECK_EQ(core_commit_data(&peer.core, channel, 10), 0);
			CHECK_EQ(core_commit_data(&peer.core, channel, 0), 0); /* items of no bytes cost no credit */
			CHECK_EQ(core_commit_data(&peer.core, channel, 1), ROAM_ERR_AGAIN);
			core_end_channel(&peer.core, channel, ROAM_ERR_CLOSED); /* needs none */
		}
		EQ_TEXT(peer_published(&peer), "Close 2, Close 1");
		over(&peer);
	}
}

static void credit_overrun_is_goodbye(void)
{
	for (enum peer_kind kind = 0; kind < PEER_KINDS; kind++) {
		struct peer peer;
		size_t window = kind == PEER_TABLE ? TEST_WINDOW : TEST_BUFFERED;

		peer_create(&peer, kind, 0, 8);
		(void)peer_serve(&peer, 1, "r", 3);
		send_bytes(&peer, 3, window - 1);
		send_bytes(&peer, 3, 1);
		send_bytes(&peer, 3, 0);
		peer_breaks(&peer, "flow.channel.credit-overrun", ROAM_MSG_DATA, 3, bytes, 1);
		over(&peer);
	}
}

static void granted_less_than_sent_is_the_wrap_rule(void)
{
	struct peer peer;
	struct core_channel *tx;
	uint32_t room;

	peer_create(&peer, PEER_TABLE, 0, 8);
	tx = &peer_call(&peer, "s")->channels[0];
	CHECK_EQ(core_commit_data(&peer.core, tx, 10), 0);
	peer.table.entry[2].granted = 9;
	CHECK(peer_broke(&peer, core_commit_data(&peer.core, tx, 0), "shm.flow.wrap-rule"));
	CHECK(peer_broke(&peer, core_send_room(&peer.core, tx, &room), "shm.flow.wrap-rule"));
	peer.table.entry[2].granted = UINT32_C(10) + INT32_MAX;
	CHECK_EQ(peer_room(&peer, tx), INT32_MAX);
	peer.table.entry[2].granted++;
	CHECK(peer_broke(&peer, core_send_room(&peer.core, tx, &room), "shm.flow.wrap-rule"));
	over(&peer);
}

static void credit_is_granted_when_items_are_taken(void)
{
	struct peer peer;
	struct core_channel *rx;

	peer_create(&peer, PEER_TABLE, 0, 8);
	rx = &peer_call(&peer, "r")->channels[0];
	send_bytes(&peer, 2, 10);
	send_bytes(&peer, 2, 10);
	CHECK_EQ(peer.table.entry[2].granted, TEST_WINDOW); /* not when they arrive */
	take_any(&peer, rx);
	CHECK_EQ(peer.table.entry[2].granted, TEST_WINDOW); /* less than half the window, and more is queued */
	take_any(&peer, rx);
	CHECK_EQ(peer.table.entry[2].granted, TEST_WINDOW + 20); /* at once when all is taken */
	send_bytes(&peer, 2, 40);
	send_bytes(&peer, 2, 40);
	send_bytes(&peer, 2, 20);
	take_any(&peer, rx);
	CHECK_EQ(peer.table.entry[2].granted, TEST_WINDOW + 20);
	take_any(&peer, rx);
	CHECK_EQ(peer.table.entry[2].granted, TEST_WINDOW + 100); /* half the window */
	CHECK_EQ(peer.core.outs, 0);
	over(&peer);
}

static void foreign_peers_are_granted_by_the_buffer_limit_alone(void)
{
	struct peer peer;
	struct core_channel *rx;

	peer_create(&peer, PEER_FOREIGN, 0, 8);
	rx = &peer_call(&peer, "r")->channels[0];
	for (int i = 0; i < 100; i++) {
		send_bytes(&peer, 2, TEST_BUFFERED);
		peer_breaks(&peer, "flow.channel.credit-overrun", ROAM_MSG_DATA, 2, bytes, 1);
		take_any(&peer, rx);
	}
	CHECK_EQ(peer.core.outs, 0);
	over(&peer);
}

static void nobody_grants_after_close_or_reset(void)
{
	struct peer peer;
	struct core_channel *rx, *hrx;

	peer_create(&peer, PEER_TABLE, 0, 8);
	rx = &peer_call(&peer, "r")->channels[0];
	hrx = &peer_serve(&peer, 1, "r", 3)->channels[0];
	send_bytes(&peer, 2, 60);
	send_bytes(&peer, 2, 1);
	send_bytes(&peer, 3, 60);
	send_bytes(&peer, 3, 1);
	peer_close(&peer, 3);
	core_end_channel(&peer.core, rx, ROAM_ERR_CLOSED);
	take_any(&peer, hrx);
	take_any(&peer, hrx);
	CHECK_EQ(peer.table.entry[2].granted, TEST_WINDOW);
	CHECK_EQ(peer.table.entry[3].granted, TEST_WINDOW);
	over(&peer);
}

static void counters_wrap(void)
{
	enum { WINDOW = 1 << 30, BEFORE = 50 };
	struct peer peer;
	struct core_channel *tx, *rx;

	peer_create(&peer, PEER_TABLE, 0, 8);
	peer.core.config.limits.initial_credit = WINDOW;
	tx = &peer_call(&peer, "s")->channels[0];
	rx = &peer_call(&peer, "r")->channels[0];
	for (int i = 0; i < 4; i++) {
		uint32_t n = i < 3 ? WINDOW : WINDOW - BEFORE;

		CHECK_EQ(core_commit_data(&peer.core, tx, n), 0);
		peer.table.entry[2].granted += n;
		rx->received += n; /* as if so much had come and been taken */
		rx->granted += n;
	}
	for (int i = 0; i < 20; i++) {
		CHECK_EQ(core_commit_data(&peer.core, tx, 10), 0);
		CHECK_EQ(peer_room(&peer, tx), WINDOW - 10);
		peer.table.entry[2].granted += 10;
		send_bytes(&peer, 4, 10);
		take_any(&peer, rx);
	}
	CHECK_EQ(core_commit_data(&peer.core, tx, WINDOW + 1), ROAM_ERR_AGAIN);
	CHECK_EQ(core_commit_data(&peer.core, tx, WINDOW), 0);
	CHECK_EQ((uint32_t)(rx->granted - rx->received), WINDOW);
	over(&peer);
}

static void items_of_no_bytes_are_counted_not_stored(void)
{
	enum { MANY = 200000 };
	struct roam_message message = { .type = ROAM_MSG_DATA, .id = 2 };
	struct core_arrival arrival;
	struct peer peer;
	struct core_channel *rx;

	peer_create(&peer, PEER_TABLE, 0, 8);
	rx = &peer_call(&peer, "r")->channels[0];
	for (int i = 0; i < MANY; i++)
		CHECK_EQ(core_receive(&peer.core, &message, NULL, NULL, &arrival), 0);
	CHECK(rx->items.in.capacity + rx->items.out.capacity <= 128);
	peer_close(&peer, 2);
	for (int i = 0; i < MANY; i++)
		take_any(&peer, rx);
	CHECK_EQ(peer_ended(&peer, rx), ROAM_ERR_END);
	CHECK_EQ(peer.table.entry[2].granted, TEST_WINDOW); /* they grant nothing */
	over(&peer);
}

/* ---- Entries and ids -------------------------------------------------------------------------------------------- */

static void entry_is_activated_in_the_step_that_publishes_the_request(void)
{
	struct peer peer;
	struct test_call *call;

	peer_create(&peer, PEER_TABLE, 1, 8);
	call = peer_started(&peer, "sr");
	CHECK_EQ(peer_active(&peer), 0);
	CHECK_EQ(core_commit_call(&peer.core, &call->core), 0);
	CHECK_EQ(peer_active(&peer), 2);
	CHECK_EQ(peer.table.entry[1].granted, TEST_WINDOW);
	over(&peer);
}

static void callee_frees_its_tx_when_the_close_is_published(void)
{
	struct peer peer;
	struct core_channel *htx;

	peer_create(&peer, PEER_TABLE, 0, 8);
	htx = &peer_serve(&peer, 1, "s", 1)->channels[0];
	core_end_channel(&peer.core, htx, ROAM_ERR_CLOSED);
	CHECK(peer.table.entry[1].active); /* queued is not published */
	(void)peer_published(&peer);
	CHECK(!peer.table.entry[1].active);
	over(&peer);
}

static void callee_frees_its_rx_only_at_the_callers_end(void)
{
	for (int resets = 0; resets < 2; resets++) {
		struct peer peer;
		struct test_request *request;

		peer_create(&peer, PEER_TABLE, 0, 8);
		request = peer_serve(&peer, 1, "r", 3);
		core_end_channel(&peer.core, &request->channels[0], ROAM_ERR_CLOSED);
		(void)peer_published(&peer);
		core_returned(&peer.core, &request->core);
		(void)peer_published(&peer);
		peer_respond(&peer, request);
		CHECK(peer.table.entry[3].active);
		peer_send(&peer, resets != 0 ? ROAM_MSG_RESET : ROAM_MSG_CLOSE, 3, NULL, 0);
		CHECK(!peer.table.entry[3].active);
		over(&peer);
	}
}

static void caller_never_frees_what_the_callee_opened(void)
{
	struct roam_failure failure = { .error = ROAM_ERR_HOST_DIED };
	struct peer peer;
	struct test_call *call;

	peer_create(&peer, PEER_TABLE, 1, 10);
	call = peer_call(&peer, "srsr");
	core_end_channel(&peer.core, &call->channels[0], ROAM_ERR_CLOSED);
	core_end_channel(&peer.core, &call->channels[1], ROAM_ERR_CLOSED);
	(void)peer_published(&peer);
	peer_reset(&peer, call->channels[2].node.id);
	peer_close(&peer, call->channels[3].node.id);
	(void)peer_published(&peer);
	peer_answer(&peer, call->core.node.id);
	CHECK_EQ(peer_active(&peer), 4);
	core_fail(&peer.core, &failure);
	CHECK_EQ(peer_active(&peer), 4);
	over(&peer);
}

/* Whether an id is free, which is taken then. */
static bool takes_id(struct peer *peer)
{
	static struct core_channel channels[8];
	static struct core_call calls[8];
	static int at;
	int i = at++ % 8;

	core_call_init(&calls[i]);
	core_channel_init(&channels[i], true, 0);
	calls[i].channels = &channels[i];
	return core_start(&peer->core, &calls[i]) == 0;
}

static void id_is_used_again_once_free_and_the_ring_is_processed(void)
{
	struct peer peer;
	struct core_channel *tx;
	uint32_t id;

	peer_create(&peer, PEER_TABLE, 1, 4); /* 1 and 3 */
	tx = &peer_call(&peer, "sr")->channels[0];
	id = tx->node.id;
	CHECK(!takes_id(&peer)); /* open */
	peer.table.entry[id].active = false; /* a callee that freed before our end is over */
	CHECK(!takes_id(&peer)); /* own end not over */
	peer.table.entry[id].active = true;
	core_end_channel(&peer.core, tx, ROAM_ERR_CLOSED);
	(void)peer_published(&peer);
	CHECK(!takes_id(&peer)); /* the callee has not freed it */
	peer.head += 2; /* its Reset and something else, published before it frees */
	peer.table.entry[id].active = false;
	CHECK(!takes_id(&peer)); /* two messages lie in the ring */
	core_processed(&peer.core, peer.head - 1);
	CHECK(!takes_id(&peer)); /* one message lies in the ring */
	peer.head++; /* published after this side saw Free */
	core_processed(&peer.core, peer.head - 1);
	CHECK(takes_id(&peer));
	CHECK(!takes_id(&peer)); /* the other one is open */
	over(&peer);
}

static void ids_entries_and_positions_wrap(void)
{
	struct peer peer;

	peer_create(&peer, PEER_TABLE, 1, 4);
	peer.head = UINT32_MAX - 500;
	core_processed(&peer.core, peer.head);
	peer.core.last_request = UINT32_MAX - 100;
	for (int i = 0; i < 1000; i++) {
		struct test_call *call = peer_call(&peer, "sr");
		struct core_channel *tx = &call->channels[0], *rx = &call->channels[1];

		peer_data(&peer, rx->node.id, "x");
		peer_close(&peer, rx->node.id);
		peer_take(&peer, rx, "x");
		peer.table.entry[rx->node.id].active = false;
		core_end_channel(&peer.core, tx, ROAM_ERR_CLOSED);
		(void)peer_published(&peer);
		peer.table.entry[tx->node.id].active = false;
		peer_answer(&peer, call->core.node.id);
		(void)peer_wakes(&peer);
	}
	peer_at_rest(&peer);
	over(&peer);
}

static void cancelled_calls_leave_no_entry(void)
{
	static const unsigned char cancelled[] = { 1, 3 };
	struct peer peer;

	peer_create(&peer, PEER_TABLE, 1, 8);
	for (int i = 0; i < 5000; i++) {
		struct test_call *call = peer_call(&peer, "sr");

		core_cancel(&peer.core, &call->core, ROAM_ERR_CANCELLED);
		(void)peer_published(&peer);
		(void)peer_wakes(&peer);
		for (int k = 0; k < 2; k++) /* the callee got both Resets */
			peer.table.entry[call->channels[k].node.id].active = false;
		if (i % 2 == 0)
			peer_answer(&peer, call->core.node.id);
		else
			peer_send(&peer, ROAM_MSG_RESPONSE, call->core.node.id, cancelled, sizeof(cancelled));
		(void)peer_wakes(&peer);
	}
	peer_at_rest(&peer);
	over(&peer);
}

static void refused_channel_is_freed_by_the_caller_once(void)
{
	static const unsigned char refusal[] = { 1, CORE_NO_METHOD };
	struct peer peer;

	peer_create(&peer, PEER_TABLE, 1, 4);
	for (int i = 0; i < 100; i++) {
		struct test_call *call = peer_call(&peer, "sr");

		core_end_channel(&peer.core, &call->channels[0], ROAM_ERR_CLOSED);
		(void)peer_published(&peer);
		peer_send(&peer, ROAM_MSG_RESPONSE, call->core.node.id, refusal, sizeof(refusal));
		CHECK_EQ(peer_active(&peer), 0);
		(void)peer_wakes(&peer);
	}
	peer_at_rest(&peer);
	over(&peer);
}

/* Only a peer that frees what it says it never opened brings this about. */
static void refusal_does_not_touch_an_id_that_is_in_use_again(void)
{
	static const unsigned char refusal[] = { 1, CORE_NO_METHOD };
	struct peer peer;
	struct test_call *call, *again;

	peer_create(&peer, PEER_TABLE, 1, 4);
	call = peer_call(&peer, "r");
	core_end_channel(&peer.core, &call->channels[0], ROAM_ERR_CLOSED);
	(void)peer_published(&peer);
	peer.table.entry[1].active = false;
	again = peer_call(&peer, "s");
	CHECK_EQ(again->channels[0].node.id, 1);
	peer_send(&peer, ROAM_MSG_RESPONSE, call->core.node.id, refusal, sizeof(refusal));
	CHECK(peer.table.entry[1].active);
	CHECK_EQ(peer_room(&peer, &again->channels[0]), TEST_WINDOW);
	over(&peer);
}

/* The caller reset its rx, the callee freed the entry; the Response comes later. */
static void answered_call_leaves_an_id_alone_that_is_in_use_again(void)
{
	struct peer peer;
	struct test_call *call, *again;

	peer_create(&peer, PEER_TABLE, 1, 2);
	call = peer_call(&peer, "r");
	core_end_channel(&peer.core, &call->channels[0], ROAM_ERR_CLOSED);
	(void)peer_published(&peer);
	peer.table.entry[1].active = false;
	again = peer_call(&peer, "r");
	peer_data(&peer, 1, "to the second use");
	peer_answer(&peer, call->core.node.id);
	peer_take(&peer, &again->channels[0], "to the second use");
	peer_data(&peer, 1, "more");
	CHECK_EQ(peer.core.channels.count, 1);
	over(&peer);
}

/* No memory for the lists of ids refuses the call, and nothing else. */
static void *no_memory(void *context, size_t size)
{
	(void)context;
	(void)size;
	return NULL;
}

static void no_memory_for_ids_refuses_the_call(void)
{
	struct roam_allocator none = roam_default_allocator;
	struct core_channel channel;
	struct core_call call;
	struct peer peer;

	peer_create(&peer, PEER_TABLE, 1, 8);
	none.allocate = no_memory;
	peer.core.config.allocator = &none;
	core_call_init(&call);
	core_channel_init(&channel, true, 0);
	call.channels = &channel;
	CHECK_EQ(core_start(&peer.core, &call), ROAM_ERR_NO_MEMORY);
	CHECK(!core_busy(&peer.core));
	peer.core.config.allocator = &roam_default_allocator;
	peer_at_rest(&peer);
	over(&peer);
}

/* ---- Tombs ------------------------------------------------------------------------------------------------------ */

static void tombs_of_their_channels_are_bounded(void)
{
	enum { MORE = CORE_TOMBS + 1000 };
	struct peer peer;

	peer_create(&peer, PEER_FOREIGN, 0, 8);
	for (uint32_t i = 0; i < MORE; i++) {
		struct test_request *request = peer_serve(&peer, 1, "r", 2 * i + 1);

		core_returned(&peer.core, &request->core); /* resets the handler's rx, which the caller never ends */
		(void)peer_published(&peer);
		peer_respond(&peer, request);
		(void)peer_wakes(&peer);
	}
	CHECK_EQ(peer.core.channels.count, CORE_TOMBS);
	CHECK_EQ(peer.core.tombs, CORE_TOMBS);
	/* Forgotten or not, what comes for them is ignored. */
	peer_data(&peer, 1, "late");
	peer_data(&peer, 2 * MORE - 1, "late");
	peer_close(&peer, 1);
	peer_close(&peer, 2 * MORE - 1);
	peer_breaks(&peer, "channeling.unknown", ROAM_MSG_DATA, 2 * MORE + 1, NULL, 0);
	for (uint32_t i = 0; i < MORE; i++)
		peer_close(&peer, 2 * i + 1);
	(void)peer_wakes(&peer);
	peer_at_rest(&peer);
	over(&peer);
}

static void end_of_the_connection_leaves_no_tombs(void)
{
	struct roam_failure failure = { .error = ROAM_ERR_HOST_DIED };
	struct peer peer;

	peer_create(&peer, PEER_FOREIGN, 1, 8);
	core_end_channel(&peer.core, &peer_call(&peer, "r")->channels[0], ROAM_ERR_CLOSED);
	CHECK_EQ(peer.core.tombs, 1);
	core_fail(&peer.core, &failure);
	CHECK_EQ(peer.core.tombs, 0);
	over(&peer);
}

static void resets_that_were_answered_forget_nothing(void)
{
	struct peer peer;

	peer_create(&peer, PEER_FOREIGN, 0, 8);
	for (uint32_t i = 0; i < 2 * CORE_TOMBS; i++) {
		struct test_request *request = peer_serve(&peer, 1, "r", 2 * i + 1);

		core_returned(&peer.core, &request->core);
		(void)peer_published(&peer);
		peer_respond(&peer, request);
		peer_close(&peer, 2 * i + 1);
		(void)peer_wakes(&peer);
		CHECK_EQ(peer.core.tombs, 0);
	}
	peer_breaks(&peer, "channeling.data-after-close", ROAM_MSG_DATA, 1, "x", 1);
	over(&peer);
}

static void bounded_ids_need_no_tombs(void)
{
	struct peer peer;
	struct test_call *call;

	peer_create(&peer, PEER_TABLE, 1, 8);
	call = peer_call(&peer, "rr");
	core_end_channel(&peer.core, &call->channels[0], ROAM_ERR_CLOSED);
	core_cancel(&peer.core, &call->core, ROAM_ERR_CANCELLED);
	CHECK_EQ(peer.core.tombs, 0);
	CHECK_EQ(peer.core.channels.count, 2);
	over(&peer);
}

int main(void)
{
	RUN(data_needs_credit_for_all_of_it);
	RUN(credit_overrun_is_goodbye);
	RUN(granted_less_than_sent_is_the_wrap_rule);
	RUN(credit_is_granted_when_items_are_taken);
	RUN(foreign_peers_are_granted_by_the_buffer_limit_alone);
	RUN(nobody_grants_after_close_or_reset);
	RUN(counters_wrap);
	RUN(items_of_no_bytes_are_counted_not_stored);
	RUN(entry_is_activated_in_the_step_that_publishes_the_request);
	RUN(callee_frees_its_tx_when_the_close_is_published);
	RUN(callee_frees_its_rx_only_at_the_callers_end);
	RUN(caller_never_frees_what_the_callee_opened);
	RUN(id_is_used_again_once_free_and_the_ring_is_processed);
	RUN(ids_entries_and_positions_wrap);
	RUN(cancelled_calls_leave_no_entry);
	RUN(refused_channel_is_freed_by_the_caller_once);
	RUN(refusal_does_not_touch_an_id_that_is_in_use_again);
	RUN(answered_call_leaves_an_id_alone_that_is_in_use_again);
	RUN(no_memory_for_ids_refuses_the_call);
	RUN(tombs_of_their_channels_are_bounded);
	RUN(end_of_the_connection_leaves_no_tombs);
	RUN(resets_that_were_answered_forget_nothing);
	RUN(bounded_ids_need_no_tombs);
	return finished();
}
