/* Requests of the other side: duplicates, surplus, refusals, ids of their channels, limits, cancellation. */

#include "check.h"
#include "core_peer.h"
#include "guest/metadata.h"
#include "peer_check.h"

#define EQ_TEXT(got, want) CHECK(strcmp((got), (want)) == 0)

static void over(struct peer *peer)
{
	peer_destroy(peer);
	NO_FAULTS();
}

static void breaks(struct peer *peer, const char *rule, uint32_t id)
{
	peer_breaks(peer, rule, ROAM_MSG_REQUEST, id, NULL, 0);
}

static void duplicate_request_id_is_goodbye(void)
{
	struct peer peer;

	peer_create(&peer, PEER_FOREIGN, 0, 8);
	(void)peer_serve(&peer, 1, "", 0);
	(void)peer_arrive(&peer, 2);
	breaks(&peer, "unary.request-id.duplicate-detection", 1);
	breaks(&peer, "unary.request-id.duplicate-detection", 2);
	over(&peer);
}

static void queued_answer_keeps_its_request_in_flight(void)
{
	struct peer peer;

	peer_create(&peer, PEER_FOREIGN, 0, 8);
	core_refuse(&peer.core, &peer_arrive(&peer, 1)->core, CORE_NO_METHOD);
	breaks(&peer, "unary.request-id.duplicate-detection", 1);
	over(&peer);
}

static void request_id_may_be_used_again_once_its_response_is_committed(void)
{
	struct peer peer;
	struct test_request *request;

	peer_create(&peer, PEER_FOREIGN, 0, 8);
	peer_respond(&peer, peer_serve(&peer, 1, "", 0));
	peer_respond(&peer, peer_serve(&peer, 1, "", 0));
	core_refuse(&peer.core, &peer_arrive(&peer, 1)->core, CORE_BAD_PAYLOAD);
	EQ_TEXT(peer_published(&peer), "Response 1");
	request = peer_serve(&peer, 1, "", 0);
	core_queue_response(&peer.core, &request->core);
	EQ_TEXT(peer_published(&peer), "Response 1");
	(void)peer_wakes(&peer);
	CHECK(!core_request_held(&request->core));
	peer_respond(&peer, peer_serve(&peer, 1, "", 0));
	peer_at_rest(&peer);
	over(&peer);
}

static void overrun_of_a_table_peer_is_goodbye_at_once(void)
{
	struct peer peer;

	peer_create(&peer, PEER_TABLE, 0, 8);
	for (uint32_t id = 1; id <= CORE_IN_FLIGHT; id++)
		(void)peer_serve(&peer, id, "", 0);
	breaks(&peer, "unary.request-id.in-flight", CORE_IN_FLIGHT + 1);
	over(&peer);
}

static void overrun_of_others_is_answered(void)
{
	struct peer peer;
	struct test_request *last = NULL;
	struct core_out *out;

	peer_create(&peer, PEER_FOREIGN, 0, 8);
	for (uint32_t id = 1; id <= CORE_IN_FLIGHT; id++)
		last = peer_serve(&peer, id, "", 0);
	peer_send(&peer, ROAM_MSG_REQUEST, 5000, NULL, 0);
	CHECK(peer.arrival.request == NULL); /* a surplus Request starts nothing */
	CHECK_EQ(peer_wakes(&peer), 0);
	out = core_next_out(&peer.core);
	CHECK_EQ(core_out_request(out)->answer, CORE_ANSWER_SURPLUS);
	CHECK(strstr(core_surplus_text, "1024") != NULL);
	EQ_TEXT(peer_published(&peer), "Response 5000");
	/* A place that comes back is given to the next Request. */
	peer_respond(&peer, last);
	(void)peer_serve(&peer, 5000, "", 0);
	over(&peer);
}

static void surplus_answers_are_bounded(void)
{
	struct peer peer;

	peer_create(&peer, PEER_FOREIGN, 0, 8);
	for (uint32_t id = 1; id <= 2 * CORE_IN_FLIGHT; id++)
		peer_send(&peer, ROAM_MSG_REQUEST, id, NULL, 0);
	CHECK_EQ(peer.core.serving.count, 2 * CORE_IN_FLIGHT);
	CHECK_EQ(peer.core.outs, CORE_IN_FLIGHT);
	breaks(&peer, "unary.request-id.duplicate-detection", 2 * CORE_IN_FLIGHT);
	breaks(&peer, "unary.request-id.in-flight", 2 * CORE_IN_FLIGHT + 1);
	/* Once one of them has gone out there is a place for another. */
	core_published(&peer.core, core_next_out(&peer.core));
	peer_send(&peer, ROAM_MSG_REQUEST, 2 * CORE_IN_FLIGHT + 1, NULL, 0);
	CHECK(peer.arrival.request == NULL); /* it is a surplus Request too */
	CHECK_EQ(peer.core.outs, CORE_IN_FLIGHT);
	breaks(&peer, "unary.request-id.in-flight", 2 * CORE_IN_FLIGHT + 2);
	over(&peer);
}

static void surplus_answers_take_no_place_in_flight(void)
{
	struct peer peer;

	peer_create(&peer, PEER_FOREIGN, 0, 8);
	for (uint32_t id = 1; id < CORE_IN_FLIGHT; id++)
		(void)peer_serve(&peer, id, "", 0);
	core_queue_response(&peer.core, &peer_serve(&peer, CORE_IN_FLIGHT, "", 0)->core);
	peer_send(&peer, ROAM_MSG_REQUEST, 5000, NULL, 0); /* its answer waits behind */
	core_published(&peer.core, core_next_out(&peer.core));
	CHECK_EQ(peer.core.serving.count, CORE_IN_FLIGHT);
	CHECK_EQ(peer.core.outs, 1);
	(void)peer_serve(&peer, CORE_IN_FLIGHT, "", 0);
	over(&peer);
}

static void surplus_request_opens_no_channel(void)
{
	struct peer peer;

	peer_create(&peer, PEER_FOREIGN, 0, 8);
	for (uint32_t id = 1; id <= CORE_IN_FLIGHT + 1; id++)
		peer_send(&peer, ROAM_MSG_REQUEST, id, NULL, 0);
	peer_data(&peer, 1, "sent with it");
	peer_close(&peer, 1);
	peer_reset(&peer, 3);
	CHECK_EQ(peer.core.channels.count, 0);
	over(&peer);
}

static void refusal_names_why(void)
{
	for (uint8_t why = CORE_NO_METHOD; why <= CORE_BAD_PAYLOAD; why++) {
		struct peer peer;
		struct test_request *request;

		peer_create(&peer, PEER_TABLE, 0, 8);
		request = peer_arrive(&peer, 1);
		core_refuse(&peer.core, &request->core, why);
		CHECK_EQ(request->core.answer, CORE_ANSWER_REFUSAL);
		CHECK_EQ(request->core.refusal, why);
		EQ_TEXT(peer_published(&peer), "Response 1");
		(void)peer_wakes(&peer);
		peer_at_rest(&peer);
		CHECK_EQ(peer.core.failure.error, 0); /* the connection lives */
		over(&peer);
	}
}

static void messages_for_unopened_channels_of_theirs_are_dropped_after_a_refusal(void)
{
	for (enum peer_kind kind = 0; kind < PEER_KINDS; kind++) {
		struct peer peer;

		peer_create(&peer, kind, 0, 8);
		peer_breaks(&peer, "channeling.unknown", ROAM_MSG_DATA, 1, "x", 1);
		core_refuse(&peer.core, &peer_arrive(&peer, 1)->core, CORE_BAD_PAYLOAD);
		peer_data(&peer, 1, "x");
		peer_close(&peer, 1);
		peer_reset(&peer, 3);
		peer_breaks(&peer, "channeling.id.zero-reserved", ROAM_MSG_DATA, 0, NULL, 0);
		peer_breaks(&peer, "channeling.unknown", ROAM_MSG_DATA, 2, NULL, 0); /* ours: only this side opens it */
		over(&peer);
	}
}

static void channel_ids_of_a_request(void)
{
	static const struct {
		enum peer_kind kind;
		uint32_t parity;
		uint64_t ids[3]; /* the last ones may be left out: UINT64_MAX - 1 */
		const char *rule; /* NULL: none is broken */
	} rows[] = {
#define NONE (UINT64_MAX - 1)
		{ PEER_TABLE, 0, { 1, 0, NONE }, "channeling.id.zero-reserved" },
		{ PEER_TABLE, 1, { 0, NONE, NONE }, "channeling.id.zero-reserved" },
		{ PEER_TABLE, 0, { 2, NONE, NONE }, "channeling.id.parity" },
		{ PEER_TABLE, 1, { 2, 3, NONE }, "channeling.id.parity" },
		{ PEER_TABLE, 0, { 1, 3, 1 }, "channeling.id.uniqueness" },
		{ PEER_TABLE, 0, { 7, NONE, NONE }, "channeling.id.uniqueness" }, /* still open */
		{ PEER_TABLE, 0, { 9, NONE, NONE }, "shm.flow.channel-table-indexing" },
		{ PEER_TABLE, 0, { UINT64_MAX, NONE, NONE }, "shm.flow.channel-table-indexing" },
		{ PEER_TABLE, 0, { (UINT64_C(1) << 32) + 1, NONE, NONE }, "shm.flow.channel-table-indexing" },
		{ PEER_FOREIGN, 0, { 1001, NONE, NONE }, NULL },
		{ PEER_FOREIGN, 0, { (UINT64_C(1) << 32) + 1, NONE, NONE }, "shm.flow.channel-table-indexing" },
		{ PEER_FOREIGN, 0, { 1002, NONE, NONE }, "channeling.id.parity" },
		{ PEER_FOREIGN, 0, { 0, NONE, NONE }, "channeling.id.zero-reserved" },
		{ PEER_TABLE, 0, { 1, 3, 5 }, NULL },
		{ PEER_TABLE, 1, { 2, 6, NONE }, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer peer;
		struct test_request *request;
		int error;

		peer_create(&peer, rows[i].kind, rows[i].parity, 9);
		for (int id = 1; id < 9; id++) /* by the other side, before its Request */
			peer.table.entry[id].active = rows[i].kind == PEER_TABLE;
		if (rows[i].parity == 0)
			(void)peer_serve(&peer, 1, "r", 7);
		request = peer_arrive(&peer, 2);
		for (int k = 0; k < 3 && rows[i].ids[k] != NONE; k++)
			(void)peer_name(request, false, rows[i].ids[k]);
		error = core_accept(&peer.core, &request->core);
		if (!CHECK(rows[i].rule != NULL ? peer_broke(&peer, error, rows[i].rule) : error == 0))
			fprintf(stderr, "row %zu: %d, %s\n", i, error, peer.core.fault.text);
		over(&peer);
	}
}

static void many_channels_in_one_request_are_checked_in_linear_time(void)
{
	enum { MANY = 200000 };
	struct core_channel *channels = calloc(MANY, sizeof(*channels));
	struct peer peer;
	struct test_request *request;

	peer_create(&peer, PEER_FOREIGN, 0, 8);
	request = peer_arrive(&peer, 1);
	for (uint32_t i = MANY; i-- > 0;) {
		core_channel_init(&channels[i], false, i == MANY - 1 ? 1 : 2 * i + 1);
		channels[i].sibling = request->core.channels;
		request->core.channels = &channels[i];
	}
	CHECK(peer_broke(&peer, core_accept(&peer.core, &request->core), "channeling.id.uniqueness"));
	core_fail(&peer.core, &peer.core.fault);
	(void)peer_wakes(&peer);
	request->core.channels = NULL;
	over(&peer);
	free(channels);
}

static void payload_over_the_limit_is_goodbye(void)
{
	static const unsigned char bytes[TEST_MAX_PAYLOAD];
	struct peer peer;
	struct test_call *call, *other;

	peer_create(&peer, PEER_FOREIGN, 0, 8);
	call = peer_call(&peer, "");
	other = peer_call(&peer, "");
	/* Two bytes of it are the empty metadata. */
	peer_send(&peer, ROAM_MSG_REQUEST, 1, bytes, TEST_MAX_PAYLOAD - 2);
	peer_send(&peer, ROAM_MSG_RESPONSE, call->core.node.id, bytes, TEST_MAX_PAYLOAD - 2);
	peer_breaks(&peer, "flow.unary.payload-limit", ROAM_MSG_REQUEST, 2, bytes, TEST_MAX_PAYLOAD - 1);
	peer_breaks(&peer, "flow.unary.payload-limit", ROAM_MSG_RESPONSE, other->core.node.id, bytes,
		    TEST_MAX_PAYLOAD - 1);
	over(&peer);
}

/* A Request and a Response whose payload is the list's encoding, with its length in front. */
static void both_break(const char *rule, const uint8_t *list, size_t len)
{
	struct roam_writer payload;
	struct peer peer;
	uint32_t id;
	int error;

	roam_writer_init(&payload, NULL);
	roam_write_bytes(&payload, (struct roam_bytes){ list, len });
	roam_write_u8(&payload, 0);
	peer_create(&peer, PEER_TABLE, 0, 8);
	peer.core.config.limits.max_payload_size = 1 << 20;
	id = peer_call(&peer, "")->core.node.id;
	error = peer_receive_raw(&peer, ROAM_MSG_REQUEST, 1, payload.data, payload.len);
	CHECK(peer_broke(&peer, error, rule));
	error = peer_receive_raw(&peer, ROAM_MSG_RESPONSE, id, payload.data, payload.len);
	CHECK(peer_broke(&peer, error, rule));
	roam_writer_free(&payload);
	over(&peer);
}

static void metadata_over_its_limits_is_goodbye(void)
{
	static const struct {
		unsigned entries;
		size_t key, value;
	} rows[] = { { 129, 0, 0 }, { 1, 257, 0 }, { 1, 0, 16385 }, { 4, 1, 16384 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct roam_writer list;
		uint8_t *room;

		roam_writer_init(&list, NULL);
		roam_write_count(&list, rows[i].entries);
		for (unsigned k = 0; k < rows[i].entries; k++) {
			roam_write_count(&list, rows[i].key);
			room = roam_writer_extend(&list, rows[i].key);
			memset(room, 'k', rows[i].key);
			roam_write_variant(&list, ROAM_METADATA_STRING);
			roam_write_count(&list, rows[i].value);
			room = roam_writer_extend(&list, rows[i].value);
			memset(room, 'v', rows[i].value);
		}
		both_break("unary.metadata.limits", list.data, list.len);
		roam_writer_free(&list);
	}
}

static void metadata_that_does_not_decode_is_goodbye(void)
{
	both_break("message.decode-error", (const uint8_t[]){ 1 }, 1);
	both_break("message.decode-error", (const uint8_t[]){ 0, 0 }, 2);
	both_break("message.decode-error", (const uint8_t[]){ 200, 1 }, 2);
	both_break("message.decode-error", (const uint8_t[]){ 1, 1, 0xFF, 2, 5 }, 5);
	both_break("message.decode-error", (const uint8_t[]){ 1, 1, 'k', 9 }, 4);
}

static void prefix_that_does_not_fit_is_goodbye(void)
{
	static const unsigned char payloads[][3] = { { 3, 0, 0 }, { 0x80, 0x80, 0x80 } };
	struct peer peer;
	int error;

	peer_create(&peer, PEER_TABLE, 0, 8);
	for (int i = 0; i < 2; i++) {
		error = peer_receive_raw(&peer, ROAM_MSG_REQUEST, 1, payloads[i], 3);
		CHECK(peer_broke(&peer, error, "message.decode-error"));
		error = peer_receive_raw(&peer, ROAM_MSG_RESPONSE, 1, payloads[i], 3);
		CHECK(peer_broke(&peer, error, "message.decode-error"));
	}
	over(&peer);
}

static void no_metadata_has_three_forms(void)
{
	static const unsigned char forms[][2] = { { 1, 0 }, { 0 }, { 0 } };
	static const size_t lens[] = { 2, 1, 0 };
	struct peer peer;

	peer_create(&peer, PEER_TABLE, 0, 8);
	for (uint32_t i = 0; i < 3; i++) {
		CHECK_EQ(peer_receive_raw(&peer, ROAM_MSG_REQUEST, i, forms[i], lens[i]), 0);
		CHECK(peer.arrival.request != NULL);
		CHECK_EQ(peer.arrival.body_len, 0);
	}
	over(&peer);
}

static void arrival_carries_arguments_and_metadata(void)
{
	static const unsigned char payload[] = { 5, 1, 1, 'k', 2, 9, 'a', 'r', 'g', 's' };
	struct roam_metadata entry;
	struct peer peer;

	peer_create(&peer, PEER_TABLE, 0, 8);
	CHECK_EQ(peer_receive_raw(&peer, ROAM_MSG_REQUEST, 3, payload, sizeof(payload)), 0);
	CHECK_EQ(peer.arrival.request->node.id, 3);
	CHECK(peer.arrival.body_len == 4 && memcmp(peer.arrival.body, "args", 4) == 0);
	CHECK(metadata_find((struct roam_bytes){ peer.arrival.metadata, peer.arrival.metadata_len }, "k", &entry));
	CHECK(entry.kind == ROAM_METADATA_U64 && entry.u64 == 9);
	over(&peer);
}

static void cancel_ends_its_request_alone(void)
{
	struct peer peer;
	struct test_request *request;

	peer_create(&peer, PEER_FOREIGN, 0, 8);
	request = peer_serve(&peer, 1, "", 0);
	(void)peer_serve(&peer, 2, "", 0);
	peer_send(&peer, ROAM_MSG_CANCEL, 1, NULL, 0);
	CHECK(peer_woke(&peer, &request->core.effect));
	peer_respond(&peer, request); /* a Response still follows */
	CHECK_EQ(peer.core.serving.count, 1);
	over(&peer);
}

/* A request that was not accepted has no handler to be told: one that is being prepared, was refused, was too many. */
static void request_without_a_handler_does_not_end(void)
{
	struct roam_failure failure = { .error = ROAM_ERR_HOST_DIED };
	struct peer peer;
	struct test_request *refused, *prepared;

	peer_create(&peer, PEER_FOREIGN, 0, 8);
	refused = peer_arrive(&peer, 1);
	core_refuse(&peer.core, &refused->core, CORE_NO_METHOD);
	prepared = peer_arrive(&peer, 2);
	peer_send(&peer, ROAM_MSG_CANCEL, 1, NULL, 0);
	peer_send(&peer, ROAM_MSG_CANCEL, 2, NULL, 0);
	CHECK_EQ(peer_wakes(&peer), 0);
	core_fail(&peer.core, &failure);
	CHECK_EQ(peer_wakes(&peer), 0);
	CHECK(!core_request_held(&refused->core) && !core_request_held(&prepared->core));
	CHECK_EQ(core_accept(&peer.core, &prepared->core), ROAM_ERR_HOST_DIED);
	over(&peer);
}

static void cancel_of_an_id_that_is_done_is_ignored(void)
{
	struct peer peer;

	peer_create(&peer, PEER_FOREIGN, 0, 8);
	peer_respond(&peer, peer_serve(&peer, 1, "", 0));
	peer_send(&peer, ROAM_MSG_CANCEL, 1, NULL, 0);
	peer_send(&peer, ROAM_MSG_CANCEL, 99, NULL, 0);
	CHECK_EQ(peer_wakes(&peer), 0);
	over(&peer);
}

static void unknown_message_type_is_goodbye(void)
{
	struct peer peer;

	peer_create(&peer, PEER_TABLE, 0, 8);
	for (int type = 0; type < 256; type++)
		if (type < ROAM_MSG_REQUEST || type > ROAM_MSG_GOODBYE)
			peer_breaks(&peer, "message.unknown-variant", (enum roam_msg)type, 1, NULL, 0);
	over(&peer);
}

int main(void)
{
	RUN(duplicate_request_id_is_goodbye);
	RUN(queued_answer_keeps_its_request_in_flight);
	RUN(request_id_may_be_used_again_once_its_response_is_committed);
	RUN(overrun_of_a_table_peer_is_goodbye_at_once);
	RUN(overrun_of_others_is_answered);
	RUN(surplus_answers_are_bounded);
	RUN(surplus_answers_take_no_place_in_flight);
	RUN(surplus_request_opens_no_channel);
	RUN(refusal_names_why);
	RUN(messages_for_unopened_channels_of_theirs_are_dropped_after_a_refusal);
	RUN(channel_ids_of_a_request);
	RUN(many_channels_in_one_request_are_checked_in_linear_time);
	RUN(payload_over_the_limit_is_goodbye);
	RUN(metadata_over_its_limits_is_goodbye);
	RUN(metadata_that_does_not_decode_is_goodbye);
	RUN(prefix_that_does_not_fit_is_goodbye);
	RUN(no_metadata_has_three_forms);
	RUN(arrival_carries_arguments_and_metadata);
	RUN(cancel_ends_its_request_alone);
	RUN(request_without_a_handler_does_not_end);
	RUN(cancel_of_an_id_that_is_done_is_ignored);
	RUN(unknown_message_type_is_goodbye);
	return finished();
}
