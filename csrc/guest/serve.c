/* Handlers: which thread runs the next one, and when that thread receives. */

#include "serve.h"

#include "guest.h"
#include "request.h"

enum { MOST_DEPTH = 64 /* handlers on one thread, one within the other */ };

void serve_queue(struct roam_guest *guest, struct roam_request *request)
{
	request->next = NULL;
	if (guest->queue == NULL)
		guest->queue = request;
	else
		guest->queue_last->next = request;
	guest->queue_last = request;
	guest->queued++;
}

void serve_next(struct roam_guest *guest, struct server *server)
{
	struct roam_request *request = guest->queue;
	struct role *role = &guest->role;

	guest->queue = request->next;
	guest->queued--;
	guest->at_work++;
	server->depth++;
	if (role->state == ROLE_RECEIVES && pthread_equal(role->thread, pthread_self())) {
		role->state = ROLE_HANDLES;
		role->leader = NULL;
		role->handler = server;
	}
	if (role->state == ROLE_HANDLES && role->handler == server)
		serve_watch(guest);
	else
		(void)serve_have_watcher(guest); /* whoever watched may be this one */
	request_handle(request);
	server->depth--;
	server->eager = true;
	guest->at_work--;
	if (guest->at_work == 0 && serve_over(guest))
		role_signal_all(guest);
}

bool serve_may_receive(const struct roam_guest *guest, const struct server *server)
{
	const struct role *role = &guest->role;

	return role->state == ROLE_FREE || (role->state == ROLE_HANDLES && (role->handler == server || server->eager));
}

static void receive(struct roam_guest *guest, struct server *server)
{
	server->eager = false;
	role_serve(guest, &server->wait);
	if (guest->role.leader != &server->wait || guest->queue != NULL)
		return; /* what is queued it runs in the role */
	role_leave(guest);
	if (!serve_over(guest))
		serve_idle(guest, server); /* another wants the role */
}

void serve_until_end(struct roam_guest *guest, struct server *server)
{
	struct role *role = &guest->role;

	while (!serve_over(guest)) {
		if (guest->queue != NULL)
			serve_next(guest, server);
		else if (serve_may_receive(guest, server))
			receive(guest, server);
		else
			serve_idle(guest, server);
	}
	serve_stopped(guest);
	if (role->leader == &server->wait || (role->state == ROLE_HANDLES && role->handler == server)) {
		role->state = ROLE_FREE;
		role->leader = NULL;
		role->handler = NULL;
		role_attend(guest);
	}
}

/* Runs a queued request within the wait of this thread. */
static enum provided nest(struct roam_guest *guest, struct wait *wait, struct server *server)
{
	serve_next(guest, server);
	if (guest->role.state != ROLE_HANDLES || guest->role.handler != server)
		return PROVIDED_LOST;
	role_take(guest, wait);
	return PROVIDED_RAN;
}

/* Nests on a thread that serves for as long as this takes. */
static enum provided nest_once(struct roam_guest *guest, struct wait *wait)
{
	struct server server = { .thread = pthread_self() };
	enum provided provided;

	serve_enter(guest, &server);
	provided = nest(guest, wait, &server);
	serve_exit(guest, &server);
	return provided;
}

/* Whether no thread but those that wait can serve: the program asked for that, or has an event loop. */
static bool serves_alone(const struct roam_guest *guest)
{
	return !guest->running && (guest->max_threads == 1 || guest->role.looped);
}

/* Threads in handlers. */
static uint32_t busy_threads(const struct roam_guest *guest)
{
	uint32_t n = 0;

	for (struct server *server = guest->servers; server != NULL; server = server->next)
		n += server->depth > 0;
	return n;
}

enum provided serve_provide(struct roam_guest *guest, struct wait *wait)
{
	struct server *here;

	if (wait->server != NULL || serve_over(guest))
		return PROVIDED; /* a server runs them after this */
	serve_call(guest);
	if (guest->queued <= guest->called)
		return PROVIDED;
	here = serve_here(guest);
	if (here != NULL)
		return here->depth < MOST_DEPTH ? nest(guest, wait, here) : PROVIDED;
	/* A wait outside of handlers is not held up by one, but where there is no other thread to run it: the program
	 * has this one alone, and may be waiting for an answer that depends on it. */
	return serves_alone(guest) && busy_threads(guest) < guest->max_threads ? nest_once(guest, wait) : PROVIDED;
}
