/* The threads that run handlers: those at work, those that sleep, the one of these that watches, those to start. */

#include "serve.h"

#include "guest.h"
#include "thread.h"

/* How often the watcher looks. A handler that takes longer delays others for two of them at most. */
#define LOOK CLOCK_MILLISECOND

bool serve_over(const struct roam_guest *guest)
{
	return guest->core.failure.error != 0 || guest_stopped(guest);
}

/* What a server waits for in the role: something else to do. */
static int main_wait_ready(struct roam_guest *guest, struct wait *wait)
{
	(void)wait;
	return guest->queue != NULL || serve_over(guest) || __atomic_load_n(&guest->role.wanted, __ATOMIC_RELAXED) > 0 ?
		       0 :
		       ROAM_ERR_AGAIN;
}

void serve_enter(struct roam_guest *guest, struct server *server)
{
	server->guest = guest;
	server->wait.ready = main_wait_ready;
	server->wait.deadline = CLOCK_NEVER;
	server->wait.server = server;
	server->next = guest->servers;
	guest->servers = server;
}

void serve_exit(struct roam_guest *guest, struct server *server)
{
	struct server **at = &guest->servers;

	while (*at != server)
		at = &(*at)->next;
	*at = server->next;
}

struct server *serve_here(const struct roam_guest *guest)
{
	for (struct server *server = guest->servers; server != NULL; server = server->next)
		if (server->depth > 0 && pthread_equal(server->thread, pthread_self()))
			return server;
	return NULL;
}

/* ---- Threads ---------------------------------------------------------------------------------------------------- */

static void arrived(struct roam_guest *guest, struct server *server)
{
	if (server->called)
		guest->called--;
	server->called = false;
}

static void *run_thread(void *argument)
{
	struct server *server = argument;
	struct roam_guest *guest = server->guest;

	guest_lock(guest);
	serve_enter(guest, server);
	arrived(guest, server);
	serve_until_end(guest, server);
	serve_exit(guest, server);
	guest_unlock(guest);
	return NULL;
}

/* Starts another thread that serves; false when there may be or can be none. */
static bool start_thread(struct roam_guest *guest)
{
	struct server *server;

	if (!guest->running || guest->no_thread || serve_over(guest) || guest->thread_count >= guest->max_threads)
		return false;
	server = guest_alloc(guest, sizeof(*server));
	if (server != NULL) {
		*server = (struct server){ .guest = guest, .called = true };
		if (thread_start(&server->thread, run_thread, server) != 0) {
			guest_release(guest, server);
			server = NULL;
		}
	}
	if (server == NULL) {
		guest->no_thread = true;
		guest->note = "no further thread can be started: handlers wait for each other";
		return false;
	}
	guest->called++;
	guest->thread_count++;
	server->next_thread = guest->threads;
	guest->threads = server;
	return true;
}

void serve_join(struct roam_guest *guest)
{
	while (guest->threads != NULL) {
		struct server *server = guest->threads;

		guest->threads = server->next_thread;
		(void)pthread_join(server->thread, NULL);
		guest_release(guest, server);
	}
}

/* ---- Idle ------------------------------------------------------------------------------------------------------- */

void serve_rouse_all(struct roam_guest *guest)
{
	for (struct server *server = guest->idle; server != NULL; server = server->next_idle)
		role_signal(guest, &server->wait);
	if (guest->role.leader != NULL)
		role_signal(guest, guest->role.leader);
}

void serve_stopped(struct roam_guest *guest)
{
	if (guest->stop_seen || !guest_stopped(guest))
		return;
	guest->stop_seen = true;
	serve_rouse_all(guest);
}

/* Has the watcher look every millisecond again. */
static void make_watchful(struct roam_guest *guest)
{
	if (!guest->quiet)
		return;
	guest->quiet = false;
	role_signal(guest, &guest->watcher->wait);
}

bool serve_have_watcher(struct roam_guest *guest)
{
	if (guest->watcher == NULL)
		return guest->called > 0 || start_thread(guest);
	make_watchful(guest);
	return true;
}

void serve_watch(struct roam_guest *guest)
{
	guest->role.progress++;
	if (serve_have_watcher(guest) || guest->role.first == NULL)
		return;
	/* Nobody will look after those who wait: one of them receives instead. */
	guest->role.state = ROLE_FREE;
	guest->role.handler = NULL;
	role_attend(guest);
}

/* Wakes a thread for what is queued; rather another than the watcher. */
static bool call_idle(struct roam_guest *guest)
{
	struct server *chosen = NULL;

	for (struct server *server = guest->idle; server != NULL; server = server->next_idle)
		if (!server->called && (chosen == NULL || chosen == guest->watcher))
			chosen = server;
	if (chosen == NULL)
		return false;
	chosen->called = true;
	guest->called++;
	role_signal(guest, &chosen->wait);
	return true;
}

void serve_attend(struct roam_guest *guest)
{
	struct role *role = &guest->role;

	if (!guest->running)
		return;
	if (guest->idle == NULL) {
		(void)start_thread(guest); /* else one that runs a handler takes the role after it */
	} else if (role->expects > 0) {
		role->expects--;
		role_signal(guest, &guest->idle->wait);
	} else {
		make_watchful(guest); /* it takes the role if nobody else does soon */
	}
}

/* What the watcher makes of a look at which nothing had changed since the last one; whether it is to do something. */
static bool finds(struct roam_guest *guest, struct server *server)
{
	switch (guest->role.state) {
	case ROLE_HANDLES:
		server->eager = true;
		return true;
	case ROLE_FREE:
		return true;
	case ROLE_RECEIVES:
		break;
	}
	guest->quiet = true;
	return false;
}

static void sleep_idle(struct roam_guest *guest, struct server *server)
{
	uint32_t *word = &server->wait.word;
	int64_t bound = guest->watcher == server && !guest->quiet ? LOOK : 0;

	guest_unlock(guest);
	/* Acquire: see role_signal. */
	if (__atomic_load_n(word, __ATOMIC_ACQUIRE) == 0)
		(void)roam_futex_wait(word, 0, bound);
	guest_lock(guest);
}

static void leave_idle(struct roam_guest *guest, struct server *server)
{
	struct server **at = &guest->idle;

	while (*at != server)
		at = &(*at)->next_idle;
	*at = server->next_idle;
	arrived(guest, server);
	if (guest->watcher != server)
		return;
	guest->quiet = false;
	guest->watcher = guest->idle;
	if (guest->watcher != NULL)
		role_signal(guest, &guest->watcher->wait);
}

/* Whether a server that was woken has something to do. If not it is the watcher since the one before left. */
static bool has_work(const struct roam_guest *guest, const struct server *server)
{
	return server->called || guest->queue != NULL || serve_may_receive(guest, server);
}

void serve_idle(struct roam_guest *guest, struct server *server)
{
	uint32_t *word = &server->wait.word;
	bool stays;

	server->next_idle = guest->idle;
	guest->idle = server;
	__atomic_store_n(word, 0, __ATOMIC_RELAXED);
	if (guest->watcher == NULL) {
		guest->watcher = server;
		guest->quiet = false;
	}
	do {
		uint32_t seen = guest->role.progress;

		sleep_idle(guest, server);
		if (__atomic_exchange_n(word, 0, __ATOMIC_RELAXED) != 0)
			stays = !has_work(guest, server);
		else
			stays = guest->watcher != server || guest->role.progress != seen || !finds(guest, server);
	} while (stays && !serve_over(guest));
	leave_idle(guest, server);
}

void serve_call(struct roam_guest *guest)
{
	while (guest->queued > guest->called && (call_idle(guest) || start_thread(guest)))
		continue;
}
