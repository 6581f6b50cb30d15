/* Requests: where they come from and go to, and what the program asks of them. */

#include "request.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "channel.h"
#include "deadline.h"
#include "utf8.h"

/* ---- Their life --------------------------------------------------------------------------------------------------- */

static void run_on_end(struct notice *notice)
{
	struct roam_request *request = OF(notice, struct roam_request, notice);
	void (*callback)(struct roam_request *, void *) = request->on_end;

	request->on_end = NULL;
	if (callback != NULL)
		callback(request, notice->context);
}

static struct roam_request *create(struct roam_guest *guest)
{
	struct roam_request *request = guest_alloc(guest, sizeof(*request));

	if (request == NULL)
		return NULL;
	*request = (struct roam_request){ .guest = guest, .deadline = CLOCK_NEVER, .notice = { .run = run_on_end } };
	core_request_init(&request->core);
	roam_writer_init(&request->result, &guest->allocator);
	roam_writer_init(&request->failure, &guest->allocator);
	roam_writer_init(&request->head, &guest->allocator);
	metadata_begin(&request->answer, &guest->allocator);
	request->calls = (struct chain){ &request->calls, &request->calls };
	guest_chain(&guest->requests, &request->chain);
	return request;
}

struct roam_request *request_get(struct roam_guest *guest)
{
	struct roam_request *request = guest->spare_requests;

	if (request == NULL)
		return create(guest);
	guest->spare_requests = request->next;
	guest->spare_request_count--;
	request->next = NULL;
	return request;
}

static void free_channels(struct roam_request *request)
{
	struct core_channel *channel = request->core.channels;

	request->core.channels = request->last = NULL;
	while (channel != NULL) {
		struct core_channel *next = channel->sibling;

		channel_leave_list(OF(channel, struct channel, core));
		channel = next;
	}
}

static void release_writer(struct roam_writer *writer)
{
	if (writer->capacity > GUEST_KEPT)
		roam_writer_free(writer);
	else
		roam_writer_reset(writer);
}

/* Empties it for another use. */
static void empty(struct roam_request *request)
{
	payload_trim(&request->payload, &request->guest->allocator, GUEST_KEPT);
	release_writer(&request->result);
	release_writer(&request->failure);
	release_writer(&request->head);
	release_writer(&request->answer.entries);
	metadata_reset(&request->answer);
	arena_reset(&request->arena, &request->guest->allocator);
	request->arguments = NULL;
	request->method = NULL;
	request->service = NULL;
	request->deadline = CLOCK_NEVER;
	request->on_end = NULL;
	request->done = request->answered = false;
	request->no_memory = false;
	__atomic_store_n(&request->ended, 0, __ATOMIC_RELAXED);
	core_request_init(&request->core);
}

void request_recycle(struct roam_request *request)
{
	struct roam_guest *guest = request->guest;

	free_channels(request);
	if (guest->spare_request_count >= GUEST_SPARES) {
		request_destroy(request);
		return;
	}
	empty(request);
	request->next = guest->spare_requests;
	guest->spare_requests = request;
	guest->spare_request_count++;
}

void request_destroy(struct roam_request *request)
{
	struct roam_guest *guest = request->guest;

	free_channels(request);
	guest_unchain(&request->chain);
	payload_trim(&request->payload, &guest->allocator, 0);
	roam_writer_free(&request->result);
	roam_writer_free(&request->failure);
	roam_writer_free(&request->head);
	metadata_free(&request->answer);
	arena_free(&request->arena, &guest->allocator);
	guest_release(guest, request);
}

/* ---- Their end before the answer ---------------------------------------------------------------------------------- */

static void end_waits(struct roam_request *request)
{
	for (struct core_channel *at = request->core.channels; at != NULL; at = at->sibling)
		channel_wake(OF(at, struct channel, core));
}

void request_end(struct roam_request *request, int error)
{
	if (request->ended != 0 || request->done)
		return;
	__atomic_store_n(&request->ended, error, __ATOMIC_RELEASE);
	end_waits(request);
	call_end_within(request, error);
	if (request->on_end != NULL)
		notice_queue(request->guest, &request->notice);
}

int request_ended(struct roam_request *request)
{
	if (request->ended == 0 && request->deadline != CLOCK_NEVER && clock_now() >= request->deadline)
		request_end(request, ROAM_ERR_DEADLINE);
	return request->ended;
}

void request_changed(struct roam_request *request, uint8_t change)
{
	int error = request->guest->core.failure.error;

	if ((change & CORE_WAKE) != 0)
		request_end(request, error != 0 ? error : ROAM_ERR_CANCELLED);
	if (request->answered && !core_request_held(&request->core))
		request_recycle(request);
}

/* ---- What the program asks ---------------------------------------------------------------------------------------- */

struct roam_guest *roam_request_guest(const struct roam_request *request)
{
	return request->guest;
}

const void *roam_request_handlers(const struct roam_request *request)
{
	return request->service->handlers;
}

void *roam_request_user(const struct roam_request *request)
{
	return request->service->user;
}

void roam_request_set_arguments(struct roam_request *request, void *arguments)
{
	request->arguments = arguments;
}

void *roam_request_arguments(const struct roam_request *request)
{
	return request->arguments;
}

void *roam_request_alloc(struct roam_request *request, size_t size)
{
	return arena_alloc(&request->arena, &request->guest->allocator, size);
}

struct roam_writer *roam_request_result(struct roam_request *request)
{
	return &request->result;
}

static struct channel *name_channel(struct roam_request *request, bool sends, uint64_t id)
{
	struct channel *channel;

	if (!request->preparing)
		return NULL;
	guest_lock(request->guest);
	channel = channel_create(request->guest, sends, id);
	guest_unlock(request->guest);
	if (channel == NULL) {
		request->no_memory = true;
		return NULL;
	}
	channel->request = request;
	channel->listed = true;
	if (request->last == NULL)
		request->core.channels = &channel->core;
	else
		request->last->sibling = &channel->core;
	request->last = &channel->core;
	return channel;
}

struct roam_tx *roam_request_tx(struct roam_request *request, uint64_t id)
{
	struct channel *channel = name_channel(request, true, id);

	return channel != NULL ? OF(channel, struct roam_tx, channel) : NULL;
}

struct roam_rx *roam_request_rx(struct roam_request *request, uint64_t id)
{
	struct channel *channel = name_channel(request, false, id);

	return channel != NULL ? OF(channel, struct roam_rx, channel) : NULL;
}

/* Puts a question mark for each byte that is not UTF-8. */
static void make_text(uint8_t *data, size_t len)
{
	uint32_t scalar;
	size_t n;

	for (size_t at = 0; at < len; at += n) {
		n = utf8_decode(data + at, len - at, &scalar);
		if (n == 0) {
			data[at] = '?';
			n = 1;
		}
	}
}

int roam_request_fail(struct roam_request *request, const char *format, ...)
{
	struct roam_writer *text = &request->failure;
	va_list values;
	int len;

	roam_writer_reset(text);
	va_start(values, format);
	len = vsnprintf(NULL, 0, format, values);
	va_end(values);
	if (len > 0) {
		size_t size = (size_t)(len < GUEST_ERROR_TEXT ? len : GUEST_ERROR_TEXT) + 1;
		uint8_t *room = roam_writer_extend(text, size);

		va_start(values, format);
		if (room != NULL && vsnprintf((char *)room, size, format, values) > 0)
			make_text(room, size - 1);
		va_end(values);
	}
	return ROAM_ERR_REMOTE;
}

bool roam_request_metadata_at(const struct roam_request *request, size_t index, struct roam_metadata *entry)
{
	return metadata_at(request->payload.metadata, index, entry);
}

bool roam_request_metadata(const struct roam_request *request, const char *key, struct roam_metadata *entry)
{
	return metadata_find(request->payload.metadata, key, entry);
}

int roam_request_add_metadata(struct roam_request *request, const struct roam_metadata *entry)
{
	return metadata_add(&request->answer, entry);
}

int64_t roam_request_deadline(const struct roam_request *request)
{
	return request->deadline != CLOCK_NEVER ? request->deadline : 0;
}

int roam_request_ended(const struct roam_request *request)
{
	/* Acquire: with what the other side did before it ended it. */
	int ended = __atomic_load_n(&request->ended, __ATOMIC_ACQUIRE);

	if (ended == 0 && request->deadline != CLOCK_NEVER && clock_now() >= request->deadline)
		return ROAM_ERR_DEADLINE;
	return ended;
}

void roam_request_on_end(struct roam_request *request, void (*callback)(struct roam_request *request, void *context),
			 void *context)
{
	struct roam_guest *guest = request->guest;
	bool at_once;

	guest_lock(guest);
	notice_take_back(guest, &request->notice);
	request->notice.context = context;
	at_once = callback != NULL && request_ended(request) != 0;
	request->on_end = at_once ? NULL : callback;
	if (request->on_end != NULL)
		deadline_alarm(guest, request->deadline);
	guest_unlock(guest);
	if (at_once)
		callback(request, context);
}

void roam_request_finish(struct roam_request *request, int status)
{
	struct roam_guest *guest = request->guest;

	guest_lock(guest);
	request_answer(request, status);
	guest_unlock(guest);
}
