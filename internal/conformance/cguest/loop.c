/*
 * Handlers of streams in an event loop: they never wait. Each goes as far as it can, and on when one of its ends is
 * ready again; its request is answered then.
 */
#define _XOPEN_SOURCE 700 /* recursive mutexes */

#include <stdlib.h>

#include "program.h"

/*
 * struct flow: one handler under way. Its memory is never given back while the program runs, but used again: whoever
 * is told late that an end is ready finds a flow, though perhaps another. flow_go holds the lock.
 */
struct flow {
	struct flow *next; /* of those that are free */
	pthread_mutex_t lock; /* recursive */
	bool starts;
	struct roam_request *request; /* NULL once it is answered */
	int (*step)(struct flow *flow); /* goes on: 0 when it is done, ROAM_ERR_AGAIN, or why it fails */
	void (*answer)(struct flow *flow);

	struct roam_rx *rx, *ticks;
	struct roam_tx *tx;
	int64_t sum;
	uint64_t total; /* that came, or that are left to be sent */
	uint32_t count, sent;
	uint8_t *chunk; /* what is sent, owned */
	size_t len;
	bool have; /* a chunk waits to be sent, or the start has come */
};

static pthread_mutex_t free_lock = PTHREAD_MUTEX_INITIALIZER;
static struct flow *free_flows;

/* A flow, to be filled in and started. */
static struct flow *flow_new(struct roam_request *request, int (*step)(struct flow *flow),
			     void (*answer)(struct flow *flow))
{
	struct flow *flow;

	(void)pthread_mutex_lock(&free_lock);
	flow = free_flows;
	if (flow != NULL)
		free_flows = flow->next;
	(void)pthread_mutex_unlock(&free_lock);
	if (flow == NULL) {
		pthread_mutexattr_t recursive;

		flow = must_allocate(sizeof(*flow));
		(void)pthread_mutexattr_init(&recursive);
		(void)pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
		(void)pthread_mutex_init(&flow->lock, &recursive);
		(void)pthread_mutexattr_destroy(&recursive);
	}
	(void)pthread_mutex_lock(&flow->lock); /* until it has started */
	flow->request = request;
	flow->step = step;
	flow->answer = answer;
	flow->starts = true;
	return flow;
}

static void flow_free(struct flow *flow)
{
	(void)pthread_mutex_lock(&free_lock);
	flow->next = free_flows;
	free_flows = flow;
	(void)pthread_mutex_unlock(&free_lock);
}

/* Takes the flow apart, for its answer. */
static struct flow flow_end(struct flow *flow)
{
	struct flow ended = *flow;

	flow->request = NULL;
	flow->rx = flow->ticks = NULL;
	flow->tx = NULL;
	flow->sum = 0;
	flow->total = 0;
	flow->count = flow->sent = 0;
	flow->chunk = NULL;
	flow->len = 0;
	flow->have = false;
	return ended;
}

static void flow_go(struct flow *flow)
{
	struct flow ended;
	int error;

	(void)pthread_mutex_lock(&flow->lock);
	if (flow->request == NULL || flow->starts) {
		(void)pthread_mutex_unlock(&flow->lock);
		return;
	}
	error = flow->step(flow);
	if (error == ROAM_ERR_AGAIN) {
		(void)pthread_mutex_unlock(&flow->lock);
		return;
	}
	ended = flow_end(flow);
	(void)pthread_mutex_unlock(&flow->lock);
	flow_free(flow);
	free(ended.chunk);
	if (error == 0)
		ended.answer(&ended);
	else
		roam_request_finish(ended.request, error);
}

static void rx_ready(struct roam_rx *rx, void *context)
{
	(void)rx;
	flow_go(context);
}

static void tx_ready(struct roam_tx *tx, void *context)
{
	(void)tx;
	flow_go(context);
}

static void request_ended(struct roam_request *request, void *context)
{
	(void)request;
	flow_go(context);
}

/* Starts a flow, whose request it may answer at once. */
static int flow_start(struct flow *flow)
{
	if (flow->rx != NULL)
		roam_rx_on_ready(flow->rx, rx_ready, flow);
	if (flow->ticks != NULL)
		roam_rx_on_ready(flow->ticks, rx_ready, flow);
	if (flow->tx != NULL)
		roam_tx_on_ready(flow->tx, tx_ready, flow);
	roam_request_on_end(flow->request, request_ended, flow); /* which may be at once */
	flow->starts = false;
	(void)pthread_mutex_unlock(&flow->lock);
	flow_go(flow);
	return ROAM_DEFERRED;
}

static int unless_end(int error)
{
	return error == ROAM_ERR_END ? 0 : error;
}

/* ---- Receiving -------------------------------------------------------------------------------------------------- */

static int sum_step(struct flow *flow)
{
	int32_t number;
	int error;

	while ((error = testbed_i32_try_recv(flow->rx, &number)) == 0)
		flow->sum += number;
	return unless_end(error);
}

static void sum_answer(struct flow *flow)
{
	testbed_sum_answer(flow->request, flow->sum);
}

static int sum(struct roam_request *request, const struct testbed_sum_arguments *arguments, int64_t *result)
{
	struct flow *flow = flow_new(request, sum_step, sum_answer);

	(void)result;
	flow->rx = arguments->numbers;
	return flow_start(flow);
}

static int count_step(struct flow *flow)
{
	struct roam_bytes item;
	int error;

	while ((error = testbed_bytes_try_recv(flow->rx, &item)) == 0)
		flow->total += item.len;
	return unless_end(error);
}

static void drain_answer(struct flow *flow)
{
	testbed_drain_answer(flow->request, flow->total);
}

static int drain(struct roam_request *request, const struct testbed_drain_arguments *arguments, uint64_t *result)
{
	struct flow *flow = flow_new(request, count_step, drain_answer);

	(void)result;
	flow->rx = arguments->data;
	return flow_start(flow);
}

static void lend_answer(struct flow *flow)
{
	testbed_lend_answer(flow->request, flow->total);
}

static int lend(struct roam_request *request, const struct testbed_lend_arguments *arguments, uint64_t *result)
{
	struct flow *flow = flow_new(request, count_step, lend_answer);

	(void)result;
	flow->rx = arguments->data;
	return flow_start(flow);
}

static int pile_step(struct flow *flow)
{
	int32_t start;
	int error;

	if (!flow->have && (error = testbed_i32_try_recv(flow->rx, &start)) != 0)
		return unless_end(error);
	flow->have = true;
	while ((error = testbed_unit_try_recv(flow->ticks)) == 0)
		flow->total++;
	return unless_end(error);
}

static void pile_answer(struct flow *flow)
{
	testbed_pile_answer(flow->request, flow->total);
}

static int pile(struct roam_request *request, const struct testbed_pile_arguments *arguments, uint64_t *result)
{
	struct flow *flow = flow_new(request, pile_step, pile_answer);

	(void)result;
	flow->rx = arguments->start;
	flow->ticks = arguments->ticks;
	return flow_start(flow);
}

/* ---- Sending ---------------------------------------------------------------------------------------------------- */

static int generate_step(struct flow *flow)
{
	int error = 0;

	while (flow->sent < flow->count && (error = testbed_i32_try_send(flow->tx, (int32_t)flow->sent)) == 0)
		flow->sent++;
	return error;
}

static void generate_answer(struct flow *flow)
{
	testbed_generate_answer(flow->request);
}

static int generate(struct roam_request *request, const struct testbed_generate_arguments *arguments)
{
	struct flow *flow = flow_new(request, generate_step, generate_answer);

	flow->count = arguments->count;
	flow->tx = arguments->numbers;
	return flow_start(flow);
}

static int flood_step(struct flow *flow)
{
	int error = 0;

	while (flow->total > 0) {
		size_t len = flow->total < flow->len ? (size_t)flow->total : flow->len;

		error = testbed_bytes_try_send(flow->tx, (struct roam_bytes){ flow->chunk, len });
		if (error != 0)
			break;
		flow->total -= len;
	}
	return error;
}

static void flood_answer(struct flow *flow)
{
	testbed_flood_answer(flow->request);
}

static int flood(struct roam_request *request, const struct testbed_flood_arguments *arguments)
{
	struct flow *flow = flow_new(request, flood_step, flood_answer);

	flow->total = arguments->total;
	flow->len = arguments->size;
	flow->chunk = must_allocate(flow->len);
	flow->tx = arguments->data;
	return flow_start(flow);
}

/* ---- Both ------------------------------------------------------------------------------------------------------- */

static int transform_step(struct flow *flow)
{
	struct roam_string text;
	int error;

	for (;;) {
		if (flow->have) {
			error = testbed_string_try_send(flow->tx, (struct roam_string){ (char *)flow->chunk, flow->len });
			if (error != 0)
				return error;
			flow->have = false;
			free(flow->chunk);
			flow->chunk = NULL;
		}
		error = testbed_string_try_recv(flow->rx, &text);
		if (error != 0)
			return unless_end(error);
		flow->chunk = must_allocate(text.len);
		flow->len = text.len;
		flow->have = true;
		upper_case((char *)flow->chunk, text);
	}
}

static void transform_answer(struct flow *flow)
{
	testbed_transform_answer(flow->request);
}

static int transform(struct roam_request *request, const struct testbed_transform_arguments *arguments)
{
	struct flow *flow = flow_new(request, transform_step, transform_answer);

	flow->rx = arguments->in;
	flow->tx = arguments->out;
	return flow_start(flow);
}

void add_looping_streams(struct testbed_handlers *handlers)
{
	handlers->sum = sum;
	handlers->generate = generate;
	handlers->transform = transform;
	handlers->drain = drain;
	handlers->lend = lend;
	handlers->ignore = ignore_stream;
	handlers->hold = hold_stream;
	handlers->linger = linger_stream; /* by a thread of the program */
	handlers->pile = pile;
	handlers->break_ = break_streams;
	handlers->flood = flood;
}
