/* Handlers of methods without streams. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

static int echo(struct roam_request *request, const struct testbed_echo_arguments *arguments,
		struct roam_string *result)
{
	(void)request;
	*result = arguments->text;
	return 0;
}

/* The bytes of the UTF-8 character that begins with this one. */
static size_t width(unsigned char first)
{
	return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

static int reverse(struct roam_request *request, const struct testbed_reverse_arguments *arguments,
		   struct roam_string *result)
{
	size_t len = arguments->text.len;
	char *text = roam_request_alloc(request, len);

	if (text == NULL)
		return ROAM_ERR_NO_MEMORY;
	for (size_t at = 0, size; at < len; at += size) {
		size = width((unsigned char)arguments->text.data[at]);
		memcpy(text + len - at - size, arguments->text.data + at, size);
	}
	*result = (struct roam_string){ text, len };
	return 0;
}

static int add(struct roam_request *request, const struct testbed_add_arguments *arguments, uint64_t *result)
{
	(void)request;
	*result = arguments->a + arguments->b;
	return 0;
}

static int add_inline(struct roam_request *request, const struct testbed_inline_arguments *arguments, uint64_t *result)
{
	(void)request;
	*result = arguments->a + arguments->b;
	return 0;
}

static int small(struct roam_request *request, const struct testbed_small_arguments *arguments,
		 struct testbed_array32_u8 *result)
{
	(void)request;
	*result = arguments->data;
	return 0;
}

static int bytes(struct roam_request *request, const struct testbed_bytes_arguments *arguments,
		 struct roam_bytes *result)
{
	(void)request;
	*result = arguments->data;
	return 0;
}

static int lent(struct roam_request *request, const struct testbed_lent_arguments *arguments, struct roam_bytes *result)
{
	(void)request;
	*result = arguments->data;
	return 0;
}

static int lent_inline(struct roam_request *request, const struct testbed_lent_inline_arguments *arguments,
		       struct roam_bytes *result)
{
	(void)request;
	*result = arguments->data;
	return 0;
}

/* ---- Handlers that go on until they are given up ---------------------------------------------------------------- */

static void end_block(struct roam_request *request, void *context)
{
	(void)context;
	roam_request_finish(request, roam_request_ended(request));
}

static int block(struct roam_request *request)
{
	roam_request_on_end(request, end_block, NULL);
	return ROAM_DEFERRED;
}

static uint32_t checksum(struct roam_bytes data)
{
	uint32_t sum = 1;

	for (size_t i = 0; i < data.len; i++)
		sum = sum * 31 + data.data[i];
	return sum;
}

/* struct kept: what a keep looks at when it ends. */
struct kept {
	struct roam_bytes data;
	uint32_t sum;
};

static void end_keep(struct roam_request *request, void *context)
{
	const struct kept *kept = context;
	int ended = roam_request_ended(request);

	if (checksum(kept->data) != kept->sum)
		ended = roam_request_fail(request, "%zu bytes changed while they were kept", kept->data.len);
	roam_request_finish(request, ended);
}

static int keep(struct roam_request *request, const struct testbed_keep_arguments *arguments)
{
	struct kept *kept = roam_request_alloc(request, sizeof(*kept));

	if (kept == NULL)
		return ROAM_ERR_NO_MEMORY;
	*kept = (struct kept){ arguments->data, checksum(arguments->data) };
	roam_request_on_end(request, end_keep, kept);
	return ROAM_DEFERRED;
}

/* ---- Handlers that fail ----------------------------------------------------------------------------------------- */

static int check(struct roam_request *request, const struct testbed_check_arguments *arguments,
		 struct testbed_check_error *failure)
{
	(void)request;
	if (arguments->code == 0)
		return 0;
	failure->code = arguments->code;
	return ROAM_ERR_USER;
}

static int fail(struct roam_request *request, const struct testbed_fail_arguments *arguments)
{
	return roam_request_fail(request, "%.*s", (int)arguments->text.len, arguments->text.data);
}

static int panic(struct roam_request *request)
{
	return roam_request_fail(request, "panic: testbed panics");
}

/* ---- The rest --------------------------------------------------------------------------------------------------- */

static int meta(struct roam_request *request, const struct testbed_meta_arguments *arguments,
		struct roam_string *result)
{
	struct roam_metadata entry;
	char *text;

	for (size_t i = 0; roam_request_metadata_at(request, i, &entry); i++) {
		if (!roam_string_equal(entry.key, arguments->key))
			continue;
		if (entry.kind == ROAM_METADATA_STRING) {
			*result = entry.string;
		} else if (entry.kind == ROAM_METADATA_U64) {
			text = roam_request_alloc(request, 24);
			if (text == NULL)
				return ROAM_ERR_NO_MEMORY;
			*result = (struct roam_string){ text, (size_t)snprintf(text, 24, "%" PRIu64, entry.u64) };
		}
		break;
	}
	return 0;
}

static int nest_below(struct roam_request *request, uint32_t depth, uint32_t *result)
{
	struct roam_call_options within = { .within = request };
	struct testbed_nest_arguments below = { depth - 1 };
	int error;

	if (depth == 0) {
		*result = 1;
		return 0;
	}
	error = testbed_nest_call(roam_request_guest(request), &within, &below, result, NULL);
	++*result;
	return error;
}

static int drive_scenario(struct roam_request *request, const struct testbed_drive_arguments *arguments)
{
	struct play play = {
		.guest = roam_request_guest(request),
		.options = { .within = request },
		.n = arguments->n,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	scenario *named = scenario_named(arguments->scenario);

	if (named == NULL)
		return roam_request_fail(request, "no scenario %.*s", (int)arguments->scenario.len,
					 arguments->scenario.data);
	named(&play);
	return play.text[0] != '\0' ? roam_request_fail(request, "%s", play.text) : play.error;
}

/* struct waiting: a handler that waits, run apart from an event loop. */
struct waiting {
	struct roam_request *request;
	const struct testbed_nest_arguments *nest;
	const struct testbed_drive_arguments *drive;
};

static void wait_apart(void *argument)
{
	const struct waiting *waiting = argument;
	uint32_t result = 0;
	int error;

	if (waiting->drive != NULL) {
		error = drive_scenario(waiting->request, waiting->drive);
		roam_request_finish(waiting->request, error);
		return;
	}
	error = nest_below(waiting->request, waiting->nest->depth, &result);
	if (error == 0)
		testbed_nest_answer(waiting->request, result);
	else
		roam_request_finish(waiting->request, error);
}

static int start_apart(struct roam_request *request, const struct testbed_nest_arguments *nest,
		       const struct testbed_drive_arguments *drive)
{
	struct waiting *waiting = roam_request_alloc(request, sizeof(*waiting));

	if (waiting == NULL)
		return ROAM_ERR_NO_MEMORY;
	*waiting = (struct waiting){ request, nest, drive };
	program_start(roam_request_user(request), wait_apart, waiting);
	return ROAM_DEFERRED;
}

static int nest(struct roam_request *request, const struct testbed_nest_arguments *arguments, uint32_t *result)
{
	const struct program *program = roam_request_user(request);

	return program->loop ? start_apart(request, arguments, NULL) : nest_below(request, arguments->depth, result);
}

static int drive(struct roam_request *request, const struct testbed_drive_arguments *arguments)
{
	const struct program *program = roam_request_user(request);

	return program->loop ? start_apart(request, NULL, arguments) : drive_scenario(request, arguments);
}

static int leave(struct roam_request *request)
{
	roam_guest_stop(roam_request_guest(request)); /* which lets this answer go out */
	return 0;
}

static int end_process(struct roam_request *request)
{
	(void)request;
	_exit(3);
}

struct testbed_handlers unary_handlers(void)
{
	return (struct testbed_handlers){
		.echo = echo,
		.reverse = reverse,
		.add = add,
		.inline_ = add_inline,
		.small = small,
		.bytes = bytes,
		.lent = lent,
		.lent_inline = lent_inline,
		.keep = keep,
		.check = check,
		.fail = fail,
		.panic = panic,
		.block = block,
		.nest = nest,
		.meta = meta,
		.drive = drive,
		.leave = leave,
		.exit = end_process,
	};
}
