/* What a program asks of a request. */

#include <stdarg.h>
#include <stdio.h>

#include "channel.h"
#include "deadline.h"
#include "request.h"
#include "utf8.h"

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

	if (!request->preparing || request_decodes_late(request))
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
