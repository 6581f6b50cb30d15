/* A guest in an event loop. */

#include "deadline.h"
#include "guest.h"
#include "serve.h"

#define STEP_SETTLE CLOCK_SECOND /* for what was begun to be answered, once the guest is stopped */

/* Whether another thread that received has left the role. */
static int role_left(struct roam_guest *guest, struct wait *wait)
{
	(void)wait;
	return guest->role.state == ROLE_RECEIVES ? ROAM_ERR_AGAIN : 0;
}

/* Makes this thread the only one that receives. */
static int take_over(struct roam_guest *guest, struct wait *wait)
{
	struct role *role = &guest->role;
	int error;

	if (guest->running)
		return ROAM_ERR_ARGUMENT;
	role->looped = true;
	role->loop_thread = pthread_self();
	if (role->leader != NULL)
		role_signal(guest, role->leader);
	error = role_wait(guest, wait);
	if (error == 0)
		role_take(guest, wait);
	return error;
}

static void give_role_up(struct roam_guest *guest)
{
	guest->role.state = ROLE_FREE;
	guest->role.leader = NULL;
}

int roam_guest_fd(struct roam_guest *guest)
{
	struct wait wait = { .ready = role_left, .deadline = CLOCK_NEVER };
	struct roam_failure failure;
	int result;

	guest_lock(guest);
	result = take_over(guest, &wait);
	if (result == 0) {
		guest->away = true;
		guest_unlock(guest);
		result = link_fd(guest->link, &failure);
		link_interrupt(guest->link); /* the first step is due at once */
		if (result >= 0)
			link_prepare(guest->link, false, CLOCK_NEVER);
		guest_come(guest);
		give_role_up(guest);
	}
	if (result < 0)
		guest->role.looped = false;
	guest_unlock(guest);
	return result;
}

/* Receives and runs handlers until there is nothing to do. */
static void work(struct roam_guest *guest, struct server *server)
{
	uint32_t received;

	do {
		received = incoming_batch(guest, 0);

		publish_flush(guest);
		guest_look_around(guest);
		deadline_ring(guest);
		notice_run_all(guest);
		while (guest->queue != NULL && !guest_stopped(guest) && guest->core.failure.error == 0) {
			serve_next(guest, server);
			role_take(guest, &server->wait);
			received++;
		}
	} while (received > 0 && guest->core.failure.error == 0);
}

/* Makes the descriptor ready for the next wait; whether something came about meanwhile. */
static bool prepare(struct roam_guest *guest, const struct wait *wait)
{
	int64_t bound = role_bound(guest, wait);
	bool busy = core_busy(&guest->core);

	link_rest(guest->link);
	if (!guest_go(guest))
		return false;
	link_prepare(guest->link, busy, bound);
	guest_come(guest);
	return link_pending(guest->link) || (guest->queue != NULL && !guest_stopped(guest)) ||
	       guest->notices.first != NULL;
}

/* Ends the connection of a guest that was stopped, once what was begun is answered or has had its time. */
static void end_if_stopped(struct roam_guest *guest, struct wait *wait)
{
	bool begun = guest->core.serving.count > guest->queued || core_next_out(&guest->core) != NULL;

	if (!guest_stopped(guest))
		return;
	if (!guest->stop_seen)
		guest->stop_until = clock_after(clock_now(), STEP_SETTLE);
	guest->stop_seen = true;
	wait->deadline = guest->stop_until;
	if (!begun || clock_now() >= guest->stop_until)
		guest_fail_for(guest, ROAM_ERR_CLOSED, "this side has stopped its guest");
}

static void step(struct roam_guest *guest, struct server *server)
{
	do {
		if (guest_go(guest)) {
			link_finish(guest->link);
			guest_come(guest);
		}
		work(guest, server);
		end_if_stopped(guest, &server->wait);
	} while (guest->core.failure.error == 0 && (role_host_ended(guest) || prepare(guest, &server->wait)));
	notice_run_all(guest);
}

int roam_guest_step(struct roam_guest *guest)
{
	struct server server = { .thread = pthread_self() };
	struct role *role = &guest->role;
	int error;

	guest_lock(guest);
	if (!role->looped || role->state == ROLE_RECEIVES) {
		guest_unlock(guest);
		return ROAM_ERR_ARGUMENT;
	}
	role->loop_thread = pthread_self();
	serve_enter(guest, &server);
	role_take(guest, &server.wait);
	step(guest, &server);
	give_role_up(guest);
	serve_exit(guest, &server);
	error = guest->core.failure.error;
	guest_unlock(guest);
	return error;
}
