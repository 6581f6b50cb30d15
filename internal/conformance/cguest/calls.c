/* Scenarios of calls without streams. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

void play_echo(struct play *play)
{
	for (int64_t i = 0; i < play->n; i++) {
		struct testbed_echo_arguments arguments;
		struct roam_string got;
		struct roam_call *call;
		char text[100];
		int error;

		(void)snprintf(text, sizeof(text), "call %" PRId64 ", and some more so that it does not fit a descriptor", i);
		arguments.text = roam_string_of(text);
		error = testbed_echo_call(play->guest, &play->options, &arguments, &got, &call);
		if (error == 0 && !roam_string_equal(got, arguments.text))
			play_wrong(play, "echo of \"%s\" gave \"%.*s\"", text, (int)got.len, got.data);
		roam_call_free(call);
		if (play_met(play, error))
			return;
	}
}

static void add_often(struct play *play, unsigned worker)
{
	for (int64_t i = 0; i < play->n; i++) {
		struct testbed_add_arguments arguments = { worker, (uint64_t)i };
		uint64_t got;

		if (play_met(play, testbed_add_call(play->guest, &play->options, &arguments, &got, NULL)))
			return;
		if (got != worker + (uint64_t)i)
			play_wrong(play, "%u + %" PRId64 " gave %" PRIu64, worker, i, got);
	}
}

void play_concurrent(struct play *play)
{
	play_at_once(play, 16, add_often);
}

/* ---- Failures --------------------------------------------------------------------------------------------------- */

static bool expect(struct play *play, const char *what, bool met)
{
	if (!met)
		play_wrong(play, "%s did not arrive as such", what);
	return met;
}

static bool check_declared(struct play *play)
{
	struct testbed_check_arguments arguments = { 7 };
	struct testbed_check_error failure = { 0 };
	int error = testbed_check_call(play->guest, &play->options, &arguments, &failure, NULL);

	return expect(play, "declared error", error == ROAM_ERR_USER && failure.code == 7);
}

static bool check_said(struct play *play, const char *what, int error, struct roam_call *call, const char *text)
{
	bool said = error == ROAM_ERR_REMOTE && roam_string_equal(roam_call_error(call), roam_string_of(text));

	roam_call_free(call);
	return expect(play, what, said);
}

static bool check_undeclared(struct play *play)
{
	struct testbed_fail_arguments arguments = { roam_string_of("no paper") };
	struct roam_call *call;
	int error = testbed_fail_call(play->guest, &play->options, &arguments, &call);

	if (!check_said(play, "undeclared error", error, call, "no paper"))
		return false;
	error = testbed_panic_call(play->guest, &play->options, &call);
	return check_said(play, "panic", error, call, "panic: testbed panics");
}

/* Calls a method with arguments that are bytes. */
static int call_raw(struct play *play, uint64_t method, const void *arguments, size_t len)
{
	struct roam_call *call;
	int error = roam_call_begin(play->guest, method, &play->options, NULL, 0, &call);

	if (error != 0)
		return error;
	roam_write_raw(roam_call_arguments(call), arguments, len);
	error = roam_call_send(call);
	if (error == 0)
		error = roam_call_wait(call);
	roam_call_free(call);
	return error;
}

static bool check_refused(struct play *play)
{
	int missing = call_raw(play, UINT64_C(0x74657374626564ff), "", 0);
	int undecodable;

	if (!expect(play, "unknown method", missing == ROAM_ERR_UNKNOWN_METHOD))
		return false;
	undecodable = call_raw(play, TESTBED_ECHO_ID, "\xff\xff", 2);
	return expect(play, "undecodable arguments", undecodable == ROAM_ERR_INVALID_PAYLOAD);
}

static bool check_oversize(struct play *play)
{
	size_t len = 64 << 20;
	uint8_t *data = must_allocate(len);
	struct testbed_bytes_arguments arguments = { { data, len } };
	struct roam_bytes result;
	struct roam_call *call;
	int error = testbed_bytes_call(play->guest, &play->options, &arguments, &result, &call);

	roam_call_free(call);
	free(data);
	return expect(play, "oversize arguments", error == ROAM_ERR_TOO_LARGE);
}

void play_failures(struct play *play)
{
	for (int64_t i = 0; i < play->n; i++) {
		struct testbed_check_arguments arguments = { 0 };
		struct testbed_check_error failure;

		if (!check_declared(play) || !check_undeclared(play) || !check_refused(play) || !check_oversize(play))
			return;
		if (play_met(play, testbed_check_call(play->guest, &play->options, &arguments, &failure, NULL)))
			return;
	}
}

/* ---- Calls that end early --------------------------------------------------------------------------------------- */

void play_cancel(struct play *play)
{
	for (int64_t i = 0; i < play->n; i++) {
		struct testbed_add_arguments arguments = { 1, 2 };
		struct roam_call *call;
		uint64_t sum;
		int error = testbed_block_begin(play->guest, &play->options, &call);

		if (play_met(play, error))
			return;
		error = testbed_add_call(play->guest, &play->options, &arguments, &sum, NULL);
		roam_call_cancel(call);
		if (testbed_block_end(call) != ROAM_ERR_CANCELLED && error == 0)
			play_wrong(play, "a call that was given up did not say so");
		roam_call_free(call);
		if (play_met(play, error))
			return;
	}
}

void play_deadline(struct play *play)
{
	struct roam_call_options soon = play->options;

	soon.timeout_ns = 1000000;
	for (int64_t i = 0; i < play->n; i++) {
		int error = testbed_block_call(play->guest, &soon, NULL);

		if (error != ROAM_ERR_DEADLINE) {
			play_wrong(play, "a call past its deadline gave %s", roam_strerror(error));
			return;
		}
	}
}

void play_crowd(struct play *play)
{
	size_t n = (size_t)play->n;
	struct roam_call **calls = must_allocate(n * sizeof(struct roam_call *));

	for (size_t i = 0; i < n; i++) /* waits for a place when there are too many */
		if (play_met(play, testbed_block_begin(play->guest, &play->options, &calls[i])))
			break;
	for (size_t i = 0; i < n && calls[i] != NULL; i++) {
		(void)play_met(play, testbed_block_end(calls[i]));
		roam_call_free(calls[i]);
	}
	free(calls);
}

/* ---- Large calls ------------------------------------------------------------------------------------------------ */

/* len bytes that are not all the same. */
static uint8_t *pattern(size_t len)
{
	uint8_t *data = must_allocate(len);

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 7);
	return data;
}

/* Calls what gives data back with 1 to n bytes. */
static void growing(struct play *play, uint64_t method)
{
	size_t most = (size_t)play->n;
	uint8_t *data = pattern(most);

	for (size_t size = 1; size <= most; size = size * 2 + 1) {
		struct testbed_bytes_arguments bytes = { { data, size } };
		struct testbed_lent_arguments lent = { { data, size } };
		struct testbed_lent_inline_arguments lent_inline = { { data, size } };
		struct roam_bytes got;
		struct roam_call *call;
		int error;

		if (method == TESTBED_BYTES_ID)
			error = testbed_bytes_call(play->guest, &play->options, &bytes, &got, &call);
		else if (method == TESTBED_LENT_ID)
			error = testbed_lent_call(play->guest, &play->options, &lent, &got, &call);
		else
			error = testbed_lent_inline_call(play->guest, &play->options, &lent_inline, &got, &call);
		if (error == 0 && (got.len != size || memcmp(got.data, data, size) != 0))
			play_wrong(play, "%zu bytes came back as other %zu bytes", size, got.len);
		roam_call_free(call);
		if (play_met(play, error))
			break;
	}
	free(data);
}

void play_large(struct play *play)
{
	growing(play, TESTBED_BYTES_ID);
}

static void borrow(struct play *play, unsigned worker)
{
	(void)worker;
	growing(play, TESTBED_LENT_ID);
	growing(play, TESTBED_LENT_INLINE_ID);
}

void play_borrow(struct play *play)
{
	play_at_once(play, 4, borrow);
}

/* More handlers than there are slots in a pool of the default size. */
#define KEEPERS 20

void play_keep(struct play *play)
{
	struct roam_call *calls[KEEPERS] = { NULL };
	uint8_t *data = pattern((size_t)play->n);
	struct testbed_keep_arguments arguments = { { data, (size_t)play->n } };

	for (size_t i = 0; i < KEEPERS; i++)
		if (play_met(play, testbed_keep_begin(play->guest, &play->options, &arguments, &calls[i])))
			break;
	growing(play, TESTBED_LENT_ID);
	growing(play, TESTBED_BYTES_ID);
	for (size_t i = 0; i < KEEPERS && calls[i] != NULL; i++)
		roam_call_cancel(calls[i]);
	for (size_t i = 0; i < KEEPERS && calls[i] != NULL; i++) {
		if (testbed_keep_end(calls[i]) != ROAM_ERR_CANCELLED)
			play_wrong(play, "a handler that kept what it borrowed was not cancelled");
		roam_call_free(calls[i]);
	}
	free(data);
}

void play_kept(struct play *play)
{
	uint8_t *data = pattern((size_t)play->n);
	struct testbed_keep_arguments arguments = { { data, (size_t)play->n } };

	(void)play_met(play, testbed_keep_call(play->guest, &play->options, &arguments, NULL));
	free(data);
}
