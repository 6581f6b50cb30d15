/*
 * guest: a guest that serves Everything. It gives back what it is given, passes channels as the tests want it, and when
 * it is asked for Nothing calls the host's Everything in all these ways.
 */

#include "everything_roam.c"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The methods that give back their one argument, with its type. */
#define ECHOES(X)                                                   \
	X(ints, struct everything_ints)                             \
	X(floats, struct everything_floats)                         \
	X(string, struct roam_string)                               \
	X(bytes, struct roam_bytes)                                 \
	X(wide, struct everything_wide)                             \
	X(times, struct everything_times)                           \
	X(named, struct everything_named)                           \
	X(derived, struct everything_derived)                       \
	X(lists, struct everything_lists)                           \
	X(maps, struct everything_maps)                             \
	X(sets, struct everything_sets)                             \
	X(options, struct everything_options)                       \
	X(lent, struct everything_lent)                             \
	X(color, enum everything_color)                             \
	X(shape, struct everything_shape)                           \
	X(pair, struct everything_pair)                             \
	X(tagged, struct everything_tagged)                         \
	X(shared, struct everything_shared)                         \
	X(anonymous, struct everything_struct_x_y)                  \
	X(units, struct everything_list_unit)

#define ECHO(method, type)                                                                                        \
	static int echo_##method(struct roam_request *request, const struct everything_##method##_arguments *arguments, \
				 type *result, struct everything_failure *failure)                                \
	{                                                                                                         \
		(void)request;                                                                                    \
		(void)failure;                                                                                    \
		*result = arguments->v;                                                                           \
		return 0;                                                                                         \
	}
ECHOES(ECHO)

static int echo_bool(struct roam_request *request, const struct everything_bool_arguments *arguments, bool *result)
{
	(void)request;
	*result = arguments->v;
	return 0;
}

static int unnamed(struct roam_request *request, const struct everything_unnamed_arguments *arguments,
		   struct roam_string *result, struct everything_failure *failure)
{
	(void)request;
	(void)failure;
	*result = arguments->argument2;
	return 0;
}

static int two(struct roam_request *request, const struct everything_two_arguments *arguments,
	       struct everything_two_results *result, struct everything_failure *failure)
{
	(void)request;
	(void)failure;
	result->first = arguments->a;
	result->second = arguments->b;
	return 0;
}

/* Answers later, though not much. */
static int unit(struct roam_request *request, struct everything_failure *failure)
{
	(void)failure;
	everything_unit_answer(request);
	return ROAM_DEFERRED;
}

static int fails(struct roam_request *request, const struct everything_fails_arguments *arguments,
		 enum everything_code *failure)
{
	(void)request;
	switch (arguments->code) {
	case 1:
		*failure = EVERYTHING_CODE_BUSY;
		return ROAM_ERR_USER;
	case 2:
		*failure = EVERYTHING_CODE_GONE;
		return ROAM_ERR_USER;
	case 3:
		*failure = (enum everything_code)3; /* not a value */
		return ROAM_ERR_USER;
	default:
		return roam_request_fail(request, "no code %d", arguments->code);
	}
}

static int breaks(struct roam_request *request, const struct everything_breaks_arguments *arguments,
		  struct everything_problem *failure)
{
	(void)failure;
	everything_breaks_refuse(request, &arguments->problem);
	return ROAM_DEFERRED;
}

/* Receives to the end, counting. */
#define COUNT(name, type)                                                   \
	static int count_##name(struct roam_rx *rx, int64_t *count)         \
	{                                                                   \
		type item;                                                  \
		int error;                                                  \
                                                                            \
		while ((error = everything_##name##_recv(rx, &item)) == 0)  \
			++*count;                                           \
		return error == ROAM_ERR_END ? 0 : error;                   \
	}
COUNT(i32, int32_t)
COUNT(string, struct roam_string)
COUNT(bytes, struct roam_bytes)
COUNT(color, enum everything_color)
COUNT(u64, uint64_t)
COUNT(pair, struct everything_pair)

static int send_shapes(const struct everything_list_tx_shape *more)
{
	int error = 0;

	for (size_t i = 0; i < more->count && error == 0; i++) {
		char digit[] = { (char)('0' + i), '\0' };
		struct everything_shape shape = { .tag = EVERYTHING_SHAPE_LABEL };

		shape.as.label = roam_string_of(digit);
		error = everything_shape_send(more->items[i], &shape);
	}
	return error;
}

#define RETURN_ERROR(call)                    \
	do {                                  \
		int returned = (call);        \
		if (returned != 0)            \
			return returned;      \
	} while (0)

static int streams(struct roam_request *request, const struct everything_streams_arguments *arguments,
		   int64_t *result, struct everything_failure *failure)
{
	const struct everything_streams *deep = &arguments->deep;

	(void)request;
	(void)failure;
	RETURN_ERROR(count_i32(arguments->direct, result));
	RETURN_ERROR(count_string(deep->in, result));
	if (deep->maybe.some)
		RETURN_ERROR(count_bytes(deep->maybe.value, result));
	RETURN_ERROR(count_color(deep->fixed.items[0], result));
	RETURN_ERROR(count_color(deep->fixed.items[1], result));
	if (deep->either.tag == EVERYTHING_EITHER_LIVE)
		RETURN_ERROR(count_u64(deep->either.as.live.frames, result));
	for (size_t i = 0; i < arguments->many.count; i++)
		RETURN_ERROR(count_pair(arguments->many.items[i].value, result));
	RETURN_ERROR(everything_string_send(deep->out, deep->name));
	return send_shapes(&deep->more);
}

static int items(struct roam_request *request, const struct everything_items_arguments *arguments,
		 struct everything_failure *failure)
{
	static const struct everything_point point = { 1, 2 };
	static const struct everything_map_string_color_entry entry = { { "k", 1 }, EVERYTHING_COLOR_BLUE };
	const struct everything_item_streams *out = &arguments->out;
	struct everything_list_point list = { &point, 1 };
	struct everything_option_string option = { true, { "text", 4 } };
	struct everything_map_string_color map = { &entry, 1 };
	struct everything_shared_event event = { .tag = EVERYTHING_SHARED_EVENT_STOPPED };

	(void)request;
	(void)failure;
	event.as.stopped.code = 4;
	RETURN_ERROR(everything_list_point_send(out->lists, &list));
	RETURN_ERROR(everything_option_string_send(out->options, &option));
	RETURN_ERROR(everything_map_string_color_send(out->maps, &map));
	RETURN_ERROR(everything_u64_send(out->i_ds, 9));
	RETURN_ERROR(everything_unit_send(out->units));
	RETURN_ERROR(everything_char_send(out->chars, 0xe9));
	RETURN_ERROR(everything_i64_send(out->times, 1000000000));
	return everything_shared_event_send(out->events, &event);
}

/* ---- Calling ---------------------------------------------------------------------------------------------------- */

#define WANT(condition)                                                                                        \
	do {                                                                                                   \
		if (!(condition))                                                                              \
			return roam_request_fail(request, "guest.c:%d: not so: %s", __LINE__, #condition);     \
	} while (0)

static bool is(struct roam_string text, const char *want)
{
	return roam_string_equal(text, roam_string_of(want));
}

static int call_unary(struct roam_request *request, struct roam_guest *guest, const struct roam_call_options *options)
{
	struct everything_bool_arguments yes = { true };
	struct everything_two_arguments pair = { -5, { "five", 4 } };
	struct everything_two_results results;
	struct everything_failure failure;
	struct roam_call *call;
	bool answer = false;

	WANT(everything_bool_call(guest, options, &yes, &answer, NULL) == 0 && answer);
	WANT(everything_bool_call(guest, options, &yes, &answer, &call) == 0);
	WANT(call != NULL && roam_call_poll(call) == 0);
	roam_call_free(call);

	WANT(everything_two_call(guest, options, &pair, &results, &failure, NULL) == ROAM_ERR_ARGUMENT);
	WANT(everything_two_call(guest, options, &pair, &results, &failure, &call) == 0);
	WANT(results.first == -5 && is(results.second, "five"));
	roam_call_free(call);

	pair.b = roam_string_of("\xff");
	WANT(everything_two_call(guest, options, &pair, &results, &failure, &call) == ROAM_ERR_ARGUMENT && call == NULL);
	return 0;
}

static int call_shape(struct roam_request *request, struct roam_guest *guest, const struct roam_call_options *options)
{
	struct everything_shape_large large = { .name = { "nine", 4 } };
	struct everything_shape_arguments arguments = { .v = { .tag = EVERYTHING_SHAPE_LARGE, .as = { .large = &large } } };
	struct everything_failure failure;
	struct everything_shape shape;
	struct roam_call *call;

	large.large.points.items[8].y = 88;
	WANT(everything_shape_call(guest, options, &arguments, &shape, &failure, &call) == 0);
	WANT(shape.tag == EVERYTHING_SHAPE_LARGE && is(shape.as.large->name, "nine"));
	WANT(shape.as.large->large.points.items[8].y == 88 && shape.as.large->large.points.items[7].y == 0);
	roam_call_free(call);

	arguments.v.as.large = NULL;
	WANT(everything_shape_call(guest, options, &arguments, &shape, &failure, &call) == ROAM_ERR_ARGUMENT);
	WANT(call == NULL);
	return 0;
}

static int call_failing(struct roam_request *request, struct roam_guest *guest,
			const struct roam_call_options *options)
{
	struct everything_fails_arguments two_ = { 2 };
	struct everything_breaks_arguments arguments = { .problem = { .tag = EVERYTHING_PROBLEM_NOT_FOUND } };
	struct everything_problem problem;
	enum everything_code code;
	struct roam_call *call;

	WANT(everything_fails_call(guest, options, &two_, &code, NULL) == ROAM_ERR_USER && code == EVERYTHING_CODE_GONE);
	arguments.problem.as.not_found.name = roam_string_of("it");
	WANT(everything_breaks_begin(guest, options, &arguments, &call) == 0);
	WANT(everything_breaks_end(call, &problem) == ROAM_ERR_USER);
	WANT(problem.tag == EVERYTHING_PROBLEM_NOT_FOUND && is(problem.as.not_found.name, "it"));
	roam_call_free(call);
	return 0;
}

static int send_all(struct roam_request *request, struct everything_streams_arguments_caller *arguments)
{
	struct everything_streams_caller *deep = &arguments->deep;
	struct everything_pair pair = { 1, { "r", 1 } };

	WANT(everything_i32_send(arguments->direct, 1) == 0);
	WANT(everything_string_send(deep->in, roam_string_of("x")) == 0);
	WANT(everything_string_send(deep->in, roam_string_of("y")) == 0);
	WANT(everything_string_send(deep->in, roam_string_of("\xff")) == ROAM_ERR_ARGUMENT);
	WANT(everything_bytes_send(deep->maybe.value, (struct roam_bytes){ NULL, 0 }) == 0);
	WANT(everything_u64_send(deep->either.as.live.frames, 7) == 0);
	WANT(everything_color_send(deep->fixed.items[1], EVERYTHING_COLOR_RED) == 0);
	WANT(everything_color_send(deep->fixed.items[1], (enum everything_color)3) == ROAM_ERR_ARGUMENT);
	WANT(everything_pair_send(arguments->many.items[0].value, &pair) == 0);
	WANT(everything_pair_send(arguments->many.items[1].value, &pair) == 0);
	roam_tx_free(arguments->direct);
	roam_tx_free(deep->in);
	roam_tx_free(deep->maybe.value);
	roam_tx_free(deep->either.as.live.frames);
	roam_tx_free(deep->fixed.items[0]);
	roam_tx_free(deep->fixed.items[1]);
	roam_tx_free(arguments->many.items[0].value);
	roam_tx_free(arguments->many.items[1].value);
	return 0;
}

static int receive_all(struct roam_request *request, struct everything_streams_caller *deep)
{
	struct roam_string name;
	struct everything_shape shape;

	WANT(everything_string_recv(deep->out, &name) == 0 && is(name, "deep"));
	WANT(everything_string_recv(deep->out, &name) == ROAM_ERR_END);
	WANT(everything_string_try_recv(deep->out, &name) == ROAM_ERR_END);
	for (size_t i = 0; i < 2; i++) {
		WANT(everything_shape_recv(deep->more.items[i], &shape) == 0 && shape.tag == EVERYTHING_SHAPE_LABEL);
		WANT(shape.as.label.len == 1 && shape.as.label.data[0] == (char)('0' + i));
		roam_rx_free(deep->more.items[i]);
	}
	roam_rx_free(deep->out);
	return 0;
}

static int call_streams(struct roam_request *request, struct roam_guest *guest,
			const struct roam_call_options *options)
{
	struct roam_rx *more[2];
	struct everything_map_string_tx_pair_caller_entry many[2] = { { .key = { "a", 1 } }, { .key = { "b", 1 } } };
	struct everything_streams_arguments_caller arguments = { .many = { many, 2 } };
	struct everything_failure failure;
	struct roam_call *call;
	int64_t count = 0;
	int error;

	memset(more, 0, sizeof(more));
	arguments.deep.name = roam_string_of("\xff");
	arguments.deep.more.items = more;
	arguments.deep.more.count = 2;
	arguments.deep.maybe.some = true;
	arguments.deep.either.tag = EVERYTHING_EITHER_LIVE;
	WANT(everything_streams_begin(guest, options, &arguments, &call) == ROAM_ERR_ARGUMENT && call == NULL);
	WANT(arguments.direct == NULL && more[0] == NULL);

	arguments.deep.name = roam_string_of("deep");
	WANT(everything_streams_begin(guest, options, &arguments, &call) == 0);
	error = send_all(request, &arguments);
	if (error != 0)
		return error;
	error = receive_all(request, &arguments.deep);
	if (error != 0)
		return error;
	WANT(everything_streams_end(call, &count, &failure) == 0);
	WANT(count == 1 + 2 + 1 + 1 + 1 + 2);
	roam_call_free(call);
	return 0;
}

static int call_items(struct roam_request *request, struct roam_guest *guest, const struct roam_call_options *options)
{
	struct everything_items_arguments_caller arguments;
	struct everything_item_streams_caller *in = &arguments.out;
	struct everything_list_point list;
	struct everything_option_string option;
	struct everything_map_string_color map;
	struct everything_shared_event event;
	struct everything_failure failure;
	struct roam_call *call;
	uint64_t id;
	uint32_t letter;
	int64_t time;

	WANT(everything_items_begin(guest, options, &arguments, &call) == 0);
	WANT(everything_list_point_recv(in->lists, &list) == 0 && list.count == 1 && list.items[0].y == 2);
	WANT(everything_option_string_recv(in->options, &option) == 0 && option.some && is(option.value, "text"));
	WANT(everything_map_string_color_recv(in->maps, &map) == 0 && map.count == 1);
	WANT(is(map.items[0].key, "k") && map.items[0].value == EVERYTHING_COLOR_BLUE);
	WANT(everything_u64_recv(in->i_ds, &id) == 0 && id == 9);
	WANT(everything_unit_recv(in->units) == 0);
	WANT(everything_unit_recv(in->units) == ROAM_ERR_END);
	WANT(everything_char_recv(in->chars, &letter) == 0 && letter == 0xe9);
	WANT(everything_i64_recv(in->times, &time) == 0 && time == 1000000000);
	WANT(everything_shared_event_recv(in->events, &event) == 0 && event.tag == EVERYTHING_SHARED_EVENT_STOPPED);
	WANT(event.as.stopped.code == 4);
	WANT(everything_items_end(call, &failure) == 0);
	roam_rx_free(in->lists);
	roam_rx_free(in->options);
	roam_rx_free(in->maps);
	roam_rx_free(in->i_ds);
	roam_rx_free(in->units);
	roam_rx_free(in->chars);
	roam_rx_free(in->times);
	roam_rx_free(in->events);
	roam_call_free(call);
	return 0;
}

static int nothing(struct roam_request *request, struct everything_failure *failure)
{
	struct roam_guest *guest = roam_request_guest(request);
	struct roam_call_options options = { .within = request };

	(void)failure;
	RETURN_ERROR(call_unary(request, guest, &options));
	RETURN_ERROR(call_shape(request, guest, &options));
	RETURN_ERROR(call_failing(request, guest, &options));
	RETURN_ERROR(call_streams(request, guest, &options));
	return call_items(request, guest, &options);
}

/* All but Clashes, which callers find unknown. */
static const struct everything_handlers handlers = {
#define HANDLER(method, type) .method = echo_##method,
	ECHOES(HANDLER)
	.bool_ = echo_bool,
	.unit = unit,
	.two = two,
	.nothing = nothing,
	.unnamed = unnamed,
	.fails = fails,
	.breaks = breaks,
	.streams = streams,
	.items = items,
};

int main(int argc, char **argv)
{
	struct roam_service service = everything_service(&handlers, NULL);
	struct roam_options options;
	struct roam_failure failure;
	struct roam_guest *guest;
	int error;

	roam_options_init(&options);
	options.services = &service;
	options.service_count = 1;
	if (roam_guest_attach(argc, argv, &options, &guest, &failure) != 0) {
		fprintf(stderr, "guest: %s\n", failure.text);
		return EXIT_FAILURE;
	}
	error = roam_guest_run(guest);
	if (error != 0) {
		roam_guest_failure(guest, &failure);
		fprintf(stderr, "guest: %s\n", failure.text);
	}
	roam_guest_free(guest);
	return error == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
