/* Serving: what a guest answers to what a host asks. The guest runs step by step, so that each test is one thread. */

#include "check.h"
#include "guest/clock.h"
#include "guest/metadata.h"
#include "pair.h"

/* ---- A service -------------------------------------------------------------------------------------------------- */

enum {
	ECHO = 1, FAILS, USER, WEIRD, BIG, META, DEADLINE, LATER, STREAM, BROKEN, PICKY, INLINE_ECHO, NOBODY, KEEP
};

/* struct seen: what handlers saw and what they are to do. */
struct seen {
	int status;                   /* what handlers return that have no other task */
	size_t size;                  /* of big results */
	struct roam_request *request; /* the last deferred one */
	struct roam_tx *tx;
	struct roam_rx *rx;
	int64_t deadline;
	unsigned handled, ended;
	int ended_as;
	char text[20000];
};

static struct seen *seen_of(struct roam_request *request)
{
	return roam_request_user(request);
}

static int prepare_bytes(struct roam_request *request, struct roam_reader *reader)
{
	struct roam_bytes *bytes = roam_request_alloc(request, sizeof(*bytes));

	if (bytes == NULL)
		return ROAM_ERR_NO_MEMORY;
	*bytes = roam_read_bytes(reader);
	roam_request_set_arguments(request, bytes);
	return roam_reader_finish(reader);
}

static int echo(struct roam_request *request)
{
	const struct roam_bytes *bytes = roam_request_arguments(request);

	roam_write_bytes(roam_request_result(request), *bytes);
	return 0;
}

static int fails(struct roam_request *request)
{
	return roam_request_fail(request, "%s", seen_of(request)->text);
}

static int user(struct roam_request *request)
{
	roam_write_u8(roam_request_result(request), 9);
	return ROAM_ERR_USER;
}

static int weird(struct roam_request *request)
{
	return seen_of(request)->status;
}

static int big(struct roam_request *request)
{
	uint8_t *room = roam_writer_extend(roam_request_result(request), seen_of(request)->size);

	memset(room, 'b', seen_of(request)->size);
	return 0;
}

static int meta(struct roam_request *request)
{
	struct roam_metadata entry;

	if (!roam_request_metadata(request, "k", &entry))
		return roam_request_fail(request, "no k");
	CHECK(!roam_request_metadata_at(request, 1, &entry));
	CHECK(roam_request_metadata_at(request, 0, &entry));
	CHECK_EQ(roam_request_add_metadata(request, &entry), 0);
	return seen_of(request)->status;
}

static int deadline(struct roam_request *request)
{
	struct seen *seen = seen_of(request);

	seen->deadline = roam_request_deadline(request);
	return roam_request_ended(request);
}

static int later(struct roam_request *request)
{
	seen_of(request)->request = request;
	return ROAM_DEFERRED;
}

static void on_end(struct roam_request *request, void *context)
{
	struct seen *seen = context;

	seen->ended++;
	seen->ended_as = roam_request_ended(request);
	if (seen->status != ROAM_DEFERRED)
		roam_request_finish(request, seen->ended_as);
}

static int keep(struct roam_request *request)
{
	seen_of(request)->request = request;
	roam_request_on_end(request, on_end, roam_request_user(request));
	return ROAM_DEFERRED;
}

static int prepare_stream(struct roam_request *request, struct roam_reader *reader)
{
	struct seen *seen = seen_of(request);

	seen->rx = roam_request_rx(request, roam_read_u64(reader));
	seen->tx = roam_request_tx(request, roam_read_u64(reader));
	return roam_reader_finish(reader);
}

static int stream(struct roam_request *request)
{
	struct seen *seen = seen_of(request);

	seen->handled++;
	seen->request = request;
	return seen->status;
}

static int prepare_broken(struct roam_request *request, struct roam_reader *reader)
{
	(void)prepare_stream(request, reader);
	return roam_request_fail(request, "not today");
}

static int prepare_picky(struct roam_request *request, struct roam_reader *reader)
{
	(void)request;
	(void)roam_read_u8(reader);
	return 0;
}

static int prepare_nobody(struct roam_request *request, struct roam_reader *reader)
{
	(void)request;
	(void)reader;
	return ROAM_ERR_UNKNOWN_METHOD;
}

static const struct roam_method methods[] = {
	{ .id = ECHO, .name = "echo", .prepare = prepare_bytes, .handle = echo },
	{ .id = FAILS, .handle = fails },
	{ .id = USER, .handle = user },
	{ .id = WEIRD, .handle = weird },
	{ .id = BIG, .handle = big },
	{ .id = META, .handle = meta },
	{ .id = DEADLINE, .handle = deadline },
	{ .id = LATER, .handle = later },
	{ .id = KEEP, .handle = keep },
	{ .id = STREAM, .prepare = prepare_stream, .handle = stream },
	{ .id = BROKEN, .prepare = prepare_broken, .handle = stream },
	{ .id = PICKY, .prepare = prepare_picky, .handle = weird },
	{ .id = INLINE_ECHO, .prepare = prepare_bytes, .handle = echo, .flags = ROAM_METHOD_INLINE },
	{ .id = NOBODY, .prepare = prepare_nobody, .handle = weird },
};

static struct seen seen;

static void begin(struct pair *pair)
{
	seen = (struct seen){ .status = 0 };
	pair_create_stepped(pair, methods, sizeof(methods) / sizeof(methods[0]), &seen);
}

static void end(struct pair *pair)
{
	CHECK(pair_destroy(pair));
}

/* ---- Answers ---------------------------------------------------------------------------------------------------- */

static void results_go_out_behind_their_tag(void)
{
	struct pair pair = { .foreign = false };

	begin(&pair);
	pair_request(&pair, 1, ECHO, "\x02hi", 3);
	pair_request(&pair, 2, INLINE_ECHO, "\x02ho", 3);
	pair_request(&pair, 3, USER, NULL, 0);
	pair_step(&pair);
	CHECK(pair_answers(&pair, 2, "\0\x02ho", 4)); /* before those that were queued */
	CHECK(pair_answers(&pair, 1, "\0\x02hi", 4));
	CHECK(pair_answers(&pair, 3, "\x01\0\x09", 3));
	end(&pair);
}

static void failures_say_why(void)
{
	static const struct {
		int status;
		const char *text;
	} rows[] = {
		{ ROAM_ERR_NO_MEMORY, "out of memory" },
		{ ROAM_ERR_RESET, "channel reset" },
		{ ROAM_ERR_CANCELLED, "cancelled" }, /* nobody cancelled it */
		{ ROAM_ERR_DEADLINE, "deadline exceeded" },
		{ ROAM_ERR_REMOTE, "the handler failed" }, /* it said nothing */
		{ -12345, "unknown error" },
		{ 77, "unknown error" },
	};
	struct pair pair = { .foreign = false };

	begin(&pair);
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		seen.status = rows[i].status;
		pair_request(&pair, i, WEIRD, NULL, 0);
		pair_step(&pair);
		CHECK(pair_fails(&pair, i, rows[i].text));
	}
	(void)strcpy(seen.text, "no paper");
	pair_request(&pair, 1, FAILS, NULL, 0);
	pair_step(&pair);
	CHECK(pair_fails(&pair, 1, "no paper"));
	end(&pair);
}

static void text_of_a_failure_is_cut_to_what_fits(void)
{
	struct pair pair = { .foreign = false };
	struct roam_bytes list, body;
	struct roam_metadata entry;
	struct said said;

	begin(&pair);
	for (size_t i = 0; i + 2 < sizeof(seen.text); i += 2)
		memcpy(seen.text + i, "\xc3\xa4", 2); /* of two bytes each */
	pair_request(&pair, 1, FAILS, NULL, 0);
	pair_step(&pair);
	CHECK(pair_take(&pair, &said));
	CHECK(said.message.len <= 4000 && said.message.len >= 3990);
	CHECK(metadata_split(said.payload, said.message.len, &list, &body));
	CHECK(metadata_find(list, METADATA_ERROR, &entry));
	CHECK(entry.string.len % 2 == 0 && entry.string.len > 3900);
	(void)strcpy(seen.text, "bad \xff byte");
	pair_request(&pair, 1, FAILS, NULL, 0);
	pair_step(&pair);
	CHECK(pair_fails(&pair, 1, "bad ? byte"));
	end(&pair);
}

static void result_over_the_limit_is_a_failure_that_names_both(void)
{
	static unsigned char most[4000];
	struct pair pair = { .foreign = false };

	begin(&pair);
	seen.size = 4000 - 3;
	pair_request(&pair, 1, BIG, NULL, 0);
	pair_step(&pair);
	memset(most + 1, 'b', seen.size);
	CHECK(pair_answers(&pair, 1, most, seen.size + 1));
	seen.size++;
	pair_request(&pair, 2, BIG, NULL, 0);
	pair_step(&pair);
	CHECK(pair_fails(&pair, 2, "result of 4001 bytes is over the largest payload of 4000 bytes"));
	end(&pair);
}

static void refusals_leave_the_connection_alive(void)
{
	struct pair pair = { .foreign = false };

	begin(&pair);
	pair_request(&pair, 1, 4711, NULL, 0);
	pair_request(&pair, 2, NOBODY, NULL, 0);
	pair_request(&pair, 3, ECHO, "\x05hi", 3); /* too short */
	pair_request(&pair, 4, ECHO, "\x01hi", 3); /* too long */
	pair_request(&pair, 5, PICKY, "\x01\x02", 2); /* what prepare leaves unread is too much as well */
	pair_request(&pair, 6, USER, "\x01", 1); /* without prepare there are no arguments */
	pair_request(&pair, 7, ECHO, "\0", 1);
	pair_step(&pair);
	CHECK(pair_answers(&pair, 1, "\x01\x01", 2));
	CHECK(pair_answers(&pair, 2, "\x01\x01", 2));
	for (uint32_t id = 3; id < 7; id++)
		CHECK(pair_answers(&pair, id, "\x01\x02", 2));
	CHECK(pair_answers(&pair, 7, "\0\0", 2));
	end(&pair);
}

static void metadata_travels_both_ways(void)
{
	static const unsigned char payload[] = { 6, 1, 1, 'k', 0, 1, 'v' };
	struct pair pair = { .foreign = false };
	struct said said;

	begin(&pair);
	pair_request_raw(&pair, 1, META, payload, sizeof(payload));
	pair_step(&pair);
	CHECK(pair_take(&pair, &said));
	CHECK(said.message.len == sizeof(payload) + 1 && memcmp(said.payload, payload, sizeof(payload)) == 0);
	CHECK_EQ(said.payload[sizeof(payload)], 0);
	seen.status = ROAM_ERR_NO_MEMORY; /* a failure has its text alone */
	pair_request_raw(&pair, 2, META, payload, sizeof(payload));
	pair_step(&pair);
	CHECK(pair_fails(&pair, 2, "out of memory"));
	pair_request(&pair, 3, META, NULL, 0);
	pair_step(&pair);
	CHECK(pair_fails(&pair, 3, "no k"));
	end(&pair);
}

static void large_payloads_come_whole_between_small_ones(void)
{
	static unsigned char body[30000];
	struct pair pair = { .roomy = true };
	struct said said;

	begin(&pair);
	for (uint32_t size = 16390; size < 29990; size += 997) {
		unsigned char *bytes = body + 3;

		for (uint32_t i = 0; i < size; i++)
			bytes[i] = (unsigned char)(i * 7 + size);
		body[0] = (unsigned char)(size | 0x80); /* the length, in three bytes */
		body[1] = (unsigned char)(size >> 7 | 0x80);
		body[2] = (unsigned char)(size >> 14);
		pair_request(&pair, 1, ECHO, "\x02hi", 3);
		pair_request(&pair, 2, ECHO, body, size + 3);
		pair_request(&pair, 3, ECHO, body, size + 3);
		pair_request(&pair, 4, ECHO, "\x02ho", 3);
		pair_step(&pair);
		CHECK(pair_answers(&pair, 1, "\0\x02hi", 4));
		for (uint32_t id = 2; id <= 3; id++) {
			CHECK(pair_take(&pair, &said) && said.message.id == id);
			CHECK(said.message.len == size + 6 && memcmp(said.payload + 3, body, size + 3) == 0);
		}
		CHECK(pair_answers(&pair, 4, "\0\x02ho", 4));
	}
	end(&pair);
}

/* Once the first few were served, others of their kind take no memory. */
static void requests_take_no_memory(void)
{
	static unsigned char body[20000] = { 0xbd, 0x9c, 0x01 }; /* 19,997 bytes */
	static const size_t sizes[] = { 33, sizeof(body) };
	struct pair pair = { .roomy = true };
	struct said said;
	uint32_t taken = 0;

	begin(&pair);
	for (int i = 0; i < 2; i++) {
		if (i == 0)
			body[0] = 32;
		else
			body[0] = 0x9d, body[1] = 0x9c, body[2] = 0x01;
		for (uint32_t id = 0; id < 200; id++) {
			if (id == 20)
				taken = pair.memory.taken;
			pair_request(&pair, id, id % 2 == 0 ? ECHO : INLINE_ECHO, body, sizes[i]);
			pair_step(&pair);
			CHECK(pair_take(&pair, &said) && said.message.len == sizes[i] + 3);
		}
		CHECK_EQ(pair.memory.taken, taken);
	}
	end(&pair);
}

/* ---- The end of a request before its answer --------------------------------------------------------------------- */

/* A Request of method with so much time, nanoseconds. */
static void request_with_time(struct pair *pair, uint32_t id, uint64_t method, uint64_t time)
{
	struct roam_metadata entry = {
		.key = roam_string_of(METADATA_TIMEOUT), .kind = ROAM_METADATA_U64, .u64 = time,
	};
	struct metadata_builder builder;
	struct roam_writer payload;

	metadata_begin(&builder, &roam_default_allocator);
	CHECK_EQ(metadata_add(&builder, &entry), 0);
	roam_writer_init(&payload, NULL);
	metadata_write(&builder, &payload);
	pair_request_raw(pair, id, method, payload.data, payload.len);
	roam_writer_free(&payload);
	metadata_free(&builder);
}

static void deadline_of_the_caller_arrives(void)
{
	struct pair pair = { .foreign = false };
	int64_t before = clock_now();

	begin(&pair);
	request_with_time(&pair, 1, DEADLINE, 60 * (uint64_t)CLOCK_SECOND);
	pair_step(&pair);
	CHECK(pair_answers(&pair, 1, "\0", 1));
	CHECK(seen.deadline >= before + 60 * CLOCK_SECOND && seen.deadline <= clock_now() + 60 * CLOCK_SECOND);
	pair_request(&pair, 2, DEADLINE, NULL, 0);
	pair_step(&pair);
	CHECK(pair_answers(&pair, 2, "\0", 1));
	CHECK_EQ(seen.deadline, 0);
	request_with_time(&pair, 3, DEADLINE, 0);
	pair_step(&pair);
	CHECK(pair_fails(&pair, 3, NULL)); /* the caller knows why: nothing is said */
	request_with_time(&pair, 4, DEADLINE, UINT64_MAX); /* no time that there is */
	pair_step(&pair);
	CHECK(pair_answers(&pair, 4, "\0", 1));
	CHECK_EQ(seen.deadline, 0);
	end(&pair);
}

static void deferred_request_is_answered_later(void)
{
	struct pair pair = { .foreign = false };

	begin(&pair);
	pair_request(&pair, 1, LATER, NULL, 0);
	pair_request(&pair, 2, ECHO, "\0", 1);
	pair_step(&pair);
	CHECK(pair_answers(&pair, 2, "\0\0", 2));
	roam_write_u8(roam_request_result(seen.request), 5);
	roam_request_finish(seen.request, 0);
	CHECK(pair_answers(&pair, 1, "\0\x05", 2));
	end(&pair);
}

static void cancel_reaches_a_deferred_request_once(void)
{
	struct pair pair = { .foreign = false };

	begin(&pair);
	pair_request(&pair, 1, KEEP, NULL, 0);
	pair_step(&pair);
	CHECK_EQ(seen.ended, 0);
	pair_send(&pair, ROAM_MSG_CANCEL, 1, NULL, 0);
	pair_send(&pair, ROAM_MSG_CANCEL, 1, NULL, 0);
	pair_step(&pair);
	CHECK_EQ(seen.ended, 1);
	CHECK_EQ(seen.ended_as, ROAM_ERR_CANCELLED);
	CHECK(pair_fails(&pair, 1, NULL));
	end(&pair);
}

static void callback_that_was_taken_back_is_not_called(void)
{
	struct pair pair = { .foreign = false };

	begin(&pair);
	pair_request(&pair, 1, KEEP, NULL, 0);
	pair_step(&pair);
	roam_request_on_end(seen.request, NULL, NULL);
	pair_send(&pair, ROAM_MSG_CANCEL, 1, NULL, 0);
	pair_step(&pair);
	CHECK_EQ(seen.ended, 0);
	CHECK_EQ(roam_request_ended(seen.request), ROAM_ERR_CANCELLED);
	seen.status = ROAM_DEFERRED; /* on_end only counts */
	roam_request_on_end(seen.request, on_end, &seen);
	CHECK_EQ(seen.ended, 1); /* at once */
	roam_request_finish(seen.request, 0);
	CHECK(pair_answers(&pair, 1, "\0", 1)); /* a result that is there goes out */
	end(&pair);
}

static void deadline_ends_a_deferred_request(void)
{
	struct pair pair = { .foreign = false };

	begin(&pair);
	request_with_time(&pair, 1, KEEP, 2 * (uint64_t)CLOCK_MILLISECOND);
	while (seen.ended == 0)
		pair_step(&pair);
	CHECK_EQ(seen.ended_as, ROAM_ERR_DEADLINE);
	CHECK(pair_fails(&pair, 1, NULL));
	end(&pair);
}

static void request_that_was_answered_does_not_end(void)
{
	struct pair pair = { .foreign = false };

	begin(&pair);
	pair_request(&pair, 1, KEEP, NULL, 0);
	pair_step(&pair);
	roam_request_finish(seen.request, 0);
	pair_send(&pair, ROAM_MSG_CANCEL, 1, NULL, 0);
	pair_step(&pair);
	CHECK_EQ(seen.ended, 0);
	CHECK(pair_answers(&pair, 1, "\0", 1));
	end(&pair);
}

/* ---- Channels of requests --------------------------------------------------------------------------------------- */

/* A Request with an rx on one id and a tx on another, both below 128. */
static void request_stream(struct pair *pair, uint32_t id, uint64_t method, unsigned char rx, unsigned char tx)
{
	const unsigned char ids[] = { rx, tx };

	for (int i = 0; i < 2; i++)
		if (ids[i] > 0 && ids[i] < 16)
			pair_activate(pair, ids[i]);
	pair_request(pair, id, method, ids, sizeof(ids));
}

static void channels_of_a_handler_that_returned_end_before_its_answer(void)
{
	struct pair pair = { .foreign = false };

	begin(&pair);
	request_stream(&pair, 1, STREAM, 2, 4);
	pair_send(&pair, ROAM_MSG_DATA, 2, "unread", 6);
	pair_step(&pair);
	CHECK(pair_says(&pair, ROAM_MSG_RESET, 2));
	CHECK(pair_says(&pair, ROAM_MSG_CLOSE, 4));
	CHECK(pair_answers(&pair, 1, "\0", 1));
	pair_send(&pair, ROAM_MSG_CLOSE, 2, NULL, 0); /* the caller's answer to the Reset */
	pair_step(&pair);
	CHECK_EQ(roam_channel_state(roam_end_channel(&pair.host.end, 2)), ROAM_ENTRY_FREE);
	CHECK_EQ(roam_channel_state(roam_end_channel(&pair.host.end, 4)), ROAM_ENTRY_FREE);
	end(&pair);
}

static void failure_of_prepare_counts_as_a_handler_that_returned(void)
{
	struct pair pair = { .foreign = false };

	begin(&pair);
	request_stream(&pair, 1, BROKEN, 2, 4);
	pair_step(&pair);
	CHECK_EQ(seen.handled, 0);
	CHECK(pair_says(&pair, ROAM_MSG_RESET, 2));
	CHECK(pair_says(&pair, ROAM_MSG_CLOSE, 4));
	CHECK(pair_fails(&pair, 1, "not today"));
	end(&pair);
}

static void undecodable_arguments_open_no_channel(void)
{
	struct pair pair = { .foreign = false };

	begin(&pair);
	pair_activate(&pair, 2);
	pair_request(&pair, 1, STREAM, "\x02", 1);
	pair_send(&pair, ROAM_MSG_DATA, 2, "late", 4); /* dropped: sent before the answer was seen */
	pair_step(&pair);
	CHECK(pair_answers(&pair, 1, "\x01\x02", 2));
	CHECK_EQ(roam_channel_state(roam_end_channel(&pair.host.end, 2)), ROAM_ENTRY_ACTIVE);
	end(&pair);
}

static void items_are_taken_and_sent_without_waiting(void)
{
	struct pair pair = { .foreign = false };
	static const unsigned char item[1000];
	struct roam_bytes got;
	struct said said;

	begin(&pair);
	seen.status = ROAM_DEFERRED;
	request_stream(&pair, 1, STREAM, 2, 4);
	pair_step(&pair);
	CHECK_EQ(roam_rx_try_recv(seen.rx, &got), ROAM_ERR_AGAIN);
	pair_send(&pair, ROAM_MSG_DATA, 2, "one", 3);
	pair_step(&pair);
	CHECK_EQ(roam_rx_try_recv(seen.rx, &got), 0);
	CHECK(got.len == 3 && memcmp(got.data, "one", 3) == 0);
	CHECK_EQ(roam_channel_granted(roam_end_channel(&pair.host.end, 2)), 1003); /* all is taken */
	CHECK_EQ(roam_tx_try_send(seen.tx, item, 1001), ROAM_ERR_TOO_LARGE);
	CHECK(strstr(pair.log, "1001") != NULL && strstr(pair.log, "1000") != NULL);
	CHECK_EQ(roam_tx_try_send(seen.tx, item, 1000), 0);
	CHECK_EQ(roam_tx_try_send(seen.tx, item, 0), 0);
	CHECK_EQ(roam_tx_try_send(seen.tx, item, 1), ROAM_ERR_AGAIN);
	CHECK(pair_take(&pair, &said) && said.message.type == ROAM_MSG_DATA && said.message.len == 1000);
	CHECK(pair_take(&pair, &said) && said.message.type == ROAM_MSG_DATA && said.message.len == 0);
	(void)roam_end_grant(&pair.host.end, 4, 1);
	CHECK_EQ(roam_tx_try_send(seen.tx, item, 1), 0);
	CHECK_EQ(roam_tx_close(seen.tx), 0);
	CHECK_EQ(roam_tx_close(seen.tx), 0);
	CHECK_EQ(roam_tx_try_send(seen.tx, item, 0), ROAM_ERR_CLOSED);
	pair_send(&pair, ROAM_MSG_CLOSE, 2, NULL, 0);
	pair_step(&pair);
	CHECK_EQ(roam_rx_try_recv(seen.rx, &got), ROAM_ERR_END);
	roam_request_finish(seen.request, 0);
	CHECK(pair_says(&pair, ROAM_MSG_DATA, 4));
	CHECK(pair_says(&pair, ROAM_MSG_CLOSE, 4));
	CHECK(pair_answers(&pair, 1, "\0", 1));
	end(&pair);
}

static void count_ready_tx(struct roam_tx *tx, void *context)
{
	(void)tx;
	++*(unsigned *)context;
}

static void count_ready_rx(struct roam_rx *rx, void *context)
{
	(void)rx;
	++*(unsigned *)context;
}

static void callbacks_say_when_a_try_may_go_on(void)
{
	struct pair pair = { .foreign = false };
	static const unsigned char item[1000];
	unsigned sends = 0, takes = 0;
	struct roam_bytes got;

	begin(&pair);
	seen.status = ROAM_DEFERRED;
	request_stream(&pair, 1, STREAM, 2, 4);
	pair_step(&pair);
	roam_tx_on_ready(seen.tx, count_ready_tx, &sends);
	roam_rx_on_ready(seen.rx, count_ready_rx, &takes);
	pair_step(&pair);
	CHECK(sends == 1 && takes == 1); /* a try before may have been in vain */
	CHECK_EQ(roam_tx_try_send(seen.tx, item, 1000), 0);
	CHECK_EQ(roam_tx_try_send(seen.tx, item, 600), ROAM_ERR_AGAIN);
	CHECK_EQ(roam_rx_try_recv(seen.rx, &got), ROAM_ERR_AGAIN);
	(void)roam_end_grant(&pair.host.end, 4, 500); /* not enough */
	pair_step(&pair);
	CHECK(sends == 1 && takes == 1);
	(void)roam_end_grant(&pair.host.end, 4, 100);
	pair_send(&pair, ROAM_MSG_DATA, 2, "x", 1);
	pair_step(&pair);
	CHECK(sends == 2 && takes == 2);
	pair_step(&pair);
	CHECK(sends == 2 && takes == 2); /* once for each try in vain */
	CHECK_EQ(roam_tx_try_send(seen.tx, item, 600), 0);
	CHECK_EQ(roam_rx_try_recv(seen.rx, &got), 0);
	CHECK_EQ(roam_rx_try_recv(seen.rx, &got), ROAM_ERR_AGAIN);
	CHECK_EQ(roam_tx_try_send(seen.tx, item, 1), ROAM_ERR_AGAIN);
	roam_rx_on_ready(seen.rx, NULL, NULL);
	pair_send(&pair, ROAM_MSG_DATA, 2, "y", 1);
	pair_send(&pair, ROAM_MSG_RESET, 4, NULL, 0);
	pair_step(&pair);
	CHECK(sends == 3 && takes == 2); /* the Reset is told, what was taken back is not */
	CHECK_EQ(roam_tx_try_send(seen.tx, item, 1), ROAM_ERR_RESET);
	roam_request_finish(seen.request, 0);
	end(&pair);
}

static void detached_rx_goes_on_after_the_answer(void)
{
	struct pair pair = { .foreign = false };
	struct roam_bytes got;

	begin(&pair);
	seen.status = ROAM_DEFERRED;
	request_stream(&pair, 1, STREAM, 2, 4);
	pair_step(&pair);
	roam_rx_detach(seen.rx);
	roam_request_finish(seen.request, 0);
	CHECK(pair_says(&pair, ROAM_MSG_CLOSE, 4));
	CHECK(pair_answers(&pair, 1, "\0", 1));
	pair_send(&pair, ROAM_MSG_DATA, 2, "after", 5);
	pair_send(&pair, ROAM_MSG_CLOSE, 2, NULL, 0);
	pair_step(&pair);
	CHECK_EQ(roam_rx_try_recv(seen.rx, &got), 0);
	CHECK_EQ(got.len, 5);
	CHECK_EQ(roam_rx_try_recv(seen.rx, &got), ROAM_ERR_END);
	roam_rx_free(seen.rx);
	end(&pair);
}

static void ends_of_a_request_end_with_it(void)
{
	struct pair pair = { .foreign = false };
	struct roam_bytes got;

	begin(&pair);
	seen.status = ROAM_DEFERRED;
	request_stream(&pair, 1, STREAM, 2, 4);
	pair_send(&pair, ROAM_MSG_DATA, 2, "x", 1);
	pair_send(&pair, ROAM_MSG_CANCEL, 1, NULL, 0);
	pair_step(&pair);
	CHECK_EQ(roam_rx_try_recv(seen.rx, &got), ROAM_ERR_CANCELLED);
	CHECK_EQ(roam_tx_try_send(seen.tx, "x", 1), ROAM_ERR_CANCELLED);
	CHECK_EQ(roam_tx_send(seen.tx, "x", 1), ROAM_ERR_CANCELLED);
	roam_request_finish(seen.request, ROAM_ERR_CANCELLED);
	CHECK(pair_says(&pair, ROAM_MSG_RESET, 2));
	CHECK(pair_says(&pair, ROAM_MSG_CLOSE, 4));
	CHECK(pair_fails(&pair, 1, NULL));
	end(&pair);
}

/* ---- Foreign hosts ---------------------------------------------------------------------------------------------- */

static void surplus_requests_of_a_foreign_host_are_answered(void)
{
	struct pair pair = { .foreign = true };

	begin(&pair);
	for (uint32_t id = 1; id <= 1024; id++) {
		pair_request(&pair, id, LATER, NULL, 0);
		pair_step(&pair);
	}
	pair_request(&pair, 2000, LATER, NULL, 0);
	pair_step(&pair);
	CHECK(pair_fails(&pair, 2000, "too many requests in flight, at most 1024 are allowed"));
	roam_request_finish(seen.request, 0);
	CHECK(pair_answers(&pair, 1024, "\0", 1));
	pair_request(&pair, 2000, ECHO, "\0", 1);
	pair_step(&pair);
	CHECK(pair_answers(&pair, 2000, "\0\0", 2));
	end(&pair);
}

static void foreign_host_renews_no_credit(void)
{
	struct pair pair = { .foreign = true };
	static const unsigned char item[1000];

	begin(&pair);
	seen.status = ROAM_DEFERRED;
	pair_request(&pair, 1, STREAM, "\x82\x01\x84\x01", 4); /* ids beyond max_channels */
	pair_step(&pair);
	CHECK_EQ(roam_tx_try_send(seen.tx, item, 1000), 0);
	CHECK_EQ(roam_tx_try_send(seen.tx, item, 1), ROAM_ERR_AGAIN);
	CHECK(pair_says(&pair, ROAM_MSG_DATA, 132));
	/* More than initial_credit: what it sends is bounded by what may lie unread alone. */
	for (int i = 0; i < 10; i++)
		pair_send(&pair, ROAM_MSG_DATA, 130, item, 1000);
	pair_step(&pair);
	roam_request_finish(seen.request, 0);
	end(&pair);
}

int main(void)
{
	RUN(results_go_out_behind_their_tag);
	RUN(failures_say_why);
	RUN(text_of_a_failure_is_cut_to_what_fits);
	RUN(result_over_the_limit_is_a_failure_that_names_both);
	RUN(refusals_leave_the_connection_alive);
	RUN(metadata_travels_both_ways);
	RUN(large_payloads_come_whole_between_small_ones);
	RUN(requests_take_no_memory);
	RUN(deadline_of_the_caller_arrives);
	RUN(deferred_request_is_answered_later);
	RUN(cancel_reaches_a_deferred_request_once);
	RUN(callback_that_was_taken_back_is_not_called);
	RUN(deadline_ends_a_deferred_request);
	RUN(request_that_was_answered_does_not_end);
	RUN(channels_of_a_handler_that_returned_end_before_its_answer);
	RUN(failure_of_prepare_counts_as_a_handler_that_returned);
	RUN(undecodable_arguments_open_no_channel);
	RUN(items_are_taken_and_sent_without_waiting);
	RUN(callbacks_say_when_a_try_may_go_on);
	RUN(detached_rx_goes_on_after_the_answer);
	RUN(ends_of_a_request_end_with_it);
	RUN(surplus_requests_of_a_foreign_host_are_answered);
	RUN(foreign_host_renews_no_credit);
	return finished();
}
