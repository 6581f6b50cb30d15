/* Requests that arrive: kept, prepared by the program, their channels opened. All of that comes before the next message
 * is looked at, but for methods without channels, whose arguments are decoded when their handler is due. */

#include "channel.h"
#include "request.h"
#include "serve.h"

/* The caller's time counts from here. */
static void find_deadline(struct roam_request *request)
{
	struct roam_metadata entry;

	if (request->payload.metadata.len > 1 && metadata_find(request->payload.metadata, METADATA_TIMEOUT, &entry) &&
	    entry.kind == ROAM_METADATA_U64 && entry.u64 <= INT64_MAX)
		request->deadline = clock_after(clock_now(), (int64_t)entry.u64);
}

static void *alloc_for(void *context, size_t size)
{
	return roam_request_alloc(context, size);
}

int request_decode(struct roam_request *request)
{
	struct roam_reader reader;
	int error = 0;

	roam_reader_init(&reader, request->payload.body.data, request->payload.body.len);
	roam_reader_memory(&reader, alloc_for, request);
	request->preparing = true;
	if (request->method->prepare != NULL)
		error = request->method->prepare(request, &reader);
	request->preparing = false;
	if (error == 0)
		error = roam_reader_finish(&reader);
	return request->no_memory ? ROAM_ERR_NO_MEMORY : error;
}

bool request_refuse(struct roam_request *request, int error)
{
	struct roam_guest *guest = request->guest;

	if (error != ROAM_ERR_UNKNOWN_METHOD && error != ROAM_ERR_DECODE && error != ROAM_ERR_NO_MEMORY)
		return false;
	if (error == ROAM_ERR_NO_MEMORY)
		guest->note = "no memory to decode a request: it is answered as one that does not decode";
	request_let_go(request);
	request->done = request->answered = true;
	core_refuse(&guest->core, &request->core,
		    error == ROAM_ERR_UNKNOWN_METHOD ? CORE_NO_METHOD : CORE_BAD_PAYLOAD);
	if (core_request_held(&request->core))
		publish_flush(guest);
	else
		request_recycle(request); /* the connection has ended meanwhile */
	return true;
}

/* Opens the channels and finds a thread for the handler; error is what decoding said. */
static void accept(struct roam_request *request, int error)
{
	struct roam_guest *guest = request->guest;
	int broken = core_accept(&guest->core, &request->core);

	if (broken != 0) {
		guest_fail_core(guest, broken);
		request_recycle(request);
		return;
	}
	guest->role.expects = SERVE_EXPECTS;
	if (error != 0)
		request_answer(request, error);
	else if ((request->method->flags & ROAM_METHOD_INLINE) != 0)
		request_handle(request);
	else
		serve_queue(guest, request);
}

static int keep(struct roam_request *request, const struct core_arrival *arrival)
{
	struct roam_guest *guest = request->guest;

	if (!payload_keep(&request->payload, &guest->payloads, &guest->allocator, arrival))
		return ROAM_ERR_NO_MEMORY;
	find_deadline(request);
	return 0;
}

/* Keeps what came, and has it decoded if that cannot wait. */
static int prepare(struct roam_request *request, const struct core_arrival *arrival)
{
	struct roam_guest *guest = request->guest;
	int error;

	if (request_decodes_late(request))
		return keep(request, arrival);
	guest_unlock(guest);
	error = keep(request, arrival);
	if (error == 0)
		error = request_decode(request);
	guest_lock(guest);
	return error;
}

void request_arrived(struct roam_request *request, uint64_t method, const struct core_arrival *arrival, uint32_t seq)
{
	struct roam_guest *guest = request->guest;
	const struct service_method *found = service_find(&guest->services, method);

	if (found == NULL) {
		(void)request_refuse(request, ROAM_ERR_UNKNOWN_METHOD);
	} else {
		int error;

		request->method = found->method;
		request->service = found->service;
		guest->role.calls_out = true;
		error = prepare(request, arrival);
		if (!request_refuse(request, error))
			accept(request, error);
		guest->role.calls_out = false;
	}
	core_processed(&guest->core, seq);
}
