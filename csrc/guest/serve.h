/*
 * serve.h: which threads run handlers. Internal.
 *
 * The thread that receives runs what it received itself: no thread has to be woken for it. Beside it one that has
 * nothing to do watches, every millisecond while requests are served: when the receiver was in the same handler at two
 * looks, the watcher takes its place, and yet another thread watches. With the lock, all of these.
 */
#ifndef ROAM_SERVE_H
#define ROAM_SERVE_H

#include <pthread.h>
#include <stdbool.h>

#include "role.h"

struct roam_guest;
struct roam_request;

/* For how many stays in the role of threads that do not serve another Request is expected to follow on one. */
enum { SERVE_EXPECTS = 16 };

/* struct server: a thread while it may run handlers, in a list of the guest's. */
struct server {
	struct server *next;      /* of all */
	struct server *next_idle;
	struct server *next_thread;
	struct roam_guest *guest;
	struct wait wait;         /* its main wait */
	pthread_t thread;
	unsigned depth;           /* handlers that run on it, one within the other */
	bool eager;               /* takes the role from a thread in a handler */
	bool called;              /* was woken for what is queued */
};

/* Counts a thread in or out; its handle was set by who made it. */
void serve_enter(struct roam_guest *guest, struct server *server);
void serve_exit(struct roam_guest *guest, struct server *server);

/* Serves until the connection has ended or the guest is stopped. */
void serve_until_end(struct roam_guest *guest, struct server *server);

/* Adds a request that was accepted. */
void serve_queue(struct roam_guest *guest, struct roam_request *request);

/* Runs the first queued request on this thread. */
void serve_next(struct roam_guest *guest, struct server *server);

/* The server whose handler runs on this thread, NULL when none does. */
struct server *serve_here(const struct roam_guest *guest);

/* The role is free and nobody waits for a message of his own: sees to it that a server receives soon. */
void serve_attend(struct roam_guest *guest);

/* The holder of the role begins to run a handler, or goes on in it. */
void serve_watch(struct roam_guest *guest);

/* Wakes or starts threads for what is queued, as far as there are any. */
void serve_call(struct roam_guest *guest);

/* enum provided: what came of serve_provide. */
enum provided {
	PROVIDED,     /* what is queued has a thread, or has to wait for one */
	PROVIDED_RAN, /* this one ran one request */
	PROVIDED_LOST /* the same, and another thread took the role meanwhile */
};

/* Finds a thread for what is queued; this one, for one request, if there is no other. By the holder of the role. */
enum provided serve_provide(struct roam_guest *guest, struct wait *wait);

/* Has the servers look, once, whether the guest was stopped. */
void serve_stopped(struct roam_guest *guest);

/* Whether no further handler begins: the connection has ended, or the guest is stopped. */
bool serve_over(const struct roam_guest *guest);

/* Whether the server may take the role now. Out of a handler it takes it from one that is in another. */
bool serve_may_receive(const struct roam_guest *guest, const struct server *server);

/* Has somebody watch while handlers run; false when there is nobody. */
bool serve_have_watcher(struct roam_guest *guest);

/* Sleeps until there is something to do for the server, or it finds as watcher that there is. */
void serve_idle(struct roam_guest *guest, struct server *server);

/* Has every server look again. */
void serve_rouse_all(struct roam_guest *guest);

/* Waits for the threads that the library started. The connection has ended. Without the lock. */
void serve_join(struct roam_guest *guest);

#endif
