/* Calls of this side: ids, places in flight, answers, giving up, the end of the connection. */

#include "check.h"
#include "core_peer.h"
#include "peer_check.h"

#define EQ_TEXT(got, want) CHECK(strcmp((got), (want)) == 0)

static void over(struct peer *peer)
{
	peer_destroy(peer);
	NO_FAULTS();
}

static void request_ids_count_up_from_one(void)
{
	struct peer peer;

	peer_create(&peer, PEER_FOREIGN, 1, 8);
	for (uint32_t want = 1; want <= 5; want++) {
		struct test_call *call = peer_call(&peer, "");

		CHECK_EQ(call->core.node.id, want);
		peer_answer(&peer, want);
	}
	over(&peer);
}

static void request_id_is_used_again_only_after_its_response(void)
{
	struct peer peer;
	struct test_call *given;

	peer_create(&peer, PEER_FOREIGN, 1, 8);
	given = peer_call(&peer, "");
	core_cancel(&peer.core, &given->core, ROAM_ERR_CANCELLED);
	peer.core.last_request = given->core.node.id - 1;
	CHECK_EQ(peer_call(&peer, "")->core.node.id, given->core.node.id + 1); /* given up is still in flight */
	(void)peer_published(&peer);
	peer_answer(&peer, given->core.node.id);
	peer.core.last_request = given->core.node.id - 1;
	CHECK_EQ(peer_call(&peer, "")->core.node.id, given->core.node.id);
	over(&peer);
}

static void request_ids_wrap_within_u32(void)
{
	struct peer peer;

	peer_create(&peer, PEER_FOREIGN, 1, 8);
	(void)peer_call(&peer, "");
	peer.core.last_request = UINT32_MAX - 1;
	CHECK_EQ(peer_call(&peer, "")->core.node.id, UINT32_MAX);
	CHECK_EQ(peer_call(&peer, "")->core.node.id, 2); /* 0 is none, 1 is in flight */
	over(&peer);
}

static void callers_beyond_the_limit_wait(void)
{
	struct peer peer;
	struct test_call *first, *second;
	struct core_call more;

	peer_create(&peer, PEER_FOREIGN, 1, 8);
	first = peer_call(&peer, "");
	second = peer_call(&peer, "");
	for (int i = 2; i < CORE_IN_FLIGHT; i++)
		(void)peer_call(&peer, "");
	core_call_init(&more);
	CHECK_EQ(core_start(&peer.core, &more), ROAM_ERR_AGAIN);
	core_cancel(&peer.core, &first->core, ROAM_ERR_CANCELLED); /* giving up does not free the place */
	CHECK_EQ(core_start(&peer.core, &more), ROAM_ERR_AGAIN);
	peer_answer(&peer, second->core.node.id);
	CHECK_EQ(core_start(&peer.core, &more), 0);
	core_withdraw(&peer.core, &more, ROAM_ERR_DEADLINE); /* nor does a call that was never published keep one */
	(void)peer_wakes(&peer);
	core_call_init(&more);
	CHECK_EQ(core_start(&peer.core, &more), 0);
	core_withdraw(&peer.core, &more, ROAM_ERR_DEADLINE);
	(void)peer_wakes(&peer);
	over(&peer);
}

static void response_ends_its_call_in_any_order(void)
{
	static const unsigned char body[] = { 0, 7 };
	struct peer peer;
	struct test_call *a, *b;

	peer_create(&peer, PEER_FOREIGN, 1, 8);
	a = peer_call(&peer, "");
	b = peer_call(&peer, "");
	peer_send(&peer, ROAM_MSG_RESPONSE, b->core.node.id, body, sizeof(body));
	CHECK(peer_woke(&peer, &b->core.effect));
	CHECK_EQ(b->core.state, CORE_CALL_DONE);
	CHECK_EQ(b->core.error, 0);
	CHECK(b->body_len == 2 && b->body[1] == 7);
	CHECK_EQ(a->core.state, CORE_CALL_SENT);
	peer_answer(&peer, a->core.node.id);
	(void)peer_wakes(&peer);
	peer_at_rest(&peer);
	over(&peer);
}

static void response_to_an_unknown_id_is_ignored_and_noted(void)
{
	struct peer peer;
	struct test_call *call, *waiting;

	peer_create(&peer, PEER_FOREIGN, 1, 8);
	call = peer_call(&peer, "");
	waiting = peer_started(&peer, ""); /* not published: nothing can answer it */
	peer_answer(&peer, call->core.node.id);
	(void)peer_wakes(&peer);
	for (int i = 0; i < 4; i++) {
		const uint32_t ids[] = { 0, 99, call->core.node.id, waiting->core.node.id };

		peer.core.note = NULL;
		peer_answer(&peer, ids[i]);
		CHECK_EQ(peer_wakes(&peer), 0);
		CHECK(peer.core.note != NULL);
	}
	CHECK_EQ(waiting->core.state, CORE_CALL_ADMITTED);
	over(&peer);
}

static void cancel_goes_out_before_the_resets_of_its_call(void)
{
	struct peer peer;
	struct test_call *call;
	uint32_t room;

	peer_create(&peer, PEER_TABLE, 1, 8);
	call = peer_call(&peer, "srs");
	core_end_channel(&peer.core, &call->channels[2], ROAM_ERR_CLOSED);
	(void)peer_published(&peer);
	core_cancel(&peer.core, &call->core, ROAM_ERR_CANCELLED);
	core_cancel(&peer.core, &call->core, ROAM_ERR_DEADLINE);
	EQ_TEXT(peer_published(&peer), "Cancel 1, Reset 1, Reset 3");
	CHECK_EQ(core_send_room(&peer.core, &call->channels[0], &room), ROAM_ERR_CANCELLED);
	CHECK_EQ(peer_ended(&peer, &call->channels[1]), ROAM_ERR_CANCELLED);
	CHECK_EQ(core_send_room(&peer.core, &call->channels[2], &room), ROAM_ERR_CLOSED);
	over(&peer);
}

static void late_response_of_a_cancelled_call_is_dropped(void)
{
	struct peer peer;
	struct test_call *call;

	peer_create(&peer, PEER_FOREIGN, 1, 8);
	call = peer_call(&peer, "r");
	core_cancel(&peer.core, &call->core, ROAM_ERR_CANCELLED);
	(void)peer_published(&peer);
	(void)peer_wakes(&peer);
	CHECK(core_call_held(&call->core));
	peer_answer(&peer, call->core.node.id);
	CHECK(peer.arrival.call == NULL);
	CHECK_EQ(peer_wakes(&peer), 0); /* nobody waits for it */
	CHECK(!core_call_held(&call->core));
	CHECK_EQ(call->core.state, CORE_CALL_DONE);
	peer_at_rest(&peer);
	over(&peer);
}

static void cancel_that_crosses_the_response_resets_what_is_open(void)
{
	struct peer peer;
	struct test_call *call;

	peer_create(&peer, PEER_FOREIGN, 1, 8);
	call = peer_call(&peer, "sr");
	peer_answer(&peer, call->core.node.id);
	core_cancel(&peer.core, &call->core, ROAM_ERR_CANCELLED);
	EQ_TEXT(peer_published(&peer), "Reset 1"); /* no Cancel for an id that is done */
	(void)peer_wakes(&peer);
	peer_at_rest(&peer);
	over(&peer);
}

static void cancel_that_still_waits_is_taken_back_by_the_response(void)
{
	struct peer peer;
	struct test_call *call;

	peer_create(&peer, PEER_FOREIGN, 1, 8);
	call = peer_call(&peer, "");
	core_cancel(&peer.core, &call->core, ROAM_ERR_CANCELLED);
	peer_answer(&peer, call->core.node.id);
	EQ_TEXT(peer_published(&peer), "");
	(void)peer_wakes(&peer);
	CHECK(!core_call_held(&call->core));
	peer_at_rest(&peer);
	over(&peer);
}

static void cancel_of_a_call_that_was_not_published_does_nothing(void)
{
	struct peer peer;
	struct test_call *call;
	uint32_t room;

	peer_create(&peer, PEER_FOREIGN, 1, 8);
	call = peer_started(&peer, "s");
	core_cancel(&peer.core, &call->core, ROAM_ERR_CANCELLED);
	EQ_TEXT(peer_published(&peer), "");
	core_withdraw(&peer.core, &call->core, ROAM_ERR_DEADLINE);
	core_cancel(&peer.core, &call->core, ROAM_ERR_CANCELLED);
	EQ_TEXT(peer_published(&peer), "");
	CHECK_EQ(core_send_room(&peer.core, &call->channels[0], &room), ROAM_ERR_DEADLINE);
	(void)peer_wakes(&peer);
	peer_at_rest(&peer);
	over(&peer);
}

static void withdrawn_call_gives_its_channel_ids_back(void)
{
	struct peer peer;
	struct core_channel channel;
	struct core_call more;

	peer_create(&peer, PEER_TABLE, 1, 8);
	for (int i = 0; i < 10; i++) {
		struct test_call *call = peer_started(&peer, "srsr");

		core_call_init(&more);
		core_channel_init(&channel, true, 0);
		more.channels = &channel;
		CHECK_EQ(core_start(&peer.core, &more), ROAM_ERR_AGAIN);
		core_withdraw(&peer.core, &call->core, ROAM_ERR_DEADLINE);
	}
	(void)peer_wakes(&peer);
	peer_at_rest(&peer);
	CHECK_EQ(peer.table.entry[1].uses, 0); /* an entry is activated when its Request is published */
	over(&peer);
}

static void call_takes_all_its_channel_ids_or_none(void)
{
	struct peer peer;
	struct test_call *call;
	struct core_channel channels[2];
	struct core_call more;

	peer_create(&peer, PEER_TABLE, 0, 8); /* 2, 4, 6 */
	call = peer_call(&peer, "ss");
	core_call_init(&more);
	core_channel_init(&channels[0], true, 0);
	core_channel_init(&channels[1], true, 0);
	channels[0].sibling = &channels[1];
	more.channels = &channels[0];
	CHECK_EQ(core_start(&peer.core, &more), ROAM_ERR_AGAIN);
	CHECK_EQ(peer.core.calls.count, 1); /* and holds no place in flight meanwhile */
	CHECK_EQ(peer_call(&peer, "r")->channels[0].node.id, 6);
	CHECK_EQ(call->channels[0].node.id, 2);
	CHECK_EQ(call->channels[1].node.id, 4);
	over(&peer);
}

static void call_with_more_channels_than_ids_is_refused_at_once(void)
{
	static const struct {
		uint32_t max_channels;
		unsigned limit;
	} rows[] = { { 1, 0 }, { 2, 0 }, { 3, 1 }, { 8, 3 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct core_channel channels[TEST_CHANNELS];
		struct core_call call;
		struct peer peer;

		peer_create(&peer, PEER_TABLE, 0, rows[i].max_channels);
		core_call_init(&call);
		for (unsigned k = 0; k <= rows[i].limit; k++) {
			core_channel_init(&channels[k], true, 0);
			channels[k].sibling = call.channels;
			call.channels = &channels[k];
		}
		CHECK_EQ(core_start(&peer.core, &call), ROAM_ERR_TOO_MANY);
		call.channels = call.channels->sibling;
		CHECK_EQ(core_start(&peer.core, &call), 0);
		core_withdraw(&peer.core, &call, ROAM_ERR_CLOSED);
		(void)peer_wakes(&peer);
		over(&peer);
	}
}

static void channel_ids_without_a_table_never_repeat(void)
{
	struct peer peer;

	for (uint32_t parity = 0; parity < 2; parity++) {
		peer_create(&peer, PEER_FOREIGN, parity, 8);
		for (uint32_t i = 0; i < 100; i++) {
			struct test_call *call = peer_call(&peer, "s");

			CHECK_EQ(call->channels[0].node.id, 2 - parity + 2 * i);
			core_end_channel(&peer.core, &call->channels[0], ROAM_ERR_CLOSED);
			(void)peer_published(&peer);
			peer_answer(&peer, call->core.node.id);
		}
		over(&peer);
	}
}

static void channel_ids_without_a_table_end_with_u32(void)
{
	struct peer peer;
	struct core_channel channel;
	struct core_call more;

	peer_create(&peer, PEER_FOREIGN, 1, 8);
	peer.core.ids.next = UINT32_MAX - 2;
	CHECK_EQ(peer_call(&peer, "s")->channels[0].node.id, UINT32_MAX - 2);
	CHECK_EQ(peer_call(&peer, "s")->channels[0].node.id, UINT32_MAX);
	core_call_init(&more);
	core_channel_init(&channel, true, 0);
	more.channels = &channel;
	CHECK_EQ(core_start(&peer.core, &more), ROAM_ERR_TOO_MANY);
	CHECK_EQ(peer_call(&peer, "")->core.node.id, 3); /* calls without channels go on */
	over(&peer);
}

static void refused_call_ends_its_channels(void)
{
	static const int errors[] = { 0, ROAM_ERR_UNKNOWN_METHOD, ROAM_ERR_INVALID_PAYLOAD };

	for (unsigned char why = CORE_NO_METHOD; why <= CORE_BAD_PAYLOAD; why++) {
		const unsigned char body[] = { 1, why };
		struct peer peer;
		struct test_call *call;
		uint32_t room;

		peer_create(&peer, PEER_TABLE, 1, 10);
		call = peer_call(&peer, "srsr");
		core_end_channel(&peer.core, &call->channels[2], ROAM_ERR_CLOSED);
		core_end_channel(&peer.core, &call->channels[3], ROAM_ERR_CLOSED);
		(void)peer_published(&peer);
		CHECK_EQ(core_commit_data(&peer.core, &call->channels[0], 10), 0);
		/* Queued: nobody opened the channel, so it need not go out. */
		core_end_channel(&peer.core, &call->channels[0], ROAM_ERR_CLOSED);
		(void)peer_wakes(&peer);
		peer_send(&peer, ROAM_MSG_RESPONSE, call->core.node.id, body, sizeof(body));
		EQ_TEXT(peer_published(&peer), "");
		CHECK(peer_woke(&peer, &call->core.effect));
		CHECK_EQ(peer_ended(&peer, &call->channels[1]), errors[why]);
		CHECK_EQ(core_send_room(&peer.core, &call->channels[0], &room), ROAM_ERR_CLOSED);
		peer_at_rest(&peer);
		over(&peer);
	}
}

static void cancelled_call_that_was_refused_leaves_nothing(void)
{
	static const unsigned char body[] = { 1, CORE_NO_METHOD };

	for (int publishes = 0; publishes < 2; publishes++) {
		struct peer peer;
		struct test_call *call;

		peer_create(&peer, PEER_TABLE, 1, 8);
		call = peer_call(&peer, "sr");
		core_cancel(&peer.core, &call->core, ROAM_ERR_CANCELLED);
		if (publishes != 0)
			(void)peer_published(&peer);
		peer_send(&peer, ROAM_MSG_RESPONSE, call->core.node.id, body, sizeof(body));
		(void)peer_published(&peer);
		(void)peer_wakes(&peer);
		peer_at_rest(&peer);
		over(&peer);
	}
}

static void other_answers_without_a_handler_count_as_returned(void)
{
	static const unsigned char body[] = { 1, 3 };
	struct peer peer;
	struct test_call *call;

	peer_create(&peer, PEER_TABLE, 1, 8);
	call = peer_call(&peer, "sr");
	peer_send(&peer, ROAM_MSG_RESPONSE, call->core.node.id, body, sizeof(body));
	CHECK_EQ(peer_room(&peer, &call->channels[0]), TEST_WINDOW); /* the caller may go on sending */
	CHECK(peer.table.entry[1].active);
	over(&peer);
}

/* A failed core does nothing and sends nothing, whatever the program still does. */
static void nothing_goes_on(struct peer *peer, struct test_call *call, struct test_request *request, int error)
{
	struct core_call more;

	core_returned(&peer->core, &request->core);
	core_queue_response(&peer->core, &request->core);
	core_refuse(&peer->core, &request->core, CORE_NO_METHOD);
	core_cancel(&peer->core, &call->core, ROAM_ERR_CANCELLED);
	for (int i = 0; i < 2; i++)
		core_end_channel(&peer->core, &call->channels[i], ROAM_ERR_CLOSED);
	CHECK(core_next_out(&peer->core) == NULL);
	CHECK_EQ(core_commit_response(&peer->core, &request->core), error);
	CHECK_EQ(core_commit_call(&peer->core, &call->core), error);
	core_call_init(&more);
	CHECK_EQ(core_start(&peer->core, &more), error);
	CHECK_EQ(core_accept(&peer->core, &request->core), error);
	CHECK_EQ(peer_receive(peer, ROAM_MSG_REQUEST, 9, NULL, 0), error);
}

static void goodbye_ends_all(void)
{
	struct roam_failure again = { .error = ROAM_ERR_CLOSED };
	struct peer peer;
	struct test_call *call, *given, *waiting;
	struct test_request *request;
	uint32_t room;

	peer_create(&peer, PEER_FOREIGN, 0, 8);
	call = peer_call(&peer, "sr");
	given = peer_call(&peer, "r");
	core_cancel(&peer.core, &given->core, ROAM_ERR_CANCELLED);
	waiting = peer_started(&peer, "s");
	request = peer_serve(&peer, 1, "sr", 1);
	peer_data(&peer, 3, "came before");
	(void)peer_wakes(&peer);

	CHECK_EQ(peer_receive(&peer, ROAM_MSG_GOODBYE, 0, "because", 7), ROAM_ERR_EVICTED);
	EQ_TEXT(peer.core.fault.text, "because");
	core_fail(&peer.core, &peer.core.fault);
	core_fail(&peer.core, &again); /* only the first counts */
	CHECK_EQ(peer.core.failure.error, ROAM_ERR_EVICTED);
	CHECK(!core_busy(&peer.core));
	CHECK_EQ(peer_wakes(&peer), 3 + 1 + 5);
	CHECK_EQ(call->core.error, ROAM_ERR_EVICTED);
	CHECK_EQ(waiting->core.error, ROAM_ERR_EVICTED);
	CHECK_EQ(waiting->channels[0].error, ROAM_ERR_EVICTED);
	CHECK(!core_call_held(&call->core) && !core_call_held(&given->core) && !core_call_held(&waiting->core));
	CHECK_EQ(core_send_room(&peer.core, &call->channels[0], &room), ROAM_ERR_EVICTED);
	CHECK_EQ(peer_ended(&peer, &call->channels[1]), ROAM_ERR_EVICTED);
	peer_take(&peer, &request->channels[1], "came before");
	CHECK_EQ(peer_ended(&peer, &request->channels[1]), ROAM_ERR_EVICTED);
	nothing_goes_on(&peer, call, request, ROAM_ERR_EVICTED);
	over(&peer);
}

static void goodbye_is_cut_to_what_fits(void)
{
	struct peer peer;
	char reason[600];

	memset(reason, 'x', sizeof(reason));
	reason[3] = 0;
	peer_create(&peer, PEER_FOREIGN, 1, 8);
	CHECK_EQ(peer_receive(&peer, ROAM_MSG_GOODBYE, 0, reason, sizeof(reason)), ROAM_ERR_EVICTED);
	CHECK_EQ(strlen(peer.core.fault.text), sizeof(peer.core.fault.text) - 1);
	CHECK_EQ(peer_receive(&peer, ROAM_MSG_GOODBYE, 0, NULL, 0), ROAM_ERR_EVICTED);
	CHECK_EQ(strlen(peer.core.fault.text), 0);
	over(&peer);
}

int main(void)
{
	RUN(request_ids_count_up_from_one);
	RUN(request_id_is_used_again_only_after_its_response);
	RUN(request_ids_wrap_within_u32);
	RUN(callers_beyond_the_limit_wait);
	RUN(response_ends_its_call_in_any_order);
	RUN(response_to_an_unknown_id_is_ignored_and_noted);
	RUN(cancel_goes_out_before_the_resets_of_its_call);
	RUN(late_response_of_a_cancelled_call_is_dropped);
	RUN(cancel_that_crosses_the_response_resets_what_is_open);
	RUN(cancel_that_still_waits_is_taken_back_by_the_response);
	RUN(cancel_of_a_call_that_was_not_published_does_nothing);
	RUN(withdrawn_call_gives_its_channel_ids_back);
	RUN(call_takes_all_its_channel_ids_or_none);
	RUN(call_with_more_channels_than_ids_is_refused_at_once);
	RUN(channel_ids_without_a_table_never_repeat);
	RUN(channel_ids_without_a_table_end_with_u32);
	RUN(refused_call_ends_its_channels);
	RUN(cancelled_call_that_was_refused_leaves_nothing);
	RUN(other_answers_without_a_handler_count_as_returned);
	RUN(goodbye_ends_all);
	RUN(goodbye_is_cut_to_what_fits);
	return finished();
}
