/*
 * When arguments are decoded: with the message, or where the handler runs. The first tests run the guest step by step;
 * those with threads are for the thread sanitizer too.
 */

#include <sched.h>

#include "check.h"
#include "gate.h"
#include "running.h"

/* ---- A service -------------------------------------------------------------------------------------------------- */

enum { EARLY = 1, LATE, INLINE, NOBODY, STREAM, ODD, REFUSED, DEFERRED, SLOW, WATCHED };

/* struct seen: what was decoded and handled. */
struct seen {
	struct roam_request *request; /* the deferred one */
	unsigned handled;             /* by handlers that are never due */
	unsigned ended;               /* atomic: how often a request was told of its end */
	char order[200];              /* for each that was decoded or handled the first byte of its arguments, then < or > */
};

static struct seen seen;

static void note(uint8_t first, char sign)
{
	size_t len = strlen(seen.order);

	CHECK(len + 3 <= sizeof(seen.order));
	seen.order[len] = (char)first;
	seen.order[len + 1] = sign;
	seen.order[len + 2] = 0;
}

static int prepare(struct roam_request *request, struct roam_reader *reader)
{
	struct roam_bytes *bytes = roam_request_alloc(request, sizeof(*bytes));

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

static int prepare_noted(struct roam_request *request, struct roam_reader *reader)
{
	int error = prepare(request, reader);
	const struct roam_bytes *bytes = roam_request_arguments(request);

	note(error == 0 && bytes->len > 0 ? bytes->data[0] : '?', '<');
	return error;
}

static int echo_noted(struct roam_request *request)
{
	const struct roam_bytes *bytes = roam_request_arguments(request);

	note(bytes->data[0], '>');
	return echo(request);
}

static int defer(struct roam_request *request)
{
	seen.request = request;
	return ROAM_DEFERRED;
}

/* Of those whose arguments are never right. */
static int undue(struct roam_request *request)
{
	(void)request;
	seen.handled++;
	return 0;
}

static int prepare_nobody(struct roam_request *request, struct roam_reader *reader)
{
	(void)request;
	(void)reader;
	return ROAM_ERR_UNKNOWN_METHOD;
}

/* Of a method that says it has no channels. */
static int prepare_none(struct roam_request *request, struct roam_reader *reader)
{
	(void)roam_read_u64(reader);
	(void)roam_read_u64(reader);
	return roam_request_rx(request, 2) == NULL && roam_request_tx(request, 4) == NULL ? ROAM_ERR_DECODE : 0;
}

static int prepare_odd(struct roam_request *request, struct roam_reader *reader)
{
	(void)request;
	(void)reader;
	return ROAM_DEFERRED; /* which is for handlers: here a number as any other that is no refusal */
}

static void count_end(struct roam_request *request, void *context)
{
	(void)request;
	(void)context;
	__atomic_add_fetch(&seen.ended, 1, __ATOMIC_RELEASE);
}

/* Wants to be told of its end, and refuses. */
static int prepare_refused(struct roam_request *request, struct roam_reader *reader)
{
	(void)reader;
	roam_request_on_end(request, count_end, NULL);
	return ROAM_ERR_DECODE;
}

/* The same, once the gate lets it. */
static int prepare_watched(struct roam_request *request, struct roam_reader *reader)
{
	int error = prepare_refused(request, reader);

	gate_pass();
	return error;
}

/* Decodes once the gate lets it. */
static int prepare_slowly(struct roam_request *request, struct roam_reader *reader)
{
	gate_pass();
	return prepare(request, reader);
}

static const struct roam_method methods[] = {
	{ .id = EARLY, .prepare = prepare_noted, .handle = echo_noted },
	{ .id = LATE, .prepare = prepare_noted, .handle = echo_noted, .flags = ROAM_METHOD_NO_CHANNELS },
	{ .id = INLINE, .prepare = prepare_noted, .handle = echo_noted,
	  .flags = ROAM_METHOD_INLINE | ROAM_METHOD_NO_CHANNELS },
	{ .id = NOBODY, .prepare = prepare_nobody, .handle = undue, .flags = ROAM_METHOD_NO_CHANNELS },
	{ .id = STREAM, .prepare = prepare_none, .handle = undue, .flags = ROAM_METHOD_NO_CHANNELS },
	{ .id = ODD, .prepare = prepare_odd, .handle = undue, .flags = ROAM_METHOD_NO_CHANNELS },
	{ .id = REFUSED, .prepare = prepare_refused, .handle = undue, .flags = ROAM_METHOD_NO_CHANNELS },
	{ .id = DEFERRED, .prepare = prepare, .handle = defer, .flags = ROAM_METHOD_NO_CHANNELS },
	{ .id = SLOW, .prepare = prepare_slowly, .handle = echo, .flags = ROAM_METHOD_NO_CHANNELS },
	{ .id = WATCHED, .prepare = prepare_watched, .handle = undue, .flags = ROAM_METHOD_NO_CHANNELS },
};

enum { METHODS = sizeof(methods) / sizeof(methods[0]) };

/* ---- Step by step ----------------------------------------------------------------------------------------------- */

static void begin(struct pair *pair)
{
	seen = (struct seen){ .handled = 0 };
	pair_create_stepped(pair, methods, METHODS, NULL);
}

static void end(struct pair *pair)
{
	CHECK(pair_destroy(pair));
}

static void arguments_without_channels_are_decoded_when_their_handler_is_due(void)
{
	static const struct {
		uint64_t method;
		const char *order;
	} cases[] = {
		{ EARLY, "a<b<a>b>" },
		{ LATE, "a<a>b<b>" },
		{ INLINE, "a<a>b<b>" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair pair = { .foreign = false };

		begin(&pair);
		pair_request(&pair, 1, cases[i].method, "\x01" "a", 2);
		pair_request(&pair, 2, cases[i].method, "\x01" "b", 2);
		pair_step(&pair);
		CHECK(pair_answers(&pair, 1, "\0\x01" "a", 3));
		CHECK(pair_answers(&pair, 2, "\0\x01" "b", 3));
		CHECK(strcmp(seen.order, cases[i].order) == 0);
		end(&pair);
	}
}

static void arguments_that_are_decoded_late_are_refused_as_others(void)
{
	static const uint64_t cases[] = { LATE, INLINE };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair pair = { .foreign = false };
		struct said said;

		begin(&pair);
		pair_request(&pair, 1, cases[i], "\x05hi", 3);
		pair_request(&pair, 2, cases[i], "\x01hi", 3);
		pair_request(&pair, 3, NOBODY, NULL, 0);
		pair_request(&pair, 4, STREAM, "\x02\x04", 2);
		pair_request(&pair, 5, cases[i], "\x01" "a", 2);
		pair_step(&pair);
		/* In which order they come depends on when they were decoded. */
		for (uint32_t n = 1; n <= 5; n++) {
			CHECK(pair_take(&pair, &said));
			if (said.message.id == 5)
				CHECK(said_answer(&said, 5, "\0\x01" "a", 3));
			else
				CHECK(said_answer(&said, said.message.id, said.message.id == 3 ? "\x01\x01" : "\x01\x02", 2));
		}
		CHECK_EQ(seen.handled, 0);
		pair_request(&pair, 6, cases[i], "\x01" "b", 2);
		pair_step(&pair);
		CHECK(pair_answers(&pair, 6, "\0\x01" "b", 3));
		end(&pair);
	}
}

/* A Cancel that comes later finds no callback of it, nor of the request that has its memory then. */
static void refused_request_is_told_of_nothing(void)
{
	struct pair pair = { .foreign = false };

	begin(&pair);
	pair_request(&pair, 1, REFUSED, NULL, 0);
	pair_step(&pair);
	CHECK(pair_answers(&pair, 1, "\x01\x02", 2));
	pair_send(&pair, ROAM_MSG_CANCEL, 1, NULL, 0);
	CHECK_EQ(seen.ended, 0);
	pair_request(&pair, 2, LATE, "\x01" "a", 2);
	pair_send(&pair, ROAM_MSG_CANCEL, 2, NULL, 0);
	pair_step(&pair);
	CHECK(pair_answers(&pair, 2, "\0\x01" "a", 3));
	CHECK_EQ(seen.ended, 0);
	end(&pair);
}

static void prepare_that_gives_any_other_number_fails_the_call(void)
{
	struct pair pair = { .foreign = false };

	begin(&pair);
	pair_request(&pair, 1, ODD, NULL, 0);
	pair_step(&pair);
	CHECK(pair_fails(&pair, 1, roam_strerror(ROAM_DEFERRED)));
	CHECK_EQ(seen.handled, 0);
	end(&pair);
}

static void arguments_that_are_decoded_late_live_until_the_answer(void)
{
	struct pair pair = { .foreign = false };

	begin(&pair);
	pair_request(&pair, 1, DEFERRED, "\x03" "xyz", 4);
	pair_step(&pair);
	for (uint32_t id = 2; id < 40; id++) {
		pair_request(&pair, id, LATE, "\x03" "ABC", 4);
		pair_step(&pair);
		CHECK(pair_answers(&pair, id, "\0\x03" "ABC", 5));
	}
	(void)echo(seen.request);
	roam_request_finish(seen.request, 0);
	CHECK(pair_answers(&pair, 1, "\0\x03" "xyz", 5));
	end(&pair);
}

/* ---- With threads ----------------------------------------------------------------------------------------------- */

static void begin_running(struct running *running)
{
	seen = (struct seen){ .handled = 0 };
	running_create(running, methods, METHODS, 0);
	running_start(running);
}

/* Waits for the answer to a request of "e". */
static void await_echo(struct pair *pair, uint32_t id)
{
	struct said said;

	pair_await(pair, &said);
	CHECK(said_answer(&said, id, "\0\x01" "e", 3));
}

/* Several requests are decoded at once, while others are received and answered. */
static void arguments_that_are_decoded_late_delay_nobody(void)
{
	struct running running;

	begin_running(&running);
	for (uint32_t id = 1; id <= 3; id++)
		pair_request(&running.pair, id, SLOW, "\x01" "l", 2);
	gate_await(3);
	pair_request(&running.pair, 4, LATE, "\x01" "e", 2);
	await_echo(&running.pair, 4);
	for (uint32_t n = 1; n <= 3; n++) {
		struct said said;

		gate_open(1);
		pair_await(&running.pair, &said);
		CHECK(said_answer(&said, said.message.id, "\0\x01" "l", 3));
	}
	CHECK_EQ(gate_most(), 3);
	CHECK(running_end(&running));
}

/* A Cancel ends a request whose arguments are being decoded, which is then refused. Nothing of it is left for the
 * requests that have its memory next. */
static void request_may_end_while_it_is_decoded_late(void)
{
	static const char refused[] = { 1, 2 };
	struct running running;
	struct said said;

	begin_running(&running);
	for (uint32_t id = 1; id <= 20; id += 2) {
		__atomic_store_n(&seen.ended, 0, __ATOMIC_RELAXED);
		pair_request(&running.pair, id, WATCHED, NULL, 0);
		gate_await(1);
		pair_send(&running.pair, ROAM_MSG_CANCEL, id, NULL, 0);
		while (__atomic_load_n(&seen.ended, __ATOMIC_ACQUIRE) == 0)
			sched_yield();
		gate_open(1);
		pair_await(&running.pair, &said);
		CHECK(said_answer(&said, id, refused, 2));
		pair_request(&running.pair, id + 1, LATE, "\x01" "e", 2);
		pair_send(&running.pair, ROAM_MSG_CANCEL, id + 1, NULL, 0);
		await_echo(&running.pair, id + 1);
		CHECK_EQ(__atomic_load_n(&seen.ended, __ATOMIC_ACQUIRE), 1);
	}
	CHECK(running_end(&running));
}

int main(void)
{
	RUN(arguments_without_channels_are_decoded_when_their_handler_is_due);
	RUN(arguments_that_are_decoded_late_are_refused_as_others);
	RUN(refused_request_is_told_of_nothing);
	RUN(prepare_that_gives_any_other_number_fails_the_call);
	RUN(arguments_that_are_decoded_late_live_until_the_answer);
	RUN(arguments_that_are_decoded_late_delay_nobody);
	RUN(request_may_end_while_it_is_decoded_late);
	return finished();
}
