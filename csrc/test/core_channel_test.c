/* Channels: items, and every way in which one ends. Each test runs with and without a channel table. */

#include "check.h"
#include "core_peer.h"
#include "peer_check.h"

#define EQ_TEXT(got, want) CHECK(strcmp((got), (want)) == 0)

/* struct fixture: an acceptor with one channel of each kind. */
struct fixture {
	struct peer peer;
	enum peer_kind kind;
	struct test_call *call;
	struct test_request *request;
	struct core_channel *tx, *rx;   /* 2 and 4: the core is the caller */
	struct core_channel *htx, *hrx; /* 1 and 3: its handler sends, receives */
};

enum { REQUEST = 50, UNOPENED = 6, THEIR_UNOPENED = 5 };

static void open_channels(struct fixture *f, enum peer_kind kind)
{
	peer_create(&f->peer, kind, 0, 8);
	f->kind = kind;
	f->call = peer_call(&f->peer, "sr");
	f->tx = &f->call->channels[0];
	f->rx = &f->call->channels[1];
	f->request = peer_serve(&f->peer, REQUEST, "sr", 1);
	f->htx = &f->request->channels[0];
	f->hrx = &f->request->channels[1];
	(void)peer_wakes(&f->peer);
}

/* Runs a test with each kind of peer. */
static void everywhere(void (*test)(struct fixture *f))
{
	for (enum peer_kind kind = 0; kind < PEER_KINDS; kind++) {
		struct fixture f;

		open_channels(&f, kind);
		test(&f);
		peer_destroy(&f.peer);
		NO_FAULTS();
	}
}

#define EVERYWHERE(name)                             \
	static void name##_of(struct fixture *f);    \
	static void name(void)                       \
	{                                            \
		everywhere(name##_of);               \
	}                                            \
	static void name##_of(struct fixture *f)

/* Whether the entry of a channel is Free; without a table there is none. */
static bool freed(const struct fixture *f, const struct core_channel *channel)
{
	return f->kind != PEER_TABLE || !f->peer.table.entry[channel->node.id].active;
}

static int send_error(struct fixture *f, struct core_channel *channel)
{
	return core_commit_data(&f->peer.core, channel, 0);
}

static void end(struct fixture *f, struct core_channel *channel)
{
	core_end_channel(&f->peer.core, channel, ROAM_ERR_CLOSED);
}

static void breaks(struct fixture *f, const char *rule, enum roam_msg type, uint32_t id)
{
	peer_breaks(&f->peer, rule, type, id, type == ROAM_MSG_DATA ? "x" : NULL, type == ROAM_MSG_DATA);
}

EVERYWHERE(items_and_the_close_come_in_order)
{
	peer_data(&f->peer, 4, "a");
	peer_data(&f->peer, 4, "bc");
	peer_data(&f->peer, 4, "");
	peer_close(&f->peer, 4);
	peer_take(&f->peer, f->rx, "a");
	peer_take(&f->peer, f->rx, "bc");
	peer_take(&f->peer, f->rx, "");
	CHECK_EQ(peer_ended(&f->peer, f->rx), ROAM_ERR_END);
}

EVERYWHERE(take_gives_nothing_while_nothing_came)
{
	CHECK_EQ(peer_ended(&f->peer, f->rx), ROAM_ERR_AGAIN);
	peer_data(&f->peer, 4, "");
	CHECK(peer_woke(&f->peer, &f->rx->effect));
}

EVERYWHERE(item_lives_until_the_next_is_taken)
{
	struct roam_bytes item;

	peer_data(&f->peer, 4, "first");
	CHECK_EQ(core_take(&f->peer.core, f->rx, &item), 0);
	for (int i = 0; i < 9; i++)
		peer_data(&f->peer, 4, "0123456789");
	CHECK(item.len == 5 && memcmp(item.data, "first", 5) == 0);
	peer_reset(&f->peer, 4);
	CHECK(item.len == 5 && memcmp(item.data, "first", 5) == 0);
}

EVERYWHERE(data_after_close_is_goodbye)
{
	peer_close(&f->peer, 4);
	breaks(f, "channeling.data-after-close", ROAM_MSG_DATA, 4);
	peer_close(&f->peer, 3);
	peer_breaks(&f->peer, "channeling.data-after-close", ROAM_MSG_DATA, 3, NULL, 0);
}

EVERYWHERE(data_after_reset_of_the_sender_is_goodbye)
{
	peer_reset(&f->peer, 3);
	breaks(f, "channeling.data-after-close", ROAM_MSG_DATA, 3);
}

EVERYWHERE(data_after_the_response_is_goodbye)
{
	peer_answer(&f->peer, f->call->core.node.id);
	breaks(f, "channeling.data-after-close", ROAM_MSG_DATA, 4);
}

EVERYWHERE(message_for_an_unknown_channel_is_goodbye)
{
	const uint32_t ids[] = { UNOPENED, THEIR_UNOPENED };

	for (int i = 0; i < 2; i++) {
		breaks(f, "channeling.unknown", ROAM_MSG_DATA, ids[i]);
		breaks(f, "channeling.unknown", ROAM_MSG_CLOSE, ids[i]);
		breaks(f, "channeling.unknown", ROAM_MSG_RESET, ids[i]);
	}
}

EVERYWHERE(message_for_channel_zero_is_goodbye)
{
	breaks(f, "channeling.id.zero-reserved", ROAM_MSG_DATA, 0);
	breaks(f, "channeling.id.zero-reserved", ROAM_MSG_CLOSE, 0);
	breaks(f, "channeling.id.zero-reserved", ROAM_MSG_RESET, 0);
}

static void how_far_one_sides_ids_got_says_nothing_about_the_others(void)
{
	struct peer peer;

	peer_create(&peer, PEER_FOREIGN, 0, 8);
	(void)peer_call(&peer, "sss"); /* 2, 4, 6 */
	peer_breaks(&peer, "channeling.unknown", ROAM_MSG_DATA, 5, "x", 1);
	peer_destroy(&peer);
	peer_create(&peer, PEER_FOREIGN, 0, 8);
	(void)peer_serve(&peer, 1, "r", 7);
	peer_breaks(&peer, "channeling.unknown", ROAM_MSG_DATA, 6, "x", 1);
	peer_destroy(&peer);
	NO_FAULTS();
}

static void id_over_max_channels_is_goodbye_from_a_table_peer(void)
{
	const uint32_t ids[] = { 8, 9, UINT32_C(1) << 31 };
	struct peer peer;

	peer_create(&peer, PEER_TABLE, 0, 8);
	for (int i = 0; i < 3; i++) {
		peer_breaks(&peer, "shm.flow.channel-table-indexing", ROAM_MSG_DATA, ids[i], NULL, 0);
		peer_breaks(&peer, "shm.flow.channel-table-indexing", ROAM_MSG_CLOSE, ids[i], NULL, 0);
		peer_breaks(&peer, "shm.flow.channel-table-indexing", ROAM_MSG_RESET, ids[i], NULL, 0);
	}
	peer_destroy(&peer);
	NO_FAULTS();
}

static void ids_without_a_table_run_on_beyond_max_channels(void)
{
	struct peer peer;
	struct test_request *request;

	peer_create(&peer, PEER_FOREIGN, 0, 8);
	for (int i = 0; i < 20; i++) {
		struct test_call *call = peer_call(&peer, "sr");

		core_end_channel(&peer.core, &call->channels[0], ROAM_ERR_CLOSED);
		(void)peer_published(&peer);
		/* Crossed with the Close, and after the end of the other one. */
		peer_reset(&peer, call->channels[0].node.id);
		peer_answer(&peer, call->core.node.id);
		peer_close(&peer, call->channels[1].node.id);
	}
	peer_breaks(&peer, "channeling.unknown", ROAM_MSG_DATA, 100, NULL, 0);
	peer_breaks(&peer, "channeling.unknown", ROAM_MSG_DATA, 101, NULL, 0);
	request = peer_serve(&peer, 1, "r", UINT32_MAX);
	peer_data(&peer, UINT32_MAX, "x");
	peer_close(&peer, UINT32_MAX);
	peer_take(&peer, &request->channels[0], "x");
	peer_destroy(&peer);
	NO_FAULTS();
}

static void data_over_the_payload_limit_is_goodbye(void)
{
	static const unsigned char bytes[TEST_MAX_PAYLOAD + 1];
	struct fixture f;

	open_channels(&f, PEER_FOREIGN);
	peer_send(&f.peer, ROAM_MSG_DATA, 4, bytes, TEST_MAX_PAYLOAD);
	peer_breaks(&f.peer, "channeling.data.size-limit", ROAM_MSG_DATA, 3, bytes, TEST_MAX_PAYLOAD + 1);
	peer_destroy(&f.peer);
	NO_FAULTS();
}

EVERYWHERE(message_of_the_wrong_direction_is_goodbye)
{
	for (uint32_t id = 1; id <= 2; id++) { /* on which the core sends */
		breaks(f, "channeling.unknown", ROAM_MSG_DATA, id);
		breaks(f, "channeling.unknown", ROAM_MSG_CLOSE, id);
	}
}

EVERYWHERE(close_of_a_tx)
{
	struct core_channel *both[] = { f->tx, f->htx };

	for (int i = 0; i < 2; i++) {
		end(f, both[i]);
		end(f, both[i]);
		CHECK(peer_woke(&f->peer, &both[i]->effect));
		CHECK(!core_channel_open(both[i]));
		CHECK_EQ(send_error(f, both[i]), ROAM_ERR_CLOSED);
		EQ_TEXT(peer_published(&f->peer), i == 0 ? "Close 2" : "Close 1");
	}
	peer_reset(&f->peer, 1); /* crossed with the Close */
	peer_reset(&f->peer, 2);
	EQ_TEXT(peer_published(&f->peer), "");
}

EVERYWHERE(reset_drops_what_is_pending)
{
	peer_data(&f->peer, 3, "x");
	peer_data(&f->peer, 4, "y");
	peer_reset(&f->peer, 3);
	peer_reset(&f->peer, 4);
	CHECK_EQ(peer_ended(&f->peer, f->hrx), ROAM_ERR_RESET);
	CHECK_EQ(peer_ended(&f->peer, f->rx), ROAM_ERR_RESET);
	EQ_TEXT(peer_published(&f->peer), "");
	CHECK(freed(f, f->hrx));
}

EVERYWHERE(late_messages_after_reset_are_ignored)
{
	static const unsigned char window[TEST_WINDOW];
	struct core_channel *both[] = { f->rx, f->hrx };

	for (int i = 0; i < 2; i++) {
		uint32_t id = both[i]->node.id;

		peer_data(&f->peer, id, "pending");
		end(f, both[i]);
		end(f, both[i]);
		(void)peer_wakes(&f->peer);
		peer_data(&f->peer, id, "late");
		EQ_TEXT(peer_published(&f->peer), i == 0 ? "Reset 4" : "Reset 3");
		/* More than the credit: what is ignored is not counted either. */
		for (int k = 0; k < 2 * TEST_BUFFERED / TEST_WINDOW; k++)
			peer_send(&f->peer, ROAM_MSG_DATA, id, window, sizeof(window));
		CHECK_EQ(peer_wakes(&f->peer), 0);
		CHECK_EQ(peer_ended(&f->peer, both[i]), ROAM_ERR_CLOSED);
		CHECK(core_channel_held(both[i]));
		peer_close(&f->peer, id);
		CHECK_EQ(peer_wakes(&f->peer), 0);
		CHECK(!core_channel_held(both[i]));
		EQ_TEXT(peer_published(&f->peer), "");
		breaks(f, "channeling.data-after-close", ROAM_MSG_DATA, id);
	}
}

EVERYWHERE(reset_that_crosses_the_close_is_not_sent)
{
	end(f, f->rx);
	end(f, f->hrx);
	peer_close(&f->peer, 3);
	peer_close(&f->peer, 4);
	EQ_TEXT(peer_published(&f->peer), ""); /* nobody sends after it has received Close */
	CHECK(freed(f, f->hrx));
}

EVERYWHERE(caller_answers_reset_with_close)
{
	peer_reset(&f->peer, 2);
	peer_reset(&f->peer, 2);
	CHECK(peer_woke(&f->peer, &f->tx->effect));
	CHECK_EQ(send_error(f, f->tx), ROAM_ERR_RESET);
	EQ_TEXT(peer_published(&f->peer), "Close 2");
	CHECK(f->kind != PEER_TABLE || !freed(f, f->tx)); /* the callee frees */
}

EVERYWHERE(caller_that_had_decided_on_reset_answers_with_close)
{
	core_cancel(&f->peer.core, &f->call->core, ROAM_ERR_CANCELLED);
	peer_reset(&f->peer, 2);
	EQ_TEXT(peer_published(&f->peer), "Cancel 1, Reset 4, Close 2");
	CHECK_EQ(send_error(f, f->tx), ROAM_ERR_CANCELLED);
}

EVERYWHERE(handlers_tx_that_was_reset_sends_no_more)
{
	end(f, f->htx); /* waits for room */
	peer_reset(&f->peer, 1);
	EQ_TEXT(peer_published(&f->peer), "");
	CHECK(freed(f, f->htx));
	CHECK_EQ(send_error(f, f->htx), ROAM_ERR_CLOSED);
}

EVERYWHERE(handlers_tx_that_was_reset_is_not_closed_when_it_returns)
{
	peer_reset(&f->peer, 1);
	CHECK_EQ(send_error(f, f->htx), ROAM_ERR_RESET);
	core_returned(&f->peer.core, &f->request->core);
	EQ_TEXT(peer_published(&f->peer), "Reset 3");
}

EVERYWHERE(response_ends_the_callers_rx_without_a_close)
{
	peer_data(&f->peer, 4, "last");
	(void)peer_wakes(&f->peer);
	peer_answer(&f->peer, f->call->core.node.id);
	CHECK(peer_woke(&f->peer, &f->rx->effect));
	peer_take(&f->peer, f->rx, "last");
	CHECK_EQ(peer_ended(&f->peer, f->rx), ROAM_ERR_END);
	peer_close(&f->peer, 4); /* comes too late to matter */
	CHECK_EQ(peer_room(&f->peer, f->tx), TEST_WINDOW); /* the caller's tx goes on */
	EQ_TEXT(peer_published(&f->peer), "");
	CHECK_EQ(f->peer.core.channels.count, 3);
}

EVERYWHERE(returned_closes_tx_and_resets_rx)
{
	peer_data(&f->peer, 3, "unread");
	core_returned(&f->peer.core, &f->request->core);
	core_returned(&f->peer.core, &f->request->core);
	EQ_TEXT(peer_published(&f->peer), "Close 1, Reset 3");
	peer_respond(&f->peer, f->request);
	CHECK_EQ(send_error(f, f->htx), ROAM_ERR_CLOSED);
	CHECK_EQ(peer_ended(&f->peer, f->hrx), ROAM_ERR_CLOSED);
	peer_close(&f->peer, 3);
	CHECK(freed(f, f->htx) && freed(f, f->hrx));
}

EVERYWHERE(returned_drops_what_was_not_read_without_a_message)
{
	end(f, f->htx);
	(void)peer_published(&f->peer);
	peer_data(&f->peer, 3, "unread");
	peer_close(&f->peer, 3);
	core_returned(&f->peer.core, &f->request->core);
	EQ_TEXT(peer_published(&f->peer), "");
	CHECK_EQ(peer_ended(&f->peer, f->hrx), ROAM_ERR_CLOSED);
}

EVERYWHERE(detached_rx_goes_on_after_the_response)
{
	f->hrx->detached = true;
	core_returned(&f->peer.core, &f->request->core);
	EQ_TEXT(peer_published(&f->peer), "Close 1");
	peer_respond(&f->peer, f->request);
	peer_data(&f->peer, 3, "after");
	peer_close(&f->peer, 3);
	peer_take(&f->peer, f->hrx, "after");
	CHECK_EQ(peer_ended(&f->peer, f->hrx), ROAM_ERR_END);
	CHECK(freed(f, f->hrx));
}

EVERYWHERE(callers_tx_goes_on_after_the_response)
{
	peer_answer(&f->peer, f->call->core.node.id);
	CHECK_EQ(core_commit_data(&f->peer.core, f->tx, 10), 0);
	end(f, f->tx);
	EQ_TEXT(peer_published(&f->peer), "Close 2");
}

EVERYWHERE(messages_go_out_in_the_order_in_which_they_were_decided)
{
	struct core_out *first;

	end(f, f->hrx);
	end(f, f->htx);
	first = core_next_out(&f->peer.core);
	/* An item that was staged meanwhile comes too late for the channel. */
	CHECK_EQ(core_commit_data(&f->peer.core, f->htx, 1), ROAM_ERR_CLOSED);
	core_queue_response(&f->peer.core, &f->request->core);
	CHECK(core_next_out(&f->peer.core) == first);
	EQ_TEXT(peer_published(&f->peer), "Reset 3, Close 1, Response 50");
}

static void nothing_is_sent_before_the_request(void)
{
	struct peer peer;
	struct test_call *call;

	peer_create(&peer, PEER_TABLE, 1, 8);
	call = peer_started(&peer, "s");
	CHECK_EQ(core_commit_data(&peer.core, &call->channels[0], 0), ROAM_ERR_AGAIN);
	CHECK_EQ(core_commit_data(&peer.core, &call->channels[0], 1), ROAM_ERR_AGAIN);
	CHECK_EQ(core_commit_call(&peer.core, &call->core), 0);
	CHECK_EQ(core_commit_data(&peer.core, &call->channels[0], 1), 0);
	peer_destroy(&peer);
	NO_FAULTS();
}

/* Ends both channels of a call that is not published yet: the other side does not hear of it. */
static struct test_call *ended_early(struct peer *peer)
{
	struct test_call *call = peer_started(peer, "sr");

	core_end_channel(&peer->core, &call->channels[0], ROAM_ERR_CLOSED);
	core_end_channel(&peer->core, &call->channels[1], ROAM_ERR_CLOSED);
	CHECK(core_next_out(&peer->core) == NULL);
	return call;
}

static void end_before_the_request_is_told_after_it(void)
{
	for (enum peer_kind kind = 0; kind < PEER_KINDS; kind++) {
		struct peer peer;
		struct test_call *call;

		peer_create(&peer, kind, 1, 8);
		call = ended_early(&peer);
		CHECK_EQ(core_commit_call(&peer.core, &call->core), 0);
		CHECK(strcmp(peer_published(&peer), "Close 1, Reset 3") == 0);
		if (kind == PEER_TABLE)
			peer.table.entry[1].active = false; /* by the callee */
		peer_close(&peer, 3);
		if (kind == PEER_TABLE)
			peer.table.entry[3].active = false;
		peer_answer(&peer, 1);
		call = ended_early(&peer);
		core_withdraw(&peer.core, &call->core, ROAM_ERR_CLOSED); /* it is never sent */
		CHECK(!core_channel_held(&call->channels[0]) || peer_wakes(&peer) > 0);
		peer_at_rest(&peer);
		peer_destroy(&peer);
		NO_FAULTS();
	}
}

EVERYWHERE(every_item_of_many_wakes_and_comes_out)
{
	for (int i = 0; i < 5000; i++) {
		char text[16];
		int n = 1 + i % 3;

		(void)snprintf(text, sizeof(text), "%d", i);
		for (int k = 0; k < n; k++) {
			peer_data(&f->peer, 3, text);
			CHECK(peer_woke(&f->peer, &f->hrx->effect));
		}
		for (int k = 0; k < n; k++)
			peer_take(&f->peer, f->hrx, text);
	}
	peer_close(&f->peer, 3);
	CHECK_EQ(peer_ended(&f->peer, f->hrx), ROAM_ERR_END);
}

EVERYWHERE(what_waits_is_bounded_by_what_is_open)
{
	for (int i = 0; i < 1000; i++) {
		peer_reset(&f->peer, 2);
		end(f, f->rx);
		core_returned(&f->peer.core, &f->request->core);
		core_cancel(&f->peer.core, &f->call->core, ROAM_ERR_CANCELLED);
		peer_send(&f->peer, ROAM_MSG_CANCEL, REQUEST, NULL, 0);
		CHECK(f->peer.core.outs <= 1 + 4); /* a Cancel, and one for each channel */
	}
}

/* An item for which there is no memory ends its channel alone. */
static void *no_memory(void *context, size_t size)
{
	(void)context;
	(void)size;
	return NULL;
}

EVERYWHERE(item_without_memory_resets_its_channel)
{
	struct roam_allocator none = roam_default_allocator;

	none.allocate = no_memory;
	f->peer.core.config.allocator = &none;
	peer_data(&f->peer, 3, "x");
	f->peer.core.config.allocator = &roam_default_allocator;
	EQ_TEXT(peer_published(&f->peer), "Reset 3");
	CHECK_EQ(peer_ended(&f->peer, f->hrx), ROAM_ERR_NO_MEMORY);
	CHECK_EQ(f->peer.core.failure.error, 0);
	peer_data(&f->peer, 4, "y");
	peer_take(&f->peer, f->rx, "y");
}

int main(void)
{
	RUN(items_and_the_close_come_in_order);
	RUN(take_gives_nothing_while_nothing_came);
	RUN(item_lives_until_the_next_is_taken);
	RUN(data_after_close_is_goodbye);
	RUN(data_after_reset_of_the_sender_is_goodbye);
	RUN(data_after_the_response_is_goodbye);
	RUN(message_for_an_unknown_channel_is_goodbye);
	RUN(message_for_channel_zero_is_goodbye);
	RUN(how_far_one_sides_ids_got_says_nothing_about_the_others);
	RUN(id_over_max_channels_is_goodbye_from_a_table_peer);
	RUN(ids_without_a_table_run_on_beyond_max_channels);
	RUN(data_over_the_payload_limit_is_goodbye);
	RUN(message_of_the_wrong_direction_is_goodbye);
	RUN(close_of_a_tx);
	RUN(reset_drops_what_is_pending);
	RUN(late_messages_after_reset_are_ignored);
	RUN(reset_that_crosses_the_close_is_not_sent);
	RUN(caller_answers_reset_with_close);
	RUN(caller_that_had_decided_on_reset_answers_with_close);
	RUN(handlers_tx_that_was_reset_sends_no_more);
	RUN(handlers_tx_that_was_reset_is_not_closed_when_it_returns);
	RUN(response_ends_the_callers_rx_without_a_close);
	RUN(returned_closes_tx_and_resets_rx);
	RUN(returned_drops_what_was_not_read_without_a_message);
	RUN(detached_rx_goes_on_after_the_response);
	RUN(callers_tx_goes_on_after_the_response);
	RUN(messages_go_out_in_the_order_in_which_they_were_decided);
	RUN(nothing_is_sent_before_the_request);
	RUN(end_before_the_request_is_told_after_it);
	RUN(every_item_of_many_wakes_and_comes_out);
	RUN(what_waits_is_bounded_by_what_is_open);
	RUN(item_without_memory_resets_its_channel);
	return finished();
}
