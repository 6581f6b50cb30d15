/* Answers: what a handler gave, as it travels. */

#include <stdio.h>
#include <string.h>

#include "call.h"
#include "channel.h"
#include "request.h"

/* The first bytes of a result. */
enum {
	RESULT_OK = 0,
	RESULT_ERROR = 1,
	ERROR_USER = 0,
	ERROR_CANCELLED = 3
};

static const unsigned char none[] = { 1, 0 }; /* an empty list of metadata with its length */

/* The most bytes of text, at most most, that end between characters. */
static size_t cut(const char *text, size_t len, size_t most)
{
	if (len <= most)
		return len;
	len = most;
	while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
		len--;
	return len;
}

/* ---- What goes before the result -------------------------------------------------------------------------------- */

/* The prefix: metadata, then tags, count of them. */
static void set_prefix(struct roam_request *request, const unsigned char *tags, size_t count)
{
	struct parcel *parcel = &request->parcel;

	if (request->answer.count == 0) {
		memcpy(request->plain, none, sizeof(none));
		memcpy(request->plain + sizeof(none), tags, count);
		parcel->prefix = request->plain;
		parcel->prefix_len = sizeof(none) + count;
		return;
	}
	roam_writer_reset(&request->head);
	metadata_write(&request->answer, &request->head);
	roam_write_raw(&request->head, tags, count);
	parcel->prefix = request->head.data;
	parcel->prefix_len = request->head.len;
}

/* A failure that the signature does not declare: cancelled, with the text as metadata as far as it fits. */
static void set_failure(struct roam_request *request, const char *text, size_t len)
{
	static const unsigned char tags[] = { RESULT_ERROR, ERROR_CANCELLED };
	size_t most = request->guest->limits.max_payload_size;
	struct roam_metadata entry = { .key = roam_string_of(METADATA_ERROR), .kind = ROAM_METADATA_STRING };

	metadata_reset(&request->answer);
	request->parcel.payload_len = 0;
	len = cut(text, len, GUEST_ERROR_TEXT);
	while (len > 0) {
		size_t size;

		metadata_reset(&request->answer);
		entry.string = (struct roam_string){ text, len };
		if (metadata_add(&request->answer, &entry) != 0) {
			metadata_reset(&request->answer); /* no memory: at least the failure arrives */
			break;
		}
		size = metadata_size(&request->answer) + sizeof(tags);
		if (size <= most)
			break;
		len = cut(text, len, size - most < len ? len - (size - most) : 0);
		if (len == 0)
			metadata_reset(&request->answer);
	}
	set_prefix(request, tags, sizeof(tags));
	if (request->head.error != 0) {
		metadata_reset(&request->answer);
		set_prefix(request, tags, sizeof(tags));
	}
}

static void set_failure_text(struct roam_request *request, const char *text)
{
	set_failure(request, text, strlen(text));
}

/* ---- What a handler gave ---------------------------------------------------------------------------------------- */

static void set_result(struct roam_request *request, const unsigned char *tags, size_t count)
{
	const struct roam_guest *guest = request->guest;
	size_t size;
	char text[128];

	if (request->result.error != 0) {
		(void)snprintf(text, sizeof(text), "the result cannot be encoded: %s",
			       roam_strerror(request->result.error));
		set_failure_text(request, text);
		return;
	}
	set_prefix(request, tags, count);
	if (request->head.error != 0) {
		set_failure_text(request, "no memory for the metadata of the result");
		return;
	}
	request->parcel.payload = request->result.data;
	request->parcel.payload_len = request->result.len;
	size = request->parcel.prefix_len + request->result.len;
	if (size > guest->limits.max_payload_size) {
		(void)snprintf(text, sizeof(text), "result of %zu bytes is over the largest payload of %u bytes", size,
			       guest->limits.max_payload_size);
		set_failure_text(request, text);
	}
}

static void set_undeclared(struct roam_request *request, int status)
{
	const struct roam_writer *text = &request->failure;

	/* Cancelled, as the caller asked for by Cancel or its deadline: it knows why. */
	if (status == roam_request_ended(request))
		set_failure(request, "", 0);
	else if (status == ROAM_ERR_REMOTE && text->len > 1)
		set_failure(request, (const char *)text->data, text->len - 1);
	else
		set_failure_text(request, roam_strerror(status));
}

static void make(struct roam_request *request, int status)
{
	static const unsigned char ok[] = { RESULT_OK }, user[] = { RESULT_ERROR, ERROR_USER };

	request->parcel = (struct parcel){ .type = ROAM_MSG_RESPONSE, .id = request->core.node.id };
	if (status == 0)
		set_result(request, ok, sizeof(ok));
	else if (status == ROAM_ERR_USER)
		set_result(request, user, sizeof(user));
	else
		set_undeclared(request, status);
}

/* ---- Sending it ------------------------------------------------------------------------------------------------- */

void request_let_go(struct roam_request *request)
{
	struct roam_guest *guest = request->guest;

	notice_take_back(guest, &request->notice);
	for (struct core_channel *at = request->core.channels; at != NULL; at = at->sibling)
		notice_take_back(guest, &OF(at, struct channel, core)->notice);
	call_end_within(request, ROAM_ERR_CANCELLED);
}

/* Ends what is left of it but the answer: callbacks, calls made within it, channels. */
static void wind_up(struct roam_request *request)
{
	struct roam_guest *guest = request->guest;

	request_let_go(request);
	request->done = true;
	core_returned(&guest->core, &request->core);
	guest_settle(guest);
}

/* Sends it at once if there is room, else queues it. */
static void send(struct roam_request *request)
{
	struct roam_guest *guest = request->guest;
	enum roam_wait lack;
	int error = publish_stage(guest, &request->parcel, &lack);

	if (error == 0 && core_commit_response(&guest->core, &request->core) == 0) {
		publish_commit(guest);
		request_recycle(request);
		return;
	}
	if (error == 0)
		publish_abort(guest);
	request->answered = true;
	core_queue_response(&guest->core, &request->core);
	if (core_request_held(&request->core))
		publish_flush(guest);
	else
		request_recycle(request); /* the connection has ended */
}

void request_answer(struct roam_request *request, int status)
{
	struct roam_guest *guest = request->guest;

	guest_unlock(guest);
	make(request, status);
	guest_lock(guest);
	wind_up(request);
	send(request);
}

void request_handle(struct roam_request *request)
{
	struct roam_guest *guest = request->guest;
	int error, status;

	guest_unlock(guest);
	error = request_decodes_late(request) ? request_decode(request) : 0;
	status = error != 0 ? error : request->method->handle(request);
	if (error == 0 && status == ROAM_DEFERRED) { /* it may be answered already, and gone */
		guest_lock(guest);
		return;
	}
	make(request, status);
	guest_lock(guest);
	if (request_refuse(request, error))
		return;
	wind_up(request);
	send(request);
}

/* ---- Queued answers --------------------------------------------------------------------------------------------- */

/* The answer to a Request that was too many, its text cut to what fits. */
static size_t make_surplus(const struct roam_guest *guest, unsigned char *memory)
{
	static const unsigned char tags[] = { RESULT_ERROR, ERROR_CANCELLED };
	size_t most = guest->limits.max_payload_size < PUBLISH_ANSWER ? guest->limits.max_payload_size : PUBLISH_ANSWER;
	/* Three lengths or indices and a count, of a byte each; the key with its length; the tags. */
	size_t frame = 3 + 1 + sizeof(METADATA_ERROR) + sizeof(tags);
	size_t text = strlen(core_surplus_text);
	struct roam_writer writer;

	roam_writer_fixed(&writer, memory, PUBLISH_ANSWER);
	if (frame >= most) {
		roam_write_raw(&writer, none, sizeof(none));
	} else {
		text = text < most - frame ? text : most - frame;
		roam_write_count(&writer, frame - 1 - sizeof(tags) + text);
		roam_write_count(&writer, 1);
		roam_write_string(&writer, roam_string_of(METADATA_ERROR));
		roam_write_variant(&writer, ROAM_METADATA_STRING);
		roam_write_string(&writer, (struct roam_string){ core_surplus_text, text });
	}
	roam_write_raw(&writer, tags, sizeof(tags));
	return writer.len;
}

void request_parcel(struct roam_request *request, struct parcel *parcel, unsigned char *memory)
{
	switch ((enum core_answer)request->core.answer) {
	case CORE_ANSWER_OWN:
		*parcel = request->parcel;
		return;
	case CORE_ANSWER_REFUSAL:
		memcpy(memory, none, sizeof(none));
		memory[2] = RESULT_ERROR;
		memory[3] = request->core.refusal;
		parcel->payload_len = 4;
		break;
	case CORE_ANSWER_SURPLUS:
		parcel->payload_len = make_surplus(request->guest, memory);
		break;
	}
	parcel->payload = memory;
}
