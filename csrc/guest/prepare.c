/* Requests that arrive: kept, prepared by the program, their channels opened, before the next message is looked at. */

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

/* Has the program decode the arguments. */
static int decode(struct roam_request *request)
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

/* Answers a request none of whose channels was opened. */
static void refuse(struct roam_request *request, uint8_t refusal)
{
	request->done = request->answered = true;
	core_refuse(&request->guest->core, &request->core, refusal);
	if (!core_request_held(&request->core)) /* the connection has ended meanwhile */
		request_recycle(request);
}

/* Opens the channels and finds a thread for the handler; error is what decode said. */
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

void request_arrived(struct roam_request *request, uint64_t method, const struct core_arrival *arrival, uint32_t seq)
{
	struct roam_guest *guest = request->guest;
	const struct service_method *found = service_find(&guest->services, method);
	int error = ROAM_ERR_NO_MEMORY;

	if (found == NULL) {
		refuse(request, CORE_NO_METHOD);
		core_processed(&guest->core, seq);
		return;
	}
	request->method = found->method;
	request->service = found->service;
	guest->role.calls_out = true;
	guest_unlock(guest);
	if (payload_keep(&request->payload, &guest->payloads, &guest->allocator, arrival)) {
		find_deadline(request);
		error = decode(request);
	}
	guest_lock(guest);
	if (error == ROAM_ERR_NO_MEMORY)
		guest->note = "no memory to decode a request: it is answered as one that does not decode";
	switch (error) {
	case ROAM_ERR_UNKNOWN_METHOD:
		refuse(request, CORE_NO_METHOD);
		break;
	case ROAM_ERR_DECODE:
	case ROAM_ERR_NO_MEMORY:
		refuse(request, CORE_BAD_PAYLOAD);
		break;
	default:
		accept(request, error);
	}
	core_processed(&guest->core, seq);
	guest->role.calls_out = false;
}
