/* Threads of a guest: who receives, who runs handlers, who is woken. For the thread sanitizer too. */

#define _GNU_SOURCE

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include "check.h"
#include "gate.h"
#include "guest/clock.h"
#include "running.h"

enum { ECHO = 1, GATE, CALL, METHOD = 99 };

/* ---- A service -------------------------------------------------------------------------------------------------- */

static int prepare(struct roam_request *request, struct roam_reader *reader)
{
	struct roam_bytes *bytes = roam_request_alloc(request, sizeof(*bytes));

	bytes->len = roam_reader_left(reader);
	bytes->data = roam_read_raw(reader, bytes->len);
	roam_request_set_arguments(request, bytes);
	return 0;
}

static int echo(struct roam_request *request)
{
	const struct roam_bytes *bytes = roam_request_arguments(request);

	roam_write_raw(roam_request_result(request), bytes->data, bytes->len);
	return 0;
}

static int pass_gate(struct roam_request *request)
{
	gate_pass();
	return echo(request);
}

/* Calls the host back, and gives its answer. */
static int call_back(struct roam_request *request)
{
	struct roam_call_options options = { .within = request };
	const struct roam_bytes *bytes = roam_request_arguments(request);
	struct roam_reader result;
	struct roam_call *call;
	int error;

	error = roam_call_begin(roam_request_guest(request), METHOD, &options, NULL, 0, &call);
	if (error != 0)
		return error;
	roam_write_raw(roam_call_arguments(call), bytes->data, bytes->len);
	error = roam_call_send(call);
	if (error == 0)
		error = roam_call_wait(call);
	if (error == 0) {
		result = roam_call_result(call);
		roam_write_raw(roam_request_result(request), result.at, roam_reader_left(&result));
	}
	roam_call_free(call);
	return error;
}

static const struct roam_method methods[] = {
	{ .id = ECHO, .prepare = prepare, .handle = echo },
	{ .id = GATE, .prepare = prepare, .handle = pass_gate },
	{ .id = CALL, .prepare = prepare, .handle = call_back },
};

static void begin(struct running *running, uint32_t max_threads)
{
	running_create(running, methods, sizeof(methods) / sizeof(methods[0]), max_threads);
}

static void start(struct running *running, uint32_t max_threads)
{
	begin(running, max_threads);
	running_start(running);
}

/* How often threads of this process went to sleep in a time in which there is nothing to do. */
static long sleeps_when_idle(void)
{
	const struct timespec span = { .tv_nsec = 50000000 };
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	nanosleep(&span, NULL);
	getrusage(RUSAGE_SELF, &after);
	return after.ru_nvcsw - before.ru_nvcsw;
}

/* ---- Handlers --------------------------------------------------------------------------------------------------- */

static void slow_handlers_delay_nobody(void)
{
	enum { SLOW = 20 };
	struct running running;
	struct pair *pair = &running.pair;
	bool answered[SLOW] = { false };
	struct said said;

	start(&running, 0);
	for (uint32_t id = 0; id < SLOW; id++) { /* each comes while all before are in their handlers */
		pair_request(pair, id, GATE, "s", 1);
		gate_await(id + 1);
		pair_request(pair, 100 + id, ECHO, "e", 1);
		CHECK(pair_expects(pair, 100 + id, 'e'));
	}
	gate_open(SLOW);
	for (int i = 0; i < SLOW; i++) {
		pair_await(pair, &said);
		CHECK(said.message.id < SLOW && !answered[said.message.id]);
		answered[said.message.id % SLOW] = true;
	}
	CHECK(running_end(&running));
}

/* However many there are, and whoever of them watches over the one that receives. */
static void idle_threads_let_each_other_sleep(void)
{
	enum { SLOW = 6, ROUNDS = 5, FEW = 300 };
	struct running running;
	struct pair *pair = &running.pair;
	struct said said;

	start(&running, 0);
	for (uint32_t id = 0; id < SLOW; id++)
		pair_request(pair, id, GATE, "s", 1);
	gate_await(SLOW);
	gate_open(SLOW);
	for (int i = 0; i < SLOW; i++)
		pair_await(pair, &said);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		CHECK(sleeps_when_idle() < FEW);
		pair_request(pair, 100 + round, ECHO, "e", 1);
		CHECK(pair_expects(pair, 100 + round, 'e'));
	}
	CHECK(running_end(&running));
}

static void requests_behind_a_slow_one_in_a_batch_are_served(void)
{
	struct running running;
	struct pair *pair = &running.pair;
	struct said said;

	begin(&running, 0);
	pair_request(pair, 1, GATE, "s", 1);
	pair_request(pair, 2, ECHO, "a", 1);
	pair_request(pair, 3, ECHO, "b", 1);
	running_start(&running);
	for (int i = 0; i < 2; i++) {
		pair_await(pair, &said);
		CHECK(said_answer(&said, 2, "\0a", 2) || said_answer(&said, 3, "\0b", 2));
	}
	gate_open(1);
	CHECK(pair_expects(pair, 1, 's'));
	CHECK(running_end(&running));
}

static void no_more_threads_serve_than_may(void)
{
	enum { REQUESTS = 12, THREADS = 3 };
	struct running running;
	struct pair *pair = &running.pair;
	struct said said;

	start(&running, THREADS);
	for (uint32_t id = 0; id < REQUESTS; id++)
		pair_request(pair, id, GATE, "s", 1);
	gate_await(THREADS);
	for (int i = 0; i < REQUESTS; i++) {
		gate_open(1);
		pair_await(pair, &said);
	}
	CHECK_EQ(gate_most(), THREADS);
	CHECK(running_end(&running));
}

static void one_thread_serves_while_its_handler_waits_in_the_library(void)
{
	enum { DEPTH = 30 };
	struct running running;
	struct pair *pair = &running.pair;
	uint32_t calls[DEPTH];
	struct said said;

	start(&running, 1);
	for (uint32_t id = 0; id < DEPTH; id++) { /* each handler calls the host, and waits */
		pair_request(pair, id, CALL, "c", 1);
		pair_await(pair, &said);
		CHECK(said.message.type == ROAM_MSG_REQUEST && said.message.method == METHOD);
		calls[id] = said.message.id;
		pair_request(pair, 100 + id, ECHO, "e", 1);
		CHECK(pair_expects(pair, 100 + id, 'e'));
	}
	for (uint32_t id = DEPTH; id-- > 0;) { /* the innermost first: they lie on one stack */
		pair_send(pair, ROAM_MSG_RESPONSE, calls[id], "\0r", 2);
		CHECK(pair_expects(pair, id, 'r'));
	}
	CHECK(running_end(&running));
}

static void nesting_has_a_bound(void)
{
	enum { MANY = 70, BOUND = 64 };
	struct running running;
	struct pair *pair = &running.pair;
	uint32_t calls[MANY], under_way = 0, begun = 0;
	struct said said;

	start(&running, 1);
	for (uint32_t id = 0; id < MANY; id++) {
		pair_request(pair, id, CALL, "c", 1);
		if (begun < BOUND) {
			pair_await(pair, &said);
			calls[under_way++] = said.message.id;
			begun++;
		}
	}
	while (under_way > 0) { /* the innermost first; each that is done makes room for one of those left */
		pair_send(pair, ROAM_MSG_RESPONSE, calls[--under_way], "\0r", 2);
		pair_await(pair, &said);
		CHECK_EQ(said.message.type, ROAM_MSG_RESPONSE); /* and none before */
		if (begun < MANY) {
			pair_await(pair, &said);
			CHECK_EQ(said.message.type, ROAM_MSG_REQUEST);
			calls[under_way++] = said.message.id;
			begun++;
		}
	}
	CHECK(running_end(&running));
}

static void handler_that_waits_is_answered_while_another_is_slow(void)
{
	struct running running;
	struct pair *pair = &running.pair;
	struct said said;

	start(&running, 0);
	pair_request(pair, 1, CALL, "c", 1);
	pair_await(pair, &said);
	pair_request(pair, 2, GATE, "s", 1);
	gate_await(1);
	pair_send(pair, ROAM_MSG_RESPONSE, said.message.id, "\0r", 2);
	CHECK(pair_expects(pair, 1, 'r'));
	gate_open(1);
	CHECK(pair_expects(pair, 2, 's'));
	CHECK(running_end(&running));
}

/* ---- Callers ---------------------------------------------------------------------------------------------------- */

/* struct caller: a thread that calls. */
struct caller {
	struct roam_guest *guest;
	pthread_t thread;
	unsigned calls;
	unsigned char number;
	unsigned bad;
};

/* One call whose argument comes back. */
static int call_once(struct roam_guest *guest, const struct roam_call_options *options, unsigned char byte)
{
	struct roam_reader result;
	struct roam_call *call;
	int error = roam_call_begin(guest, METHOD, options, NULL, 0, &call);

	if (error != 0)
		return error;
	roam_write_u8(roam_call_arguments(call), byte);
	error = roam_call_send(call);
	if (error == 0)
		error = roam_call_wait(call);
	if (error == 0) {
		result = roam_call_result(call);
		if (roam_read_u8(&result) != byte)
			error = ROAM_ERR_DECODE;
	}
	roam_call_free(call);
	return error;
}

static void *call_often(void *argument)
{
	struct caller *caller = argument;

	for (unsigned i = 0; i < caller->calls; i++)
		caller->bad += call_once(caller->guest, NULL, (unsigned char)(caller->number + i)) != 0;
	return NULL;
}

/* Answers requests of the guest with their argument until so many were answered; each tenth time it calls, too. */
static void answer(struct pair *pair, unsigned count)
{
	unsigned answered = 0, asked = 0, got = 0;
	struct said said;

	while (answered < count || got < asked) {
		unsigned char body[2] = { 0, 0 };

		pair_await(pair, &said);
		if (said.message.type == ROAM_MSG_RESPONSE) {
			got++;
			continue;
		}
		body[1] = said.payload[2];
		pair_send(pair, ROAM_MSG_RESPONSE, said.message.id, body, 2);
		if (++answered % 10 == 0)
			pair_request(pair, asked++, ECHO, "e", 1);
	}
}

static void callers_each_get_their_own_answer(void)
{
	enum { CALLERS = 8, CALLS = 300 };
	struct running running;
	struct caller callers[CALLERS];

	for (uint32_t max_threads = 0; max_threads <= 2; max_threads++) {
		start(&running, max_threads);
		for (int i = 0; i < CALLERS; i++) {
			callers[i] = (struct caller){
				.guest = running.pair.guest, .calls = CALLS, .number = (unsigned char)(i * 31),
			};
			pthread_create(&callers[i].thread, NULL, call_often, &callers[i]);
		}
		answer(&running.pair, CALLERS * CALLS);
		for (int i = 0; i < CALLERS; i++) {
			pthread_join(callers[i].thread, NULL);
			CHECK_EQ(callers[i].bad, 0);
		}
		CHECK(running_end(&running));
	}
}

static void lonely_caller_serves_while_nobody_runs(void)
{
	struct running running;
	struct pair *pair = &running.pair;
	struct caller caller;
	struct said said;
	uint32_t id;

	begin(&running, 1);
	caller = (struct caller){ .guest = pair->guest, .calls = 1, .number = 7 };
	pthread_create(&caller.thread, NULL, call_often, &caller);
	pair_await(pair, &said);
	id = said.message.id;
	pair_request(pair, 1, CALL, "c", 1); /* its handler calls back in turn */
	pair_await(pair, &said);
	pair_send(pair, ROAM_MSG_RESPONSE, said.message.id, "\0r", 2);
	CHECK(pair_expects(pair, 1, 'r'));
	pair_send(pair, ROAM_MSG_RESPONSE, id, "\0\x07", 2);
	pthread_join(caller.thread, NULL);
	CHECK_EQ(caller.bad, 0);
	CHECK(pair_destroy(pair));
}

static void *call_with_deadline(void *argument)
{
	struct caller *caller = argument;
	struct roam_call_options soon = { .timeout_ns = 3 * CLOCK_MILLISECOND };

	for (unsigned i = 0; i < caller->calls; i++)
		caller->bad += call_once(caller->guest, &soon, 0) != ROAM_ERR_DEADLINE;
	return NULL;
}

static void deadlines_end_the_waits_of_all(void)
{
	enum { CALLERS = 4 };
	struct running running;
	struct caller callers[CALLERS];

	start(&running, 0);
	for (int i = 0; i < CALLERS; i++) {
		callers[i] = (struct caller){ .guest = running.pair.guest, .calls = 3 };
		pthread_create(&callers[i].thread, NULL, call_with_deadline, &callers[i]);
	}
	for (int i = 0; i < CALLERS; i++) {
		pthread_join(callers[i].thread, NULL);
		CHECK_EQ(callers[i].bad, 0);
	}
	CHECK(running_end(&running));
}

/* struct waiting: a thread that waits for a call's answer. */
struct waiting {
	struct roam_call *call;
	pthread_t thread;
	int status;
};

static void *wait_for_answer(void *argument)
{
	struct waiting *waiting = argument;

	waiting->status = roam_call_wait(waiting->call);
	return NULL;
}

static void cancel_of_another_thread_ends_a_wait(void)
{
	struct running running;
	struct waiting waiting[2];
	struct said said;

	begin(&running, 0);
	for (int i = 0; i < 2; i++) { /* one receives, the other sleeps */
		CHECK_EQ(roam_call_begin(running.pair.guest, METHOD, NULL, NULL, 0, &waiting[i].call), 0);
		CHECK_EQ(roam_call_send(waiting[i].call), 0);
		pair_await(&running.pair, &said);
		pthread_create(&waiting[i].thread, NULL, wait_for_answer, &waiting[i]);
	}
	for (int i = 0; i < 2; i++) {
		roam_call_cancel(waiting[i].call);
		pthread_join(waiting[i].thread, NULL);
		CHECK_EQ(waiting[i].status, ROAM_ERR_CANCELLED);
		roam_call_free(waiting[i].call);
	}
	CHECK(pair_destroy(&running.pair));
}

static void end_of_the_host_ends_the_waits_of_all(void)
{
	struct running running;
	struct waiting waiting[4];
	struct said said;

	start(&running, 0);
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(roam_call_begin(running.pair.guest, METHOD, NULL, NULL, 0, &waiting[i].call), 0);
		CHECK_EQ(roam_call_send(waiting[i].call), 0);
		pair_await(&running.pair, &said);
		pthread_create(&waiting[i].thread, NULL, wait_for_answer, &waiting[i]);
	}
	pair_request(&running.pair, 1, GATE, "s", 1);
	gate_await(1);
	pair_send(&running.pair, ROAM_MSG_GOODBYE, 0, "over", 4);
	for (int i = 0; i < 4; i++) {
		pthread_join(waiting[i].thread, NULL);
		CHECK_EQ(waiting[i].status, ROAM_ERR_EVICTED);
		roam_call_free(waiting[i].call);
	}
	gate_open(1); /* roam_guest_run waits for the handler at work */
	pthread_join(running.thread, NULL);
	CHECK_EQ(running.result, ROAM_ERR_EVICTED);
	CHECK(pair_destroy(&running.pair));
}

/* ---- Streams ---------------------------------------------------------------------------------------------------- */

/* struct streaming: threads at both ends of a guest's channels. */
struct streaming {
	struct roam_tx *tx;
	struct roam_rx *rx;
	unsigned items;
	unsigned bad;
};

static void *send_all(void *argument)
{
	struct streaming *streaming = argument;
	unsigned char item[300];

	for (unsigned i = 0; i < streaming->items; i++) {
		memset(item, (int)(i & 0xff), sizeof(item));
		streaming->bad += roam_tx_send(streaming->tx, item, i % sizeof(item)) != 0;
	}
	streaming->bad += roam_tx_close(streaming->tx) != 0;
	return NULL;
}

static void *take_all(void *argument)
{
	struct streaming *streaming = argument;
	struct roam_bytes item;
	unsigned i;

	for (i = 0; roam_rx_recv(streaming->rx, &item) == 0; i++) {
		streaming->bad += item.len != i % 300;
		for (size_t k = 0; k < item.len; k++)
			streaming->bad += item.data[k] != (i & 0xff);
	}
	streaming->bad += i != streaming->items || roam_rx_recv(streaming->rx, &item) != ROAM_ERR_END;
	return NULL;
}

/* Sends back on channel 3 what comes on channel 1, as credit allows, and grants it. */
static void reflect(struct pair *pair)
{
	const struct roam_channel *down = roam_end_channel(&pair->host.end, 3);
	static struct said held[64];
	unsigned first = 0, count = 0;
	uint32_t sent = 0;
	bool closed = false;

	while (!closed || count > 0) {
		if (!closed && count < 64 && pair_take(pair, &held[(first + count) % 64])) {
			struct said *said = &held[(first + count) % 64];

			if (said->message.type == ROAM_MSG_CLOSE)
				closed = true;
			else if (said->message.type == ROAM_MSG_DATA)
				count++;
		}
		if (count > 0) {
			struct said *said = &held[first];

			if (roam_channel_remaining(down, sent) < (int32_t)said->message.len ||
			    roam_end_room(&pair->host.end) != ROAM_OK ||
			    roam_pool_free(&pair->host.end.own_pool) == 0) {
				sched_yield();
				continue;
			}
			pair_send(pair, ROAM_MSG_DATA, 3, said->payload, said->message.len);
			sent += said->message.len;
			if (roam_end_grant(&pair->host.end, 1, said->message.len))
				(void)roam_bell_ring(pair->host.bell);
			first = (first + 1) % 64;
			count--;
		}
	}
	pair_send(pair, ROAM_MSG_CLOSE, 3, NULL, 0);
	pair_send(pair, ROAM_MSG_RESPONSE, 1, "\0", 1);
}

static void items_pass_in_order_beside_a_run(void)
{
	static const bool sends[] = { true, false };
	struct running running;
	struct streaming up = { .items = 3000 }, down = { .items = 3000 };
	struct roam_call *call;
	pthread_t sender, taker;

	start(&running, 0);
	CHECK_EQ(roam_call_begin(running.pair.guest, METHOD, NULL, sends, 2, &call), 0);
	up.tx = roam_call_tx(call, 0);
	down.rx = roam_call_rx(call, 1);
	CHECK_EQ(roam_call_send(call), 0);
	pthread_create(&sender, NULL, send_all, &up);
	pthread_create(&taker, NULL, take_all, &down);
	reflect(&running.pair);
	pthread_join(sender, NULL);
	pthread_join(taker, NULL);
	CHECK_EQ(up.bad, 0);
	CHECK_EQ(down.bad, 0);
	CHECK_EQ(roam_call_wait(call), 0);
	roam_call_free(call);
	roam_tx_free(up.tx);
	roam_rx_free(down.rx);
	CHECK(running_end(&running));
}

/* ---- Stopping --------------------------------------------------------------------------------------------------- */

static struct roam_guest *stopped;

static void stop(int number)
{
	(void)number;
	roam_guest_stop(stopped);
}

static void signal_handler_may_stop_a_guest(void)
{
	struct sigaction action = { .sa_handler = stop }, before;
	struct running running;

	start(&running, 0);
	stopped = running.pair.guest;
	sigaction(SIGUSR1, &action, &before);
	pair_request(&running.pair, 1, ECHO, "e", 1);
	CHECK(pair_expects(&running.pair, 1, 'e'));
	pthread_kill(running.thread, SIGUSR1);
	pthread_join(running.thread, NULL);
	CHECK_EQ(running.result, 0);
	sigaction(SIGUSR1, &before, NULL);
	CHECK(pair_destroy(&running.pair));
}

static void stop_waits_for_handlers_at_work_and_begins_no_other(void)
{
	struct running running;
	struct pair *pair = &running.pair;
	struct said said;

	start(&running, 1);
	pair_request(pair, 1, GATE, "s", 1);
	gate_await(1);
	pair_request(pair, 2, ECHO, "e", 1);
	roam_guest_stop(pair->guest);
	gate_open(1);
	CHECK(pair_expects(pair, 1, 's'));
	pthread_join(running.thread, NULL);
	CHECK_EQ(running.result, 0);
	CHECK(!pair_take(pair, &said));
	CHECK_EQ(roam_guest_run(pair->guest), 0); /* it has ended */
	CHECK(pair_destroy(pair));
}

static void one_thread_runs_at_a_time(void)
{
	struct running running;

	start(&running, 0);
	pair_request(&running.pair, 1, ECHO, "e", 1);
	CHECK(pair_expects(&running.pair, 1, 'e'));
	CHECK_EQ(roam_guest_run(running.pair.guest), ROAM_ERR_ARGUMENT);
	CHECK(running_end(&running));
}

/* A thread that received already leaves that to the event loop, and has its answer all the same. */
static void event_loop_takes_over_from_who_receives(void)
{
	struct running running;
	struct waiting waiting;
	struct said said;

	begin(&running, 0);
	CHECK_EQ(roam_call_begin(running.pair.guest, METHOD, NULL, NULL, 0, &waiting.call), 0);
	CHECK_EQ(roam_call_send(waiting.call), 0);
	pair_await(&running.pair, &said);
	pthread_create(&waiting.thread, NULL, wait_for_answer, &waiting);
	host_await_flags(&running.pair.host, ROAM_FLAG_FUTEX_MESSAGES | ROAM_FLAG_BELL_MESSAGES);
	CHECK(roam_guest_fd(running.pair.guest) >= 0);
	CHECK_EQ(roam_guest_step(running.pair.guest), 0);
	pair_send(&running.pair, ROAM_MSG_RESPONSE, said.message.id, "\0", 1);
	CHECK_EQ(roam_guest_step(running.pair.guest), 0);
	pthread_join(waiting.thread, NULL);
	CHECK_EQ(waiting.status, 0);
	roam_call_free(waiting.call);
	CHECK(pair_destroy(&running.pair));
}

/* ---- Leaving ---------------------------------------------------------------------------------------------------- */

static uint32_t state_of(const struct pair *pair)
{
	return __atomic_load_n(&host_peer(&pair->host, 1)->state, __ATOMIC_ACQUIRE);
}

/* One thread receives and sleeps while another stops the guest: roam_guest_run returns when the host knows that the
 * guest has left, and from that on not a byte of the segment changes. */
static void whoever_receives_is_out_before_the_guest_leaves(void)
{
	for (int i = 0; i < 20; i++) {
		struct running running;
		struct pair *pair = &running.pair;
		struct waiting waiting;
		struct said said;
		unsigned char *memory, *before;
		size_t size;

		begin(&running, 0);
		CHECK_EQ(roam_call_begin(pair->guest, METHOD, NULL, NULL, 0, &waiting.call), 0);
		CHECK_EQ(roam_call_send(waiting.call), 0);
		pair_await(pair, &said);
		pthread_create(&waiting.thread, NULL, wait_for_answer, &waiting);
		host_await_flags(&pair->host, ROAM_FLAG_FUTEX_MESSAGES | ROAM_FLAG_BELL_MESSAGES);
		memory = pair->host.segment.base;
		size = pair->host.segment.layout.total_size;
		before = malloc(size);
		roam_guest_stop(pair->guest);
		if (i % 2 == 0) {
			CHECK_EQ(roam_guest_run(pair->guest), 0);
		} else {
			running_start(&running);
			while (state_of(pair) == ROAM_STATE_ATTACHED)
				sched_yield();
		}
		CHECK_EQ(state_of(pair), ROAM_STATE_GOODBYE);
		memcpy(before, memory, size);
		if (i % 2 != 0)
			pthread_join(running.thread, NULL);
		pthread_join(waiting.thread, NULL);
		CHECK_EQ(waiting.status, ROAM_ERR_CLOSED);
		roam_call_free(waiting.call);
		CHECK(memcmp(before, memory, size) == 0);
		free(before);
		CHECK(pair_destroy(pair));
	}
}

/* ---- Callbacks -------------------------------------------------------------------------------------------------- */

static void pass_when_done(struct roam_call *call, void *context)
{
	(void)call;
	gate_pass();
	__atomic_store_n((unsigned *)context, 1, __ATOMIC_RELEASE);
}

static void *open_later(void *argument)
{
	(void)argument;
	gate_open(1);
	return NULL;
}

/* After a callback was taken back it does not run: one that runs is waited for. */
static void taking_back_waits_for_a_callback_that_runs(void)
{
	struct running running;
	struct roam_call *call;
	pthread_t opener;
	struct said said;
	unsigned ran = 0;

	start(&running, 0);
	CHECK_EQ(roam_call_begin(running.pair.guest, METHOD, NULL, NULL, 0, &call), 0);
	roam_call_on_done(call, pass_when_done, &ran);
	CHECK_EQ(roam_call_send(call), 0);
	pair_await(&running.pair, &said);
	pair_send(&running.pair, ROAM_MSG_RESPONSE, said.message.id, "\0", 1);
	gate_await(1);
	pthread_create(&opener, NULL, open_later, NULL);
	roam_call_free(call);
	CHECK_EQ(__atomic_load_n(&ran, __ATOMIC_ACQUIRE), 1);
	pthread_join(opener, NULL);
	CHECK(running_end(&running));
}

int main(void)
{
	RUN(slow_handlers_delay_nobody);
	RUN(idle_threads_let_each_other_sleep);
	RUN(requests_behind_a_slow_one_in_a_batch_are_served);
	RUN(no_more_threads_serve_than_may);
	RUN(one_thread_serves_while_its_handler_waits_in_the_library);
	RUN(nesting_has_a_bound);
	RUN(handler_that_waits_is_answered_while_another_is_slow);
	RUN(callers_each_get_their_own_answer);
	RUN(lonely_caller_serves_while_nobody_runs);
	RUN(deadlines_end_the_waits_of_all);
	RUN(cancel_of_another_thread_ends_a_wait);
	RUN(end_of_the_host_ends_the_waits_of_all);
	RUN(items_pass_in_order_beside_a_run);
	RUN(signal_handler_may_stop_a_guest);
	RUN(stop_waits_for_handlers_at_work_and_begins_no_other);
	RUN(one_thread_runs_at_a_time);
	RUN(event_loop_takes_over_from_who_receives);
	RUN(whoever_receives_is_out_before_the_guest_leaves);
	RUN(taking_back_waits_for_a_callback_that_runs);
	return finished();
}
