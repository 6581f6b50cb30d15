/* Handlers of streams, where they may wait. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

void upper_case(char *into, struct roam_string text)
{
	for (size_t i = 0; i < text.len; i++)
		into[i] = (char)toupper((unsigned char)text.data[i]);
}

/* The end of a stream is no error of the handler that reads it. */
static int unless_end(int error)
{
	return error == ROAM_ERR_END ? 0 : error;
}

static int sum(struct roam_request *request, const struct testbed_sum_arguments *arguments, int64_t *result)
{
	int32_t number;
	int error;

	(void)request;
	while ((error = testbed_i32_recv(arguments->numbers, &number)) == 0)
		*result += number;
	return unless_end(error);
}

static int generate(struct roam_request *request, const struct testbed_generate_arguments *arguments)
{
	int error = 0;

	(void)request;
	for (uint32_t i = 0; i < arguments->count && error == 0; i++)
		error = testbed_i32_send(arguments->numbers, (int32_t)i);
	return error;
}

static int transform(struct roam_request *request, const struct testbed_transform_arguments *arguments)
{
	struct roam_string text;
	int error;

	(void)request;
	while ((error = testbed_string_recv(arguments->in, &text)) == 0) {
		char *upper = roam_rx_alloc(arguments->in, text.len);

		if (upper == NULL)
			return ROAM_ERR_NO_MEMORY;
		upper_case(upper, text);
		error = testbed_string_send(arguments->out, (struct roam_string){ upper, text.len });
		if (error != 0)
			return error;
	}
	return unless_end(error);
}

static int count_bytes(struct roam_rx *rx, uint64_t *total)
{
	struct roam_bytes item;
	int error;

	while ((error = testbed_bytes_recv(rx, &item)) == 0)
		*total += item.len;
	return unless_end(error);
}

static int drain(struct roam_request *request, const struct testbed_drain_arguments *arguments, uint64_t *result)
{
	(void)request;
	return count_bytes(arguments->data, result);
}

static int lend(struct roam_request *request, const struct testbed_lend_arguments *arguments, uint64_t *result)
{
	struct roam_bytes item;
	int error;

	while ((error = testbed_bytes_recv(arguments->data, &item)) == 0) {
		for (size_t i = 0; i < item.len; i++)
			if (item.data[i] != 0)
				return roam_request_fail(request, "an item has a byte %u", item.data[i]);
		*result += item.len;
	}
	return unless_end(error);
}

int ignore_stream(struct roam_request *request, const struct testbed_ignore_arguments *arguments, uint64_t *result)
{
	(void)request;
	(void)arguments;
	*result = 0;
	return 0;
}

static void end_hold(struct roam_request *request, void *context)
{
	roam_rx_close(context);
	roam_request_finish(request, roam_request_ended(request));
}

int hold_stream(struct roam_request *request, const struct testbed_hold_arguments *arguments)
{
	roam_request_on_end(request, end_hold, arguments->data);
	return ROAM_DEFERRED;
}

/* Reads a stream that was detached to its end. */
static void read_on(void *argument)
{
	struct roam_rx *rx = argument;
	uint64_t total = 0;

	(void)count_bytes(rx, &total);
	roam_rx_free(rx);
}

int linger_stream(struct roam_request *request, const struct testbed_linger_arguments *arguments)
{
	roam_rx_detach(arguments->data);
	program_start(roam_request_user(request), read_on, arguments->data);
	return 0;
}

static int pile(struct roam_request *request, const struct testbed_pile_arguments *arguments, uint64_t *result)
{
	int32_t start;
	int error = testbed_i32_recv(arguments->start, &start);

	(void)request;
	while (error == 0 && (error = testbed_unit_recv(arguments->ticks)) == 0)
		++*result;
	return unless_end(error);
}

int break_streams(struct roam_request *request, const struct testbed_break_arguments *arguments)
{
	int error = testbed_i32_send(arguments->out, 1);

	return error != 0 ? error : roam_request_fail(request, "panic: testbed breaks");
}

static int flood(struct roam_request *request, const struct testbed_flood_arguments *arguments)
{
	uint8_t *chunk = roam_request_alloc(request, arguments->size);
	int error = 0;

	if (chunk == NULL)
		return ROAM_ERR_NO_MEMORY;
	memset(chunk, 0, arguments->size);
	for (uint64_t left = arguments->total; left > 0 && error == 0;) {
		size_t len = left < arguments->size ? (size_t)left : arguments->size;

		error = testbed_bytes_send(arguments->data, (struct roam_bytes){ chunk, len });
		left -= len;
	}
	return error;
}

void add_waiting_streams(struct testbed_handlers *handlers)
{
	handlers->sum = sum;
	handlers->generate = generate;
	handlers->transform = transform;
	handlers->drain = drain;
	handlers->lend = lend;
	handlers->ignore = ignore_stream;
	handlers->hold = hold_stream;
	handlers->linger = linger_stream;
	handlers->pile = pile;
	handlers->break_ = break_streams;
	handlers->flood = flood;
}
