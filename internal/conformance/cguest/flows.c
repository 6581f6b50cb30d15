/* Scenarios of streams. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "program.h"

/* Ends a stream up, and takes what its call gave into *got. The first error of both, sent's if it is one. */
static int end_sum(struct roam_tx *tx, struct roam_call *call, int sent, int64_t *got)
{
	int closed = roam_tx_close(tx);
	int error = testbed_sum_end(call, got);

	roam_tx_free(tx);
	roam_call_free(call);
	return error != 0 ? error : sent != 0 ? sent : closed;
}

/* Streams count numbers up. */
static void sum_up(struct play *play, int64_t count)
{
	struct testbed_sum_arguments_caller ends;
	struct roam_call *call;
	int64_t got = 0;
	int error = testbed_sum_begin(play->guest, &play->options, &ends, &call);

	if (play_met(play, error))
		return;
	for (int64_t i = 0; i < count && error == 0; i++)
		error = testbed_i32_send(ends.numbers, (int32_t)i);
	if (play_met(play, end_sum(ends.numbers, call, error, &got)))
		return;
	if (got != count * (count - 1) / 2)
		play_wrong(play, "sum of %" PRId64 " numbers is %" PRId64, count, got);
}

void play_sum(struct play *play)
{
	sum_up(play, play->n);
}

/* Streams count numbers down and checks their order. */
static void count_down(struct play *play, uint32_t count)
{
	struct testbed_generate_arguments_caller ends = { .count = count };
	struct roam_call *call;
	int32_t got, next = 0;
	int error = testbed_generate_begin(play->guest, &play->options, &ends, &call);

	if (play_met(play, error))
		return;
	while ((error = testbed_i32_recv(ends.numbers, &got)) == 0)
		if (got != next++)
			play_wrong(play, "number %" PRId32 " came as %" PRId32, next - 1, got);
	if (error == ROAM_ERR_END && next != (int32_t)count)
		play_wrong(play, "%" PRId32 " numbers came, want %" PRIu32, next, count);
	if (error == ROAM_ERR_END)
		error = testbed_generate_end(call);
	(void)play_met(play, error);
	roam_rx_free(ends.numbers);
	roam_call_free(call);
}

void play_generate(struct play *play)
{
	count_down(play, (uint32_t)play->n);
}

/* Sends a word and takes its answer. */
static int exchange(struct play *play, const struct testbed_transform_arguments_caller *ends, const char *word,
		    const char *want)
{
	struct roam_string got;
	int error = testbed_string_send(ends->in, roam_string_of(word));

	if (error == 0)
		error = testbed_string_recv(ends->out, &got);
	if (error == 0 && !roam_string_equal(got, roam_string_of(want)))
		play_wrong(play, "got \"%.*s\", want \"%s\"", (int)got.len, got.data, want);
	return error;
}

void play_transform(struct play *play)
{
	struct testbed_transform_arguments_caller ends;
	struct roam_string got;
	struct roam_call *call;
	int error = testbed_transform_begin(play->guest, &play->options, &ends, &call);

	if (play_met(play, error))
		return;
	for (int64_t i = 0; i < play->n && error == 0; i++) {
		char word[40], want[40];

		(void)snprintf(word, sizeof(word), "word %" PRId64, i);
		(void)snprintf(want, sizeof(want), "WORD %" PRId64, i);
		error = exchange(play, &ends, word, want);
	}
	(void)roam_tx_close(ends.in);
	if (error == 0) {
		error = testbed_string_recv(ends.out, &got);
		error = error == ROAM_ERR_END ? testbed_transform_end(call) : error == 0 ? ROAM_ERR_DECODE : error;
	}
	(void)play_met(play, error);
	roam_tx_free(ends.in);
	roam_rx_free(ends.out);
	roam_call_free(call);
}

/* ---- Bytes ------------------------------------------------------------------------------------------------------ */

#define PIECE 1000 /* bytes of an item, unless a scenario says otherwise */

static int send_zeros(struct roam_tx *tx, uint64_t total, size_t piece)
{
	uint8_t *zeros = must_allocate(piece);
	int error = 0;

	for (uint64_t left = total; left > 0 && error == 0;) {
		size_t len = left < piece ? (size_t)left : piece;

		error = testbed_bytes_send(tx, (struct roam_bytes){ zeros, len });
		left -= len;
	}
	free(zeros);
	return error;
}

/* Ends a stream up, whose call gives by end how many bytes came. */
static void end_upload(struct play *play, struct roam_tx *tx, struct roam_call *call,
		       int (*end)(struct roam_call *call, uint64_t *bytes), int error, uint64_t want)
{
	uint64_t got = 0;
	int closed = roam_tx_close(tx);
	int answered = end(call, &got);

	roam_tx_free(tx);
	roam_call_free(call);
	if (play_met(play, answered) || play_met(play, error) || play_met(play, closed))
		return;
	if (got != want)
		play_wrong(play, "%" PRIu64 " bytes arrived, want %" PRIu64, got, want);
}

void play_upload(struct play *play)
{
	struct testbed_drain_arguments_caller ends;
	struct roam_call *call;

	if (play_met(play, testbed_drain_begin(play->guest, &play->options, &ends, &call)))
		return;
	end_upload(play, ends.data, call, testbed_drain_end, send_zeros(ends.data, (uint64_t)play->n, PIECE),
		   (uint64_t)play->n);
}

/* Streams zeros down. */
static void flood_down(struct play *play, uint64_t total, uint32_t piece)
{
	struct testbed_flood_arguments_caller ends = { .total = total, .size = piece };
	struct roam_bytes item;
	struct roam_call *call;
	uint64_t got = 0;
	int error = testbed_flood_begin(play->guest, &play->options, &ends, &call);

	if (play_met(play, error))
		return;
	while ((error = testbed_bytes_recv(ends.data, &item)) == 0) {
		for (size_t i = 0; i < item.len; i++)
			if (item.data[i] != 0)
				play_wrong(play, "an item has a byte %u", item.data[i]);
		got += item.len;
	}
	if (error == ROAM_ERR_END)
		error = testbed_flood_end(call);
	roam_rx_free(ends.data);
	roam_call_free(call);
	if (!play_met(play, error) && got != total)
		play_wrong(play, "%" PRIu64 " bytes arrived, want %" PRIu64, got, total);
}

void play_download(struct play *play)
{
	flood_down(play, (uint64_t)play->n, PIECE);
}

void play_lend(struct play *play)
{
	struct testbed_lend_arguments_caller ends;
	struct roam_call *call;

	if (play_met(play, testbed_lend_begin(play->guest, &play->options, &ends, &call)))
		return;
	end_upload(play, ends.data, call, testbed_lend_end, send_zeros(ends.data, (uint64_t)play->n, PIECE),
		   (uint64_t)play->n);
	flood_down(play, (uint64_t)play->n, (uint32_t)play->n / 16);
}

/* Items of very different sizes. */
#define DRAFTS 40

void play_draft(struct play *play)
{
	struct testbed_lend_arguments_caller ends;
	struct roam_call *call;
	uint64_t total = 0;
	int error = testbed_lend_begin(play->guest, &play->options, &ends, &call);

	if (play_met(play, error))
		return;
	for (int64_t i = 1; i <= DRAFTS && error == 0; i++) {
		size_t size = (size_t)(play->n * i / DRAFTS);

		error = send_zeros(ends.data, size, size);
		total += size;
	}
	end_upload(play, ends.data, call, testbed_lend_end, error, total);
}

/* ---- Streams that end early ------------------------------------------------------------------------------------- */

/* The callee resets. */
static void ignored(struct play *play)
{
	struct testbed_ignore_arguments_caller ends;
	struct roam_call *call;
	uint64_t bytes;

	if (play_met(play, testbed_ignore_begin(play->guest, &play->options, &ends, &call)))
		return;
	(void)play_met(play, testbed_ignore_end(call, &bytes));
	(void)testbed_bytes_send(ends.data, (struct roam_bytes){ (const uint8_t *)"perhaps too late", 16 });
	roam_tx_free(ends.data);
	roam_call_free(call);
}

/* The caller resets. */
static void reset_early(struct play *play)
{
	struct testbed_generate_arguments_caller ends = { .count = 10 };
	struct roam_call *call;
	int32_t first;

	if (play_met(play, testbed_generate_begin(play->guest, &play->options, &ends, &call)))
		return;
	(void)play_met(play, testbed_i32_recv(ends.numbers, &first));
	roam_rx_close(ends.numbers);
	(void)testbed_generate_end(call); /* it may have failed with the reset, or been done before it */
	roam_rx_free(ends.numbers);
	roam_call_free(call);
}

static void use_channels(struct play *play, unsigned worker)
{
	for (int64_t i = 0; i < play->n / 4 && !play_failed(play); i++) {
		switch ((i + worker) % 4) {
		case 0:
			sum_up(play, 3);
			break;
		case 1:
			count_down(play, 3);
			break;
		case 2:
			ignored(play);
			break;
		default:
			reset_early(play);
		}
	}
}

void play_channels(struct play *play)
{
	play_at_once(play, 4, use_channels);
}

void play_unread(struct play *play)
{
	for (int64_t i = 0; i < play->n; i++) {
		struct testbed_flood_arguments_caller ends = { .total = UINT64_C(1) << 40, .size = PIECE };
		struct roam_bytes item;
		struct roam_call *call;
		int error = testbed_flood_begin(play->guest, &play->options, &ends, &call);

		if (play_met(play, error))
			return;
		error = testbed_bytes_recv(ends.data, &item);
		roam_call_cancel(call);
		if (testbed_flood_end(call) != ROAM_ERR_CANCELLED && error == 0)
			play_wrong(play, "a stream that was given up did not say so");
		roam_rx_free(ends.data);
		roam_call_free(call);
		if (play_met(play, error))
			return;
	}
}

void play_abandon(struct play *play)
{
	for (int64_t i = 0; i < play->n; i++) {
		struct testbed_transform_arguments_caller ends;
		struct roam_call *call;
		int error = testbed_transform_begin(play->guest, &play->options, &ends, &call);

		if (play_met(play, error))
			return;
		error = exchange(play, &ends, "word", "WORD");
		roam_call_cancel(call);
		if (testbed_transform_end(call) != ROAM_ERR_CANCELLED && error == 0)
			play_wrong(play, "a call that was abandoned did not say so");
		roam_tx_free(ends.in);
		roam_rx_free(ends.out);
		roam_call_free(call);
		if (play_met(play, error))
			return;
	}
}

void play_unheard(struct play *play)
{
	struct testbed_flood_arguments_caller ends = { .total = (uint64_t)play->n, .size = PIECE };
	struct roam_call *call;

	if (play_met(play, testbed_flood_begin(play->guest, &play->options, &ends, &call)))
		return;
	(void)play_met(play, testbed_flood_end(call));
	roam_rx_free(ends.data);
	roam_call_free(call);
}

void play_dropped(struct play *play)
{
	for (int64_t i = 0; i < play->n; i++) {
		struct testbed_sum_arguments_caller ends;
		struct roam_call *call;
		int64_t got;
		int error = testbed_sum_begin(play->guest, &play->options, &ends, &call);

		if (play_met(play, error))
			return;
		error = testbed_i32_send(ends.numbers, 1);
		roam_tx_free(ends.numbers); /* without a close */
		if (error == 0)
			error = testbed_sum_end(call, &got);
		roam_call_free(call);
		if (play_met(play, error))
			return;
	}
}
