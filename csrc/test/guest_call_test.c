/* Calls of a guest: what goes out, and what each answer, or none, comes to. */

#include "check.h"
#include "guest/clock.h"
#include "guest/metadata.h"
#include "pair.h"

enum { METHOD = 77, LATER = 1 };

static struct roam_request *deferred;

static int later(struct roam_request *request)
{
	deferred = request;
	return ROAM_DEFERRED;
}

static const struct roam_method methods[] = { { .id = LATER, .handle = later } };

static void begin(struct pair *pair)
{
	pair_create(pair, methods, 1, NULL, NULL);
}

static void end(struct pair *pair)
{
	CHECK(pair_destroy(pair));
}

/* A call that was sent, and taken off the ring by the host. */
static struct roam_call *call_with(struct pair *pair, const struct roam_call_options *options, struct said *said)
{
	struct roam_call *call;

	CHECK_EQ(roam_call_begin(pair->guest, METHOD, options, NULL, 0, &call), 0);
	roam_write_u8(roam_call_arguments(call), 5);
	CHECK_EQ(roam_call_send(call), 0);
	CHECK(pair_take(pair, said));
	CHECK(said->message.type == ROAM_MSG_REQUEST && said->message.method == METHOD);
	return call;
}

static struct roam_call *call_of(struct pair *pair)
{
	struct said said;

	return call_with(pair, NULL, &said);
}

static void answers_have_their_status(void)
{
	static const struct {
		const char *body;
		size_t len;
		int status;
		size_t result; /* bytes that roam_call_result has */
	} rows[] = {
		{ "\0", 1, 0, 0 },
		{ "\0abc", 4, 0, 3 },
		{ "\x01\0abcd", 6, ROAM_ERR_USER, 4 },
		{ "\x01\x01", 2, ROAM_ERR_UNKNOWN_METHOD, 0 },
		{ "\x01\x02", 2, ROAM_ERR_INVALID_PAYLOAD, 0 },
		{ "\x01\x03", 2, ROAM_ERR_CANCELLED, 0 },
		{ "\x01\x04", 2, ROAM_ERR_DECODE, 0 },
		{ "\x02\x00", 2, ROAM_ERR_DECODE, 0 },
		{ "\x01", 1, ROAM_ERR_DECODE, 0 },
		{ "", 0, ROAM_ERR_DECODE, 0 },
	};
	struct pair pair = { .foreign = false };

	begin(&pair);
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct roam_call *call = call_of(&pair);
		struct roam_reader reader;

		CHECK_EQ(roam_call_poll(call), ROAM_ERR_AGAIN);
		pair_send(&pair, ROAM_MSG_RESPONSE, i + 1, rows[i].body, rows[i].len);
		CHECK_EQ(roam_call_wait(call), rows[i].status);
		CHECK_EQ(roam_call_poll(call), rows[i].status);
		CHECK_EQ(roam_call_wait(call), rows[i].status);
		reader = roam_call_result(call);
		CHECK_EQ(roam_reader_left(&reader), rows[i].result);
		CHECK_EQ(roam_call_error(call).len, 0);
		roam_call_free(call);
	}
	end(&pair);
}

static void request_has_metadata_and_time_that_is_left(void)
{
	struct roam_metadata given[] = {
		{ .key = roam_string_of("k"), .kind = ROAM_METADATA_STRING, .string = roam_string_of("v") },
		{ .key = roam_string_of(METADATA_TIMEOUT), .kind = ROAM_METADATA_U64, .u64 = 1 }, /* another call's */
	};
	struct roam_call_options options = { .timeout_ns = 60 * CLOCK_SECOND, .metadata = given, .metadata_count = 2 };
	struct pair pair = { .foreign = false };
	struct roam_bytes list, body;
	struct roam_metadata entry;
	struct roam_call *call;
	struct said said;

	begin(&pair);
	call = call_with(&pair, &options, &said);
	CHECK(metadata_split(said.payload, said.message.len, &list, &body));
	CHECK(body.len == 1 && body.data[0] == 5);
	CHECK(metadata_at(list, 0, &entry) && roam_string_equal(entry.string, roam_string_of("v")));
	CHECK(metadata_at(list, 1, &entry) && roam_string_equal(entry.key, roam_string_of(METADATA_TIMEOUT)));
	CHECK(entry.u64 <= 60 * (uint64_t)CLOCK_SECOND && entry.u64 > 30 * (uint64_t)CLOCK_SECOND);
	CHECK(!metadata_at(list, 2, &entry));
	roam_call_free(call);
	CHECK(pair_says(&pair, ROAM_MSG_CANCEL, 1));
	call = call_with(&pair, NULL, &said);
	CHECK(said.message.len == 3 && said.payload[0] == 1 && said.payload[1] == 0);
	roam_call_free(call);
	end(&pair);
}

static void answer_has_metadata_and_words(void)
{
	static const unsigned char payload[] = "\x10\x01\x0aroam.error\0\x02no\x01\x03";
	struct pair pair = { .foreign = false };
	struct roam_slot any = { .index = ROAM_INLINE_SLOT };
	struct roam_metadata entry;
	struct roam_call *call;

	begin(&pair);
	call = call_of(&pair);
	CHECK_EQ(roam_end_stage(&pair.host.end, ROAM_MSG_RESPONSE, 1, 0, NULL, 0, payload, sizeof(payload) - 1, any),
		 ROAM_OK);
	(void)roam_end_commit(&pair.host.end);
	CHECK_EQ(roam_call_wait(call), ROAM_ERR_REMOTE);
	CHECK(roam_string_equal(roam_call_error(call), roam_string_of("no")));
	CHECK(roam_call_metadata(call, METADATA_ERROR, &entry));
	CHECK(roam_call_metadata_at(call, 0, &entry) && !roam_call_metadata_at(call, 1, &entry));
	roam_call_free(call);
	end(&pair);
}

static void arguments_over_the_limit_are_refused_before_anything_is_sent(void)
{
	static const char text[] = "request of 4001 bytes is over the largest payload of 4000 bytes";
	struct pair pair = { .foreign = false };
	struct roam_call *call;
	struct said said;

	begin(&pair);
	for (size_t size = 3998; size <= 3999; size++) {
		CHECK_EQ(roam_call_begin(pair.guest, METHOD, NULL, NULL, 0, &call), 0);
		(void)memset(roam_writer_extend(roam_call_arguments(call), size), 0, size);
		CHECK_EQ(roam_call_send(call), size == 3998 ? 0 : ROAM_ERR_TOO_LARGE);
		if (size == 3999) {
			CHECK(roam_string_equal(roam_call_error(call), roam_string_of(text)));
			CHECK_EQ(roam_call_wait(call), ROAM_ERR_TOO_LARGE);
		}
		CHECK_EQ(pair_take(&pair, &said), size == 3998);
		roam_call_free(call);
		if (size == 3998)
			CHECK(pair_says(&pair, ROAM_MSG_CANCEL, 1));
	}
	end(&pair);
}

static void what_cannot_be_encoded_is_not_sent(void)
{
	struct roam_metadata bad = { .kind = ROAM_METADATA_STRING, .string = { "\xff", 1 } };
	struct roam_call_options options = { .metadata = &bad, .metadata_count = 1 };
	struct pair pair = { .foreign = false };
	struct roam_call *call;
	struct said said;

	begin(&pair);
	CHECK_EQ(roam_call_begin(pair.guest, METHOD, &options, NULL, 0, &call), ROAM_ERR_ARGUMENT);
	CHECK(call == NULL);
	CHECK_EQ(roam_call_begin(pair.guest, METHOD, NULL, NULL, 0, &call), 0);
	roam_write_string(roam_call_arguments(call), (struct roam_string){ "\xff", 1 });
	CHECK_EQ(roam_call_wait(call), ROAM_ERR_ARGUMENT); /* it was not sent */
	CHECK_EQ(roam_call_send(call), ROAM_ERR_ARGUMENT);
	CHECK_EQ(roam_call_send(call), ROAM_ERR_ARGUMENT); /* once */
	CHECK(!pair_take(&pair, &said));
	roam_call_free(call);
	end(&pair);
}

static void large_results_come_whole(void)
{
	static unsigned char body[29990];
	struct pair pair = { .roomy = true };
	struct roam_reader reader;
	struct roam_call *call;

	begin(&pair);
	for (uint32_t id = 1; id <= 10; id++) {
		size_t size = sizeof(body) - 1000 * (id - 1);

		memset(body + 1, (int)id, size - 1);
		call = call_of(&pair);
		pair_send(&pair, ROAM_MSG_RESPONSE, id, body, size);
		CHECK_EQ(roam_call_wait(call), 0);
		reader = roam_call_result(call);
		CHECK(roam_reader_left(&reader) == size - 1 && memcmp(reader.at, body + 1, size - 1) == 0);
		roam_call_free(call);
	}
	end(&pair);
}

/* Once the first few were made, others of their kind take no memory. */
static void calls_take_no_memory(void)
{
	struct pair pair = { .foreign = false };
	struct roam_call *call;
	uint32_t taken = 0;

	begin(&pair);
	for (uint32_t id = 1; id <= 200; id++) {
		if (id == 20)
			taken = pair.memory.taken;
		call = call_of(&pair);
		pair_send(&pair, ROAM_MSG_RESPONSE, id, "\0a result that does not fit a descriptor", 40);
		CHECK_EQ(roam_call_wait(call), 0);
		roam_call_free(call);
	}
	CHECK_EQ(pair.memory.taken, taken);
	end(&pair);
}

/* ---- Ends without an answer ------------------------------------------------------------------------------------- */

static void deadline_ends_a_call(void)
{
	struct roam_call_options options = { .timeout_ns = CLOCK_MILLISECOND };
	struct pair pair = { .foreign = false };
	struct roam_call *call;
	struct said said;

	begin(&pair);
	call = call_with(&pair, &options, &said);
	CHECK_EQ(roam_call_wait(call), ROAM_ERR_DEADLINE);
	CHECK(pair_says(&pair, ROAM_MSG_CANCEL, 1));
	pair_send(&pair, ROAM_MSG_RESPONSE, 1, "\0", 1); /* too late */
	roam_call_free(call);
	call = call_with(&pair, &options, &said); /* and by looking alone */
	while (roam_call_poll(call) == ROAM_ERR_AGAIN)
		continue;
	CHECK_EQ(roam_call_poll(call), ROAM_ERR_DEADLINE);
	roam_call_free(call);
	end(&pair);
}

static void deadline_that_the_host_saw_first_is_one(void)
{
	struct roam_call_options soon = { .timeout_ns = 50 * CLOCK_MILLISECOND };
	struct roam_call_options later_on = { .timeout_ns = 60 * CLOCK_SECOND };
	struct pair pair = { .foreign = false };
	struct roam_call *call;
	struct said said;

	begin(&pair);
	call = call_with(&pair, &soon, &said);
	pair_send(&pair, ROAM_MSG_RESPONSE, 1, "\x01\x03", 2);
	CHECK_EQ(roam_call_wait(call), ROAM_ERR_DEADLINE);
	roam_call_free(call);
	call = call_with(&pair, &later_on, &said);
	pair_send(&pair, ROAM_MSG_RESPONSE, 2, "\x01\x03", 2);
	CHECK_EQ(roam_call_wait(call), ROAM_ERR_CANCELLED);
	roam_call_free(call);
	end(&pair);
}

static void cancelled_call_tells_the_host_once(void)
{
	struct pair pair = { .foreign = false };
	struct roam_call *call;
	struct said said;

	begin(&pair);
	call = call_of(&pair);
	roam_call_cancel(call);
	roam_call_cancel(call);
	CHECK_EQ(roam_call_wait(call), ROAM_ERR_CANCELLED);
	roam_call_free(call);
	CHECK(pair_says(&pair, ROAM_MSG_CANCEL, 1));
	CHECK(!pair_take(&pair, &said));
	call = call_of(&pair);
	roam_call_free(call); /* gives it up */
	CHECK(pair_says(&pair, ROAM_MSG_CANCEL, 2));
	call = call_of(&pair);
	pair_send(&pair, ROAM_MSG_RESPONSE, 1, "\0", 1); /* the late ones are dropped */
	pair_send(&pair, ROAM_MSG_RESPONSE, 2, "\0", 1);
	pair_send(&pair, ROAM_MSG_RESPONSE, 3, "\0x", 2);
	CHECK_EQ(roam_call_wait(call), 0);
	roam_call_free(call);
	CHECK_EQ(pair.logged, 0);
	end(&pair);
}

static void unknown_response_is_logged(void)
{
	struct pair pair = { .foreign = false };
	struct roam_call *call;

	begin(&pair);
	call = call_of(&pair);
	pair_send(&pair, ROAM_MSG_RESPONSE, 99, "\0", 1);
	pair_send(&pair, ROAM_MSG_RESPONSE, 1, "\0", 1);
	CHECK_EQ(roam_call_wait(call), 0);
	CHECK(pair.logged == 1 && strstr(pair.log, "unknown request") != NULL);
	roam_call_free(call);
	end(&pair);
}

static void call_within_a_request_ends_with_it(void)
{
	struct pair pair = { .foreign = false };
	struct roam_call_options options = { .timeout_ns = 0 };
	struct roam_call *calls[3];
	struct said said;

	begin(&pair);
	CHECK(roam_guest_fd(pair.guest) >= 0);
	for (uint32_t id = 1; id <= 2; id++) {
		pair_request(&pair, id, LATER, NULL, 0);
		CHECK_EQ(roam_guest_step(pair.guest), 0);
		options.within = deferred;
		calls[id] = call_with(&pair, &options, &said);
		if (id == 1) { /* by Cancel */
			pair_send(&pair, ROAM_MSG_CANCEL, 1, NULL, 0);
			CHECK_EQ(roam_guest_step(pair.guest), 0);
			CHECK_EQ(roam_call_begin(pair.guest, METHOD, &options, NULL, 0, &calls[0]), ROAM_ERR_CANCELLED);
		} else { /* by its answer */
			roam_request_finish(deferred, 0);
		}
		CHECK_EQ(roam_call_poll(calls[id]), ROAM_ERR_CANCELLED);
		CHECK(pair_says(&pair, ROAM_MSG_CANCEL, id));
		if (id == 1)
			roam_request_finish(deferred, ROAM_ERR_CANCELLED);
		CHECK(pair_says(&pair, ROAM_MSG_RESPONSE, id));
		roam_call_free(calls[id]);
	}
	end(&pair);
}

static void call_within_a_request_has_its_deadline(void)
{
	static const unsigned char payload[] = "\x14\x01\x0froam.timeout-ns\x02\x80\x01";
	struct pair pair = { .foreign = false };
	struct roam_call_options options = { .timeout_ns = 60 * CLOCK_SECOND };
	struct roam_call *call;

	begin(&pair);
	CHECK(roam_guest_fd(pair.guest) >= 0);
	pair_request_raw(&pair, 1, LATER, payload, sizeof(payload) - 1); /* 128 ns */
	CHECK_EQ(roam_guest_step(pair.guest), 0);
	options.within = deferred;
	CHECK_EQ(roam_call_begin(pair.guest, METHOD, &options, NULL, 0, &call), ROAM_ERR_DEADLINE);
	CHECK_EQ(roam_request_ended(deferred), ROAM_ERR_DEADLINE);
	roam_request_finish(deferred, ROAM_ERR_DEADLINE);
	CHECK(pair_fails(&pair, 1, NULL));
	end(&pair);
}

/* ---- Callbacks -------------------------------------------------------------------------------------------------- */

struct done {
	struct pair *pair;
	unsigned count;
	int status;
	int waited; /* what a function gives that must not wait there */
	bool frees;
};

static void on_done(struct roam_call *call, void *context)
{
	struct done *done = context;
	struct roam_call *another;

	done->count++;
	done->status = roam_call_poll(call);
	if (done->pair != NULL && roam_call_begin(done->pair->guest, METHOD, NULL, NULL, 0, &another) == 0) {
		CHECK_EQ(roam_call_send(another), 0); /* there is room: it need not wait */
		done->waited = roam_call_wait(another);
		roam_call_free(another);
	}
	if (done->frees)
		roam_call_free(call);
}

static void callback_comes_once_from_a_step(void)
{
	struct pair pair = { .foreign = false };
	struct done done = { .pair = &pair, .frees = true };
	struct roam_call *call;

	begin(&pair);
	CHECK(roam_guest_fd(pair.guest) >= 0);
	call = call_of(&pair);
	roam_call_on_done(call, on_done, &done);
	CHECK_EQ(roam_guest_step(pair.guest), 0);
	CHECK_EQ(done.count, 0);
	pair_send(&pair, ROAM_MSG_RESPONSE, 1, "\0", 1);
	CHECK_EQ(roam_guest_step(pair.guest), 0);
	CHECK_EQ(done.count, 1);
	CHECK_EQ(done.status, 0);
	CHECK_EQ(done.waited, ROAM_ERR_AGAIN); /* the thread that receives must not wait */
	end(&pair);
}

static void callback_comes_at_once_for_what_is_over(void)
{
	struct pair pair = { .foreign = false };
	struct done done = { .pair = NULL };
	struct roam_call *call;

	begin(&pair);
	CHECK(roam_guest_fd(pair.guest) >= 0);
	call = call_of(&pair);
	roam_call_on_done(call, on_done, &done);
	roam_call_on_done(call, NULL, NULL); /* taken back */
	roam_call_cancel(call);
	CHECK_EQ(roam_guest_step(pair.guest), 0);
	CHECK_EQ(done.count, 0);
	roam_call_on_done(call, on_done, &done);
	CHECK_EQ(done.count, 1);
	CHECK_EQ(done.status, ROAM_ERR_CANCELLED);
	roam_call_free(call);
	end(&pair);
}

static void callback_comes_for_a_deadline(void)
{
	struct roam_call_options options = { .timeout_ns = 2 * CLOCK_MILLISECOND };
	struct pair pair = { .foreign = false };
	struct done done = { .pair = &pair, .frees = true };
	struct said said;

	begin(&pair);
	CHECK(roam_guest_fd(pair.guest) >= 0);
	roam_call_on_done(call_with(&pair, &options, &said), on_done, &done);
	while (done.count == 0)
		CHECK_EQ(roam_guest_step(pair.guest), 0);
	CHECK_EQ(done.status, ROAM_ERR_DEADLINE);
	end(&pair);
}

/* ---- Channels --------------------------------------------------------------------------------------------------- */

static void channels_of_a_call_carry_items_both_ways(void)
{
	static const bool sends[] = { true, false };
	struct pair pair = { .foreign = false };
	struct roam_call *call;
	struct roam_bytes item;
	struct roam_tx *tx;
	struct roam_rx *rx;
	struct said said;

	begin(&pair);
	CHECK_EQ(roam_call_begin(pair.guest, METHOD, NULL, sends, 2, &call), 0);
	CHECK_EQ(roam_call_channel_id(call, 0), 1);
	CHECK_EQ(roam_call_channel_id(call, 1), 3);
	CHECK_EQ(roam_call_channel_id(call, 2), 0);
	tx = roam_call_tx(call, 0);
	rx = roam_call_rx(call, 1);
	CHECK(roam_call_tx(call, 1) == NULL && roam_call_rx(call, 0) == NULL && roam_call_tx(call, 2) == NULL);
	CHECK_EQ(roam_tx_send(tx, "x", 1), ROAM_ERR_ARGUMENT); /* its call is not sent */
	CHECK_EQ(roam_rx_try_recv(rx, &item), ROAM_ERR_AGAIN);
	CHECK_EQ(roam_call_send(call), 0);
	CHECK_EQ(roam_tx_send(tx, "up", 2), 0);
	CHECK(pair_says(&pair, ROAM_MSG_REQUEST, 1));
	CHECK_EQ(roam_channel_state(roam_end_channel(&pair.host.end, 3)), ROAM_ENTRY_ACTIVE);
	CHECK(pair_says(&pair, ROAM_MSG_DATA, 1));
	pair_send(&pair, ROAM_MSG_DATA, 3, "down", 4);
	pair_send(&pair, ROAM_MSG_RESPONSE, 1, "\0", 1); /* without a Close: taken as come */
	CHECK_EQ(roam_rx_recv(rx, &item), 0);
	CHECK(item.len == 4 && memcmp(item.data, "down", 4) == 0);
	CHECK_EQ(roam_rx_recv(rx, &item), ROAM_ERR_END);
	CHECK_EQ(roam_call_wait(call), 0);
	roam_call_free(call);
	CHECK_EQ(roam_tx_send(tx, "after", 5), 0); /* it outlives the call */
	CHECK(pair_says(&pair, ROAM_MSG_DATA, 1));
	roam_tx_free(tx);
	CHECK(pair_says(&pair, ROAM_MSG_CLOSE, 1));
	roam_rx_free(rx);
	CHECK(!pair_take(&pair, &said));
	end(&pair);
}

static void cancelled_call_resets_its_channels(void)
{
	static const bool sends[] = { true, false };
	struct pair pair = { .foreign = false };
	struct roam_call *call;
	struct roam_bytes item;
	struct roam_tx *tx;
	struct roam_rx *rx;

	begin(&pair);
	CHECK_EQ(roam_call_begin(pair.guest, METHOD, NULL, sends, 2, &call), 0);
	tx = roam_call_tx(call, 0);
	rx = roam_call_rx(call, 1);
	CHECK_EQ(roam_call_send(call), 0);
	roam_call_cancel(call);
	CHECK(pair_says(&pair, ROAM_MSG_REQUEST, 1));
	CHECK(pair_says(&pair, ROAM_MSG_CANCEL, 1));
	CHECK(pair_says(&pair, ROAM_MSG_RESET, 1));
	CHECK(pair_says(&pair, ROAM_MSG_RESET, 3));
	CHECK_EQ(roam_tx_send(tx, "x", 1), ROAM_ERR_CANCELLED);
	CHECK_EQ(roam_rx_recv(rx, &item), ROAM_ERR_CANCELLED);
	CHECK_EQ(roam_tx_close(tx), ROAM_ERR_CANCELLED);
	roam_tx_free(tx);
	roam_rx_free(rx);
	roam_call_free(call);
	end(&pair);
}

static void refused_call_ends_its_channels_with_its_error(void)
{
	static const bool sends[] = { true, false };
	struct pair pair = { .foreign = false };
	struct roam_call *call;
	struct roam_bytes item;
	struct roam_tx *tx;
	struct roam_rx *rx;

	begin(&pair);
	for (uint32_t i = 1; i <= 20; i++) { /* more often than there are ids: the caller frees the entries itself */
		CHECK_EQ(roam_call_begin(pair.guest, METHOD, NULL, sends, 2, &call), 0);
		tx = roam_call_tx(call, 0);
		rx = roam_call_rx(call, 1);
		CHECK_EQ(roam_call_send(call), 0);
		CHECK(pair_says(&pair, ROAM_MSG_REQUEST, i));
		pair_send(&pair, ROAM_MSG_RESPONSE, i, "\x01\x01", 2);
		CHECK_EQ(roam_rx_recv(rx, &item), ROAM_ERR_UNKNOWN_METHOD);
		CHECK_EQ(roam_tx_send(tx, "x", 1), ROAM_ERR_UNKNOWN_METHOD);
		CHECK_EQ(roam_call_wait(call), ROAM_ERR_UNKNOWN_METHOD);
		roam_call_free(call);
		roam_tx_free(tx);
		roam_rx_free(rx);
	}
	end(&pair);
}

static void ends_that_nobody_asked_for_go_with_their_call(void)
{
	static const bool sends[] = { true, false };
	struct pair pair = { .foreign = false };
	struct roam_call *call;

	begin(&pair);
	CHECK_EQ(roam_call_begin(pair.guest, METHOD, NULL, sends, 2, &call), 0);
	CHECK_EQ(roam_call_send(call), 0);
	CHECK(pair_says(&pair, ROAM_MSG_REQUEST, 1));
	pair_send(&pair, ROAM_MSG_RESPONSE, 1, "\0", 1);
	CHECK_EQ(roam_call_wait(call), 0);
	roam_call_free(call);
	CHECK(pair_says(&pair, ROAM_MSG_CLOSE, 1));
	CHECK_EQ(roam_call_begin(pair.guest, METHOD, NULL, sends, 2, &call), 0);
	roam_call_free(call); /* never sent */
	end(&pair);
}

/* The host hears of channels only once it knows them. */
static void ends_that_are_freed_before_their_call_is_sent(void)
{
	static const bool sends[] = { true, false };
	struct pair pair = { .foreign = false };
	struct roam_call *call;
	struct said said;

	begin(&pair);
	for (int sent = 0; sent < 2; sent++) {
		CHECK_EQ(roam_call_begin(pair.guest, METHOD, NULL, sends, 2, &call), 0);
		CHECK_EQ(roam_tx_close(roam_call_tx(call, 0)), 0);
		roam_tx_free(roam_call_tx(call, 0));
		roam_rx_free(roam_call_rx(call, 1));
		CHECK(!pair_take(&pair, &said));
		if (sent == 1)
			CHECK_EQ(roam_call_send(call), 0);
		roam_call_free(call);
	}
	CHECK(pair_says(&pair, ROAM_MSG_REQUEST, 2));
	CHECK(pair_says(&pair, ROAM_MSG_CLOSE, 1));
	CHECK(pair_says(&pair, ROAM_MSG_RESET, 3));
	CHECK(pair_says(&pair, ROAM_MSG_CANCEL, 2));
	CHECK(!pair_take(&pair, &said));
	end(&pair);
}

static void more_channels_than_ids_are_refused_at_once(void)
{
	static const bool sends[9];
	struct roam_call_options soon = { .timeout_ns = CLOCK_MILLISECOND };
	struct pair pair = { .foreign = false };
	struct roam_call *all, *more;

	begin(&pair);
	CHECK_EQ(roam_call_begin(pair.guest, METHOD, NULL, sends, 9, &more), ROAM_ERR_TOO_MANY);
	CHECK_EQ(roam_call_begin(pair.guest, METHOD, NULL, sends, 8, &all), 0);
	/* It waits for an id. */
	CHECK_EQ(roam_call_begin(pair.guest, METHOD, &soon, sends, 1, &more), ROAM_ERR_DEADLINE);
	CHECK(more == NULL);
	roam_call_free(all);
	CHECK_EQ(roam_call_begin(pair.guest, METHOD, &soon, sends, 8, &more), 0);
	roam_call_free(more);
	end(&pair);
}

static void send_without_credit_waits_until_the_calls_time_is_over(void)
{
	static const unsigned char item[1000];
	static const bool sends[] = { true };
	struct roam_call_options soon = { .timeout_ns = 2 * CLOCK_MILLISECOND };
	struct pair pair = { .foreign = false };
	struct roam_call *call;
	struct roam_tx *tx;

	begin(&pair);
	CHECK_EQ(roam_call_begin(pair.guest, METHOD, &soon, sends, 1, &call), 0);
	tx = roam_call_tx(call, 0);
	CHECK_EQ(roam_call_send(call), 0);
	CHECK_EQ(roam_tx_send(tx, item, sizeof(item)), 0);
	CHECK_EQ(roam_tx_send(tx, item, 1), ROAM_ERR_DEADLINE);
	CHECK_EQ(roam_tx_send(tx, item, 1), ROAM_ERR_DEADLINE);
	CHECK_EQ(roam_call_wait(call), ROAM_ERR_DEADLINE);
	CHECK(pair_says(&pair, ROAM_MSG_REQUEST, 1));
	CHECK(pair_says(&pair, ROAM_MSG_DATA, 1));
	CHECK(pair_says(&pair, ROAM_MSG_CANCEL, 1));
	CHECK(pair_says(&pair, ROAM_MSG_RESET, 1));
	roam_call_free(call);
	roam_tx_free(tx);
	end(&pair);
}

static void item_that_is_no_value_ends_the_connection(void)
{
	static const bool sends[] = { false };
	struct pair pair = { .foreign = false };
	struct roam_failure failure;
	struct roam_call *call;
	struct roam_bytes item;
	struct roam_rx *rx;
	struct said said;

	begin(&pair);
	CHECK_EQ(roam_call_begin(pair.guest, METHOD, NULL, sends, 1, &call), 0);
	rx = roam_call_rx(call, 0);
	CHECK_EQ(roam_call_send(call), 0);
	CHECK(pair_says(&pair, ROAM_MSG_REQUEST, 1));
	pair_send(&pair, ROAM_MSG_DATA, 1, "?", 1);
	CHECK_EQ(roam_rx_recv(rx, &item), 0);
	CHECK_EQ(roam_rx_invalid(rx), ROAM_ERR_VIOLATION);
	roam_guest_failure(pair.guest, &failure);
	CHECK(strncmp(failure.text, "channeling.data.invalid: ", 25) == 0);
	CHECK_EQ(roam_call_wait(call), ROAM_ERR_VIOLATION);
	CHECK(pair_take(&pair, &said) && said.message.type == ROAM_MSG_GOODBYE);
	CHECK(said.message.len == strlen(failure.text) && memcmp(said.payload, failure.text, said.message.len) == 0);
	roam_rx_free(rx);
	roam_call_free(call);
	end(&pair);
}

int main(void)
{
	RUN(answers_have_their_status);
	RUN(request_has_metadata_and_time_that_is_left);
	RUN(answer_has_metadata_and_words);
	RUN(arguments_over_the_limit_are_refused_before_anything_is_sent);
	RUN(what_cannot_be_encoded_is_not_sent);
	RUN(large_results_come_whole);
	RUN(calls_take_no_memory);
	RUN(deadline_ends_a_call);
	RUN(deadline_that_the_host_saw_first_is_one);
	RUN(cancelled_call_tells_the_host_once);
	RUN(unknown_response_is_logged);
	RUN(call_within_a_request_ends_with_it);
	RUN(call_within_a_request_has_its_deadline);
	RUN(callback_comes_once_from_a_step);
	RUN(callback_comes_at_once_for_what_is_over);
	RUN(callback_comes_for_a_deadline);
	RUN(channels_of_a_call_carry_items_both_ways);
	RUN(cancelled_call_resets_its_channels);
	RUN(refused_call_ends_its_channels_with_its_error);
	RUN(ends_that_nobody_asked_for_go_with_their_call);
	RUN(ends_that_are_freed_before_their_call_is_sent);
	RUN(more_channels_than_ids_are_refused_at_once);
	RUN(send_without_credit_waits_until_the_calls_time_is_over);
	RUN(item_that_is_no_value_ends_the_connection);
	return finished();
}
