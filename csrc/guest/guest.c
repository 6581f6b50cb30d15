/* A guest: made of a link, locked, logged for, freed. */

#define _GNU_SOURCE /* sched_getaffinity */

#include "guest.h"

#include <sched.h>
#include <string.h>

#include "call.h"
#include "channel.h"
#include "failure.h"
#include "request.h"
#include "serve.h"

#define SPIN_DEFAULT (50 * CLOCK_MICROSECOND)

enum {
	THREADS_DEFAULT = 1024,
	FOREIGN_BUFFERED = 16 << 20 /* bytes of a channel of a foreign host that may lie unread */
};

/* ---- Options ---------------------------------------------------------------------------------------------------- */

void roam_options_init(struct roam_options *options)
{
	*options = (struct roam_options){
		.size = sizeof(*options), .spin_ns = SPIN_DEFAULT, .allocator = roam_default_allocator,
	};
}

/* Takes options of a program that may have been built with fewer of them. */
static int take_options(const struct roam_options *given, struct roam_options *options, struct roam_failure *failure)
{
	roam_options_init(options);
	if (given == NULL)
		return 0;
	if (given->size == 0 || given->size > sizeof(*options))
		return failure_set(failure, ROAM_ERR_ARGUMENT, "options of %zu bytes, this library knows 1 to %zu",
				   given->size, sizeof(*options));
	memcpy(options, given, given->size);
	if (options->allocator.allocate == NULL || options->allocator.resize == NULL ||
	    options->allocator.release == NULL)
		return failure_set(failure, ROAM_ERR_ARGUMENT, "the allocator of the options lacks a function");
	if (options->service_count > 0 && options->services == NULL)
		return failure_set(failure, ROAM_ERR_ARGUMENT, "%zu services are announced and none is given",
				   options->service_count);
	if (options->max_threads == 0 || options->max_threads > THREADS_DEFAULT)
		options->max_threads = THREADS_DEFAULT;
	return 0;
}

/* ---- Making and freeing ----------------------------------------------------------------------------------------- */

static bool one_cpu(void)
{
	cpu_set_t cpus;

	/* More processors than the set has room for are more than one. */
	return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) == 1;
}

static void table_activate(void *context, uint32_t id, uint32_t credit)
{
	struct roam_channel *entry = link_channel(context, id);

	if (entry != NULL)
		roam_channel_activate(entry, credit);
}

static int32_t table_remaining(void *context, uint32_t id, uint32_t sent_total)
{
	struct roam_channel *entry = link_channel(context, id);

	return entry != NULL ? roam_channel_remaining(entry, sent_total) : 0;
}

static void table_free(void *context, uint32_t id)
{
	struct roam_channel *entry = link_channel(context, id);

	if (entry != NULL)
		roam_channel_free(entry);
}

static bool table_is_free(void *context, uint32_t id)
{
	struct roam_channel *entry = link_channel(context, id);

	return entry == NULL || roam_channel_state(entry) == ROAM_ENTRY_FREE;
}

static void table_grant(void *context, uint32_t id, uint32_t bytes)
{
	link_grant(context, id, bytes);
}

static uint32_t table_head(void *context)
{
	return link_head(context);
}

static int make_core(struct roam_guest *guest)
{
	struct core_config config = {
		.limits = guest->limits,
		.allocator = &guest->allocator,
		.parity = 1, /* a guest is the initiator */
		.buffered = FOREIGN_BUFFERED,
	};

	if (!guest->foreign)
		config.table = (struct core_table){
			.activate = table_activate, .remaining = table_remaining, .grant = table_grant,
			.free = table_free, .is_free = table_is_free, .head = table_head, .context = guest->link,
		};
	return core_init(&guest->core, &config);
}

static void start_chain(struct chain *all)
{
	all->prev = all->next = all;
}

/* Fills a guest in whose memory is zero. */
static int fill(struct roam_guest *guest, const struct roam_options *options, struct roam_failure *failure)
{
	uint32_t capacity = link_slot_capacity(guest->link);
	int error;

	guest->limits = link_limits(guest->link);
	guest->foreign = link_foreign(guest->link);
	guest->max_threads = options->max_threads;
	guest->log = options->log;
	guest->log_context = options->log_context;
	guest->alarm = CLOCK_NEVER;
	start_chain(&guest->calls);
	start_chain(&guest->requests);
	start_chain(&guest->ends);
	role_init(&guest->role, options->spin_ns > 0 && !one_cpu() ? options->spin_ns : 0);
	error = service_init(&guest->services, &guest->allocator, options->services, options->service_count, failure);
	if (error != 0)
		return error;
	if (payloads_init(&guest->payloads, &guest->allocator, capacity) != 0)
		return failure_no_memory(failure, capacity, "messages that are received");
	if (make_core(guest) != 0)
		return failure_no_memory(failure, sizeof(guest->core), "calls and channels");
	guest->has_core = true;
	return 0;
}

static void destroy(struct roam_guest *guest)
{
	struct roam_allocator allocator = guest->allocator;

	link_close(guest->link);
	if (guest->has_core)
		core_destroy(&guest->core);
	payloads_free(&guest->payloads, &guest->allocator);
	service_free(&guest->services, &guest->allocator);
	(void)pthread_mutex_destroy(&guest->lock);
	allocator.release(allocator.context, guest);
}

/* A guest whose link is to be attached with its allocator; NULL when there is no memory. */
static struct roam_guest *create(const struct roam_options *options)
{
	struct roam_guest *guest = options->allocator.allocate(options->allocator.context, sizeof(*guest));

	if (guest == NULL)
		return NULL;
	memset(guest, 0, sizeof(*guest));
	guest->allocator = options->allocator;
	if (pthread_mutex_init(&guest->lock, NULL) == 0)
		return guest;
	options->allocator.release(options->allocator.context, guest);
	return NULL;
}

/* struct way: how a guest attaches. */
struct way {
	int argc;
	char *const *argv;
	const char *socket_path;
	int64_t timeout_ns;
	const char *path;
};

static int attach_link(struct roam_guest *guest, const struct way *way, struct roam_failure *failure)
{
	if (way->socket_path != NULL)
		return link_join(way->socket_path, way->timeout_ns, &guest->allocator, &guest->link, failure);
	if (way->path != NULL)
		return link_walk_up(way->path, &guest->allocator, &guest->link, failure);
	return link_attach(way->argc, way->argv, &guest->allocator, &guest->link, failure);
}

static int attach(const struct way *way, const struct roam_options *given, struct roam_guest **result,
		  struct roam_failure *failure)
{
	struct roam_options options;
	struct roam_guest *guest;
	int error = take_options(given, &options, failure);

	*result = NULL;
	if (error != 0)
		return error;
	guest = create(&options);
	if (guest == NULL)
		return failure_no_memory(failure, sizeof(*guest), "a guest");
	error = attach_link(guest, way, failure);
	if (error != 0) {
		(void)pthread_mutex_destroy(&guest->lock);
		options.allocator.release(options.allocator.context, guest);
		return error;
	}
	error = fill(guest, &options, failure);
	if (error != 0)
		destroy(guest);
	else
		*result = guest;
	return error;
}

int roam_guest_attach(int argc, char *const *argv, const struct roam_options *options, struct roam_guest **guest,
		      struct roam_failure *failure)
{
	return attach(&(struct way){ .argc = argc, .argv = argv }, options, guest, failure);
}

int roam_guest_join(const char *socket_path, int64_t timeout_ns, const struct roam_options *options,
		    struct roam_guest **guest, struct roam_failure *failure)
{
	return attach(&(struct way){ .socket_path = socket_path != NULL ? socket_path : "", .timeout_ns = timeout_ns },
		      options, guest, failure);
}

int roam_guest_walk_up(const char *path, const struct roam_options *options, struct roam_guest **guest,
		       struct roam_failure *failure)
{
	return attach(&(struct way){ .path = path != NULL ? path : "" }, options, guest, failure);
}

/* Frees all calls, requests and channel ends, whoever has them. */
static void free_all(struct roam_guest *guest)
{
	while (guest->calls.next != &guest->calls)
		call_destroy(OF(guest->calls.next, struct roam_call, chain));
	while (guest->requests.next != &guest->requests)
		request_destroy(OF(guest->requests.next, struct roam_request, chain));
	while (guest->ends.next != &guest->ends)
		channel_destroy(OF(guest->ends.next, struct channel, chain));
}

/* Ends that the program left open, when it frees the guest. */
static uint32_t open_ends(const struct roam_guest *guest)
{
	uint32_t n = 0;

	for (const struct chain *at = guest->ends.next; at != &guest->ends; at = at->next) {
		const struct channel *channel = OF(at, const struct channel, chain);

		n += channel->held && core_channel_open(&channel->core);
	}
	return n;
}

void roam_guest_free(struct roam_guest *guest)
{
	uint32_t dropped;

	if (guest == NULL)
		return;
	guest_lock(guest);
	dropped = guest->core.failure.error == 0 ? open_ends(guest) : 0;
	publish_flush(guest);
	guest_fail_for(guest, ROAM_ERR_CLOSED, "this side has freed its guest");
	notice_run_all(guest);
	guest_unlock(guest);
	if (dropped > 0)
		guest_log(guest, "%u channel ends were dropped without being closed", dropped);
	serve_join(guest);
	free_all(guest);
	destroy(guest);
}

/* ---- What it is ------------------------------------------------------------------------------------------------- */

uint32_t roam_guest_id(const struct roam_guest *guest)
{
	return link_peer_id(guest->link);
}

const struct roam_allocator *roam_guest_allocator(const struct roam_guest *guest)
{
	return &guest->allocator;
}

void roam_guest_limits(const struct roam_guest *guest, struct roam_limits *limits)
{
	*limits = guest->limits;
}

void roam_guest_failure(struct roam_guest *guest, struct roam_failure *failure)
{
	guest_lock(guest);
	*failure = guest->core.failure;
	guest_unlock(guest);
}
