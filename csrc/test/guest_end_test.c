/* Ends of a connection, whatever is open; and memory that runs out at any moment. */

#define _GNU_SOURCE

#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "guest/clock.h"
#include "pair.h"

enum { KEEP = 1, STREAM };

/* struct open: one of everything that can be open, and how often each was told of its end. */
struct open {
	struct pair *pair;
	struct roam_call *call, *idle;
	struct roam_tx *tx, *htx;
	struct roam_rx *rx, *hrx;
	struct roam_request *request, *stream;
	unsigned done, ended;
	int done_as, ended_as;
};

static struct open open_now;

static void on_end(struct roam_request *request, void *context)
{
	struct open *open = context;

	open->ended++;
	open->ended_as = roam_request_ended(request);
	roam_request_finish(request, open->ended_as);
}

static int keep(struct roam_request *request)
{
	open_now.request = request;
	roam_request_on_end(request, on_end, &open_now);
	return ROAM_DEFERRED;
}

static int prepare_stream(struct roam_request *request, struct roam_reader *reader)
{
	open_now.hrx = roam_request_rx(request, roam_read_u64(reader));
	open_now.htx = roam_request_tx(request, roam_read_u64(reader));
	return roam_reader_finish(reader);
}

static int stream(struct roam_request *request)
{
	open_now.stream = request;
	return ROAM_DEFERRED;
}

static const struct roam_method methods[] = {
	{ .id = KEEP, .handle = keep },
	{ .id = STREAM, .prepare = prepare_stream, .handle = stream },
};

static void on_done(struct roam_call *call, void *context)
{
	struct open *open = context;

	open->done++;
	open->done_as = roam_call_poll(call);
}

/* A guest with one of everything open. */
static void open_all(struct pair *pair)
{
	static const bool sends[] = { true, false };

	pair_create(pair, methods, 2, NULL, NULL);
	open_now = (struct open){ .pair = pair };
	CHECK(roam_guest_fd(pair->guest) >= 0);
	pair_activate(pair, 2);
	pair_activate(pair, 4);
	pair_request(pair, 1, KEEP, NULL, 0);
	pair_request(pair, 2, STREAM, "\x02\x04", 2);
	CHECK_EQ(roam_guest_step(pair->guest), 0);
	CHECK_EQ(roam_call_begin(pair->guest, 99, NULL, sends, 2, &open_now.call), 0);
	open_now.tx = roam_call_tx(open_now.call, 0);
	open_now.rx = roam_call_rx(open_now.call, 1);
	CHECK_EQ(roam_call_send(open_now.call), 0);
	roam_call_on_done(open_now.call, on_done, &open_now);
	CHECK_EQ(roam_call_begin(pair->guest, 99, NULL, sends, 1, &open_now.idle), 0); /* not sent */
	CHECK(pair_says(pair, ROAM_MSG_REQUEST, 1));
}

/* Everything has ended with the error, each told once; the program then frees what is its. */
static void all_ended(struct pair *pair, int error)
{
	struct roam_bytes item;

	CHECK_EQ(open_now.done, 1);
	CHECK_EQ(open_now.done_as, error);
	CHECK_EQ(open_now.ended, 1);
	CHECK_EQ(open_now.ended_as, error);
	CHECK_EQ(roam_call_wait(open_now.call), error);
	CHECK_EQ(roam_tx_send(open_now.tx, "x", 1), error);
	CHECK_EQ(roam_rx_recv(open_now.rx, &item), error);
	CHECK_EQ(roam_tx_send(open_now.htx, "x", 1), error);
	CHECK_EQ(roam_rx_recv(open_now.hrx, &item), error);
	CHECK_EQ(roam_request_ended(open_now.stream), error);
	roam_request_finish(open_now.stream, 0);
	CHECK_EQ(roam_call_send(open_now.idle), error);
	roam_call_free(open_now.call);
	roam_call_free(open_now.idle);
	roam_tx_free(open_now.tx);
	roam_rx_free(open_now.rx);
	CHECK_EQ(roam_call_begin(pair->guest, 99, NULL, NULL, 0, &open_now.call), error);
	CHECK_EQ(roam_guest_step(pair->guest), error);
	CHECK_EQ(roam_guest_run(pair->guest), error == ROAM_ERR_CLOSED || error == ROAM_ERR_HOST_LEAVING ? 0 : error);
}

static void failure_is(struct pair *pair, int error, const char *words)
{
	struct roam_failure failure;

	roam_guest_failure(pair->guest, &failure);
	CHECK_EQ(failure.error, error);
	if (!CHECK(strstr(failure.text, words) != NULL))
		fprintf(stderr, "the failure is \"%s\"\n", failure.text);
}

/* The guest's last word is this reason. */
static void says_goodbye(struct pair *pair, const char *rule)
{
	struct said said;

	do {
		if (!CHECK(pair_take(pair, &said)))
			return;
	} while (said.message.type != ROAM_MSG_GOODBYE);
	CHECK(said.message.len > strlen(rule) && memcmp(said.payload, rule, strlen(rule)) == 0);
	CHECK(!pair_take(pair, &said));
	CHECK_EQ(host_peer(&pair->host, 1)->state, ROAM_STATE_GOODBYE);
}

static void violation_ends_all_and_says_why(void)
{
	struct pair pair = { .foreign = false };

	open_all(&pair);
	failure_is(&pair, 0, "");
	pair_send(&pair, ROAM_MSG_DATA, 6, "x", 1);
	CHECK_EQ(roam_guest_step(pair.guest), ROAM_ERR_VIOLATION);
	failure_is(&pair, ROAM_ERR_VIOLATION, "channeling.unknown: data for channel id 6, which was never opened");
	says_goodbye(&pair, "channeling.unknown: ");
	CHECK(strstr(pair.log, "channeling.unknown: ") != NULL);
	CHECK_EQ(pair.logged, 1);
	all_ended(&pair, ROAM_ERR_VIOLATION);
	CHECK(pair_destroy(&pair));
}

static void fault_of_a_descriptor_ends_all_and_says_why(void)
{
	struct pair pair = { .foreign = false };
	struct roam_desc *desc;

	open_all(&pair);
	desc = &pair.host.end.send.descs[pair.host.end.send.next & pair.host.end.send.mask];
	pair_send(&pair, ROAM_MSG_CANCEL, 50, NULL, 0);
	desc->msg_type = 200;
	CHECK_EQ(roam_guest_step(pair.guest), ROAM_ERR_VIOLATION);
	failure_is(&pair, ROAM_ERR_VIOLATION, "message.unknown-variant: ");
	says_goodbye(&pair, "message.unknown-variant: ");
	all_ended(&pair, ROAM_ERR_VIOLATION);
	CHECK(pair_destroy(&pair));
}

static void corrupt_credit_that_a_send_finds_ends_all(void)
{
	struct pair pair = { .foreign = false };

	open_all(&pair);
	CHECK_EQ(roam_tx_send(open_now.tx, "xx", 2), 0);
	roam_end_channel(&pair.host.end, 1)->granted_total = 1;
	CHECK_EQ(roam_tx_send(open_now.tx, "x", 1), ROAM_ERR_VIOLATION);
	failure_is(&pair, ROAM_ERR_VIOLATION, "shm.flow.wrap-rule: ");
	CHECK_EQ(roam_guest_step(pair.guest), ROAM_ERR_VIOLATION); /* runs the callbacks */
	says_goodbye(&pair, "shm.flow.wrap-rule: ");
	all_ended(&pair, ROAM_ERR_VIOLATION);
	CHECK(pair_destroy(&pair));
}

static void goodbye_of_the_host_is_its_reason(void)
{
	struct pair pair = { .foreign = false };

	open_all(&pair);
	pair_send(&pair, ROAM_MSG_GOODBYE, 0, "some.rule: because", 18);
	CHECK_EQ(roam_guest_step(pair.guest), ROAM_ERR_EVICTED);
	failure_is(&pair, ROAM_ERR_EVICTED, "some.rule: because");
	all_ended(&pair, ROAM_ERR_EVICTED);
	CHECK(pair_destroy(&pair));
}

/* Makes the host evict, leave or die; which one is up to how. */
static void host_ends(struct pair *pair, int how)
{
	switch (how) {
	case ROAM_ERR_EVICTED:
		host_set_entry(&pair->host, 1, ROAM_STATE_GOODBYE, 7);
		break;
	case ROAM_ERR_HOST_LEAVING:
		__atomic_store_n(&host_header(&pair->host)->host_goodbye, 1, __ATOMIC_SEQ_CST);
		break;
	default:
		close(pair->host.bell);
		pair->host.bell = -1;
		return;
	}
	(void)roam_bell_ring(pair->host.bell);
}

static void end_of_the_host_ends_all(void)
{
	static const int ends[] = { ROAM_ERR_EVICTED, ROAM_ERR_HOST_LEAVING, ROAM_ERR_HOST_DIED };

	for (int i = 0; i < 3; i++) {
		struct pair pair = { .foreign = false };
		struct roam_bytes item;

		open_all(&pair);
		pair_send(&pair, ROAM_MSG_DATA, 3, "came before", 11);
		host_ends(&pair, ends[i]);
		while (roam_guest_step(pair.guest) == 0)
			continue;
		failure_is(&pair, ends[i], "host");
		CHECK_EQ(roam_rx_recv(open_now.rx, &item), 0); /* what came before is there still */
		all_ended(&pair, ends[i]);
		CHECK(pair_destroy(&pair));
	}
}

static void stop_ends_all_once_what_was_begun_is_answered(void)
{
	struct pair pair = { .foreign = false };
	struct said said;
	unsigned steps = 0;

	open_all(&pair);
	roam_guest_stop(pair.guest);
	CHECK_EQ(roam_guest_step(pair.guest), 0); /* two requests are at work */
	pair_request(&pair, 3, KEEP, NULL, 0);
	CHECK_EQ(roam_guest_step(pair.guest), 0); /* and no further one is begun */
	roam_request_finish(open_now.stream, 0);
	CHECK_EQ(roam_guest_step(pair.guest), 0);
	roam_request_finish(open_now.request, 0);
	open_now.ended = 1; /* it was answered before */
	open_now.ended_as = ROAM_ERR_CLOSED;
	while (roam_guest_step(pair.guest) == 0)
		steps++;
	CHECK_EQ(steps, 0);
	failure_is(&pair, ROAM_ERR_CLOSED, "stopped");
	CHECK(pair_says(&pair, ROAM_MSG_RESET, 2));
	CHECK(pair_says(&pair, ROAM_MSG_CLOSE, 4));
	CHECK(pair_says(&pair, ROAM_MSG_RESPONSE, 2));
	CHECK(pair_says(&pair, ROAM_MSG_RESPONSE, 1));
	CHECK(!pair_take(&pair, &said));
	CHECK_EQ(host_peer(&pair.host, 1)->state, ROAM_STATE_GOODBYE);
	CHECK_EQ(pair.logged, 0); /* no fault of anybody's */
	CHECK(pair_destroy(&pair));
}

static void free_ends_all_and_frees_all(void)
{
	struct pair pair = { .foreign = false };

	open_all(&pair);
	roam_guest_free(pair.guest);
	CHECK_EQ(pair.memory.live, 0);
	CHECK_EQ(open_now.ended, 1); /* the program can give its own back */
	CHECK_EQ(open_now.ended_as, ROAM_ERR_CLOSED);
	CHECK_EQ(open_now.done, 1);
	CHECK(strstr(pair.log, "2 channel ends were dropped") != NULL);
	CHECK_EQ(host_peer(&pair.host, 1)->state, ROAM_STATE_GOODBYE);
	pair.guest = NULL;
	CHECK(pair_destroy(&pair));
}

static void guest_that_did_nothing_leaves_nothing(void)
{
	struct pair pair = { .foreign = false };

	pair_create(&pair, methods, 2, NULL, NULL);
	CHECK(pair_destroy(&pair));
	CHECK_EQ(pair.logged, 0);
}

/* ---- Options ---------------------------------------------------------------------------------------------------- */

static int attach_with(const struct roam_options *options, struct roam_failure *failure)
{
	struct roam_guest *guest = (struct roam_guest *)1;
	char name[] = "guest", *argv[] = { name };
	int error = roam_guest_attach(1, argv, options, &guest, failure);

	CHECK(guest == NULL);
	return error;
}

static int nothing(struct roam_request *request)
{
	(void)request;
	return 0;
}

static void options_that_make_no_sense_are_refused(void)
{
	struct roam_options options;
	struct roam_failure failure;

	roam_options_init(&options);
	options.size = 0;
	CHECK_EQ(attach_with(&options, &failure), ROAM_ERR_ARGUMENT);
	options.size = sizeof(options) + 1;
	CHECK_EQ(attach_with(&options, &failure), ROAM_ERR_ARGUMENT);
	roam_options_init(&options);
	options.service_count = 1;
	CHECK_EQ(attach_with(&options, &failure), ROAM_ERR_ARGUMENT);
	roam_options_init(&options);
	options.allocator.release = NULL;
	CHECK_EQ(attach_with(&options, &failure), ROAM_ERR_ARGUMENT);
	CHECK_EQ(attach_with(NULL, NULL), ROAM_ERR_NO_TICKET);
}

static void services_that_make_no_sense_are_refused(void)
{
	const struct roam_method twice[] = {
		{ .id = 5, .name = "A.one", .handle = nothing }, { .id = 6, .handle = nothing },
		{ .id = 5, .name = "B.two", .handle = nothing },
	};
	const struct roam_method none[] = { { .id = 5, .name = "A.none" } };
	struct roam_service service = { .methods = twice, .method_count = 3 };
	struct roam_options options;
	struct roam_failure failure;
	struct ticket_args args;
	struct roam_guest *guest;
	struct held before = held_now();
	struct counting memory;
	struct host host;

	for (int i = 0; i < 2; i++) {
		counting_init(&memory);
		host_create(&host, small_config(), NULL);
		host_set_entry(&host, 1, ROAM_STATE_RESERVED, 7);
		host_ticket(&host, 1, host_doorbell(&host, SOCK_STREAM), 7, &args);
		roam_options_init(&options);
		options.services = &service;
		options.service_count = 1;
		options.allocator = memory.allocator;
		CHECK_EQ(roam_guest_attach(args.argc, args.argv, &options, &guest, &failure), ROAM_ERR_ARGUMENT);
		CHECK(strstr(failure.text, i == 0 ? "B.two" : "A.none") != NULL);
		CHECK_EQ(memory.live, 0);
		host_destroy(&host);
		CHECK(held_same(before));
		service = (struct roam_service){ .methods = none, .method_count = 1 };
	}
}

/* ---- Memory that runs out --------------------------------------------------------------------------------------- */

static void call_if_possible(struct pair *pair)
{
	static const bool sends[] = { true, false };
	struct roam_call *call;
	struct roam_bytes item;
	struct roam_tx *tx;
	struct roam_rx *rx;
	struct said said;

	if (roam_call_begin(pair->guest, 99, NULL, sends, 2, &call) != 0)
		return;
	tx = roam_call_tx(call, 0);
	rx = roam_call_rx(call, 1);
	roam_write_string(roam_call_arguments(call), roam_string_of("some arguments, more than fit a descriptor"));
	if (roam_call_send(call) == 0) {
		(void)roam_tx_send(tx, "item", 4);
		while (pair_take(pair, &said))
			if (said.message.type == ROAM_MSG_REQUEST)
				pair_send(pair, ROAM_MSG_RESPONSE, said.message.id, "\0result that is more than fits",
					  30);
		(void)roam_call_wait(call);
		(void)roam_rx_try_recv(rx, &item);
	}
	roam_call_free(call);
	roam_tx_free(tx);
	roam_rx_free(rx);
}

/* What a host and its guest may do with each other; each step may fail. */
static void use(struct pair *pair)
{
	struct roam_metadata entry = { .key = roam_string_of("k"), .kind = ROAM_METADATA_STRING,
				       .string = roam_string_of("v") };
	struct roam_bytes item;
	struct said said;

	open_now = (struct open){ .pair = pair };
	if (roam_guest_fd(pair->guest) < 0)
		return;
	pair_activate(pair, 2);
	pair_activate(pair, 4);
	pair_request(pair, 1, STREAM, "\x02\x04", 2);
	pair_request(pair, 2, 4711, NULL, 0);
	pair_send(pair, ROAM_MSG_DATA, 2, "an item", 7);
	(void)roam_guest_step(pair->guest);
	if (open_now.stream != NULL) {
		if (roam_rx_try_recv(open_now.hrx, &item) == 0)
			CHECK_EQ(item.len, 7);
		(void)roam_rx_alloc(open_now.hrx, 100);
		(void)roam_tx_try_send(open_now.htx, "an item", 7);
		(void)roam_request_add_metadata(open_now.stream, &entry);
		(void)roam_request_alloc(open_now.stream, 3000);
		roam_write_u64(roam_request_result(open_now.stream), 7);
		(void)roam_request_fail(open_now.stream, "%s", "failed with some words");
		roam_request_finish(open_now.stream, ROAM_ERR_REMOTE);
	}
	call_if_possible(pair);
	pair_request(pair, 3, STREAM, "\x06\x08", 2);
	(void)roam_guest_step(pair->guest);
	while (pair_take(pair, &said))
		continue;
}

/* From the nth allocation on all fail: nothing leaks, crashes or hangs; and for some n all is well. */
static void memory_may_run_out_at_any_allocation(void)
{
	for (uint32_t n = 1;; n++) {
		struct pair pair = { .foreign = false };
		uint32_t taken;

		pair_create(&pair, methods, 2, NULL, NULL);
		pair.memory.fails = pair.memory.taken + n;
		use(&pair);
		taken = pair.memory.taken;
		if (!CHECK(pair_destroy(&pair)))
			fprintf(stderr, "with %u allocations\n", n - 1);
		if (taken < pair.memory.fails)
			break;
	}
}

static void attaching_may_fail_at_any_allocation(void)
{
	struct held before = held_now();
	int error = ROAM_ERR_NO_MEMORY;

	for (uint32_t n = 1; error != 0; n++) {
		struct roam_service service = { .methods = methods, .method_count = 2 };
		struct roam_options options;
		struct roam_failure failure;
		struct ticket_args args;
		struct roam_guest *guest;
		struct counting memory;
		struct host host;
		int bell;

		counting_init(&memory);
		memory.fails = n;
		host_create(&host, small_config(), NULL);
		bell = host_doorbell(&host, SOCK_STREAM);
		host_set_entry(&host, 1, ROAM_STATE_RESERVED, 7);
		host_ticket(&host, 1, bell, 7, &args);
		roam_options_init(&options);
		options.services = &service;
		options.service_count = 1;
		options.allocator = memory.allocator;
		error = roam_guest_attach(args.argc, args.argv, &options, &guest, &failure);
		CHECK(error == 0 || error == ROAM_ERR_NO_MEMORY);
		if (memory.taken == 1)
			close(bell); /* the ticket was not even looked at */
		roam_guest_free(guest);
		CHECK_EQ(memory.live, 0);
		host_destroy(&host);
		CHECK(held_same(before));
	}
}

int main(void)
{
	RUN(violation_ends_all_and_says_why);
	RUN(fault_of_a_descriptor_ends_all_and_says_why);
	RUN(corrupt_credit_that_a_send_finds_ends_all);
	RUN(goodbye_of_the_host_is_its_reason);
	RUN(end_of_the_host_ends_all);
	RUN(stop_ends_all_once_what_was_begun_is_answered);
	RUN(free_ends_all_and_frees_all);
	RUN(guest_that_did_nothing_leaves_nothing);
	RUN(options_that_make_no_sense_are_refused);
	RUN(services_that_make_no_sense_are_refused);
	RUN(memory_may_run_out_at_any_allocation);
	RUN(attaching_may_fail_at_any_allocation);
	return finished();
}
