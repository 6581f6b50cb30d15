/* Running a guest until its connection ends. */

#include "guest.h"
#include "serve.h"

#define SETTLE_TIME CLOCK_SECOND /* for handlers at work to be answered, once the guest is stopped */

/* Whether nothing is left to be answered or sent but what nobody began. */
static int settled(struct roam_guest *guest, struct wait *wait)
{
	(void)wait;
	if (guest->core.failure.error != 0)
		return guest->core.failure.error;
	return guest->core.serving.count > guest->queued || core_next_out(&guest->core) != NULL ? ROAM_ERR_AGAIN : 0;
}

/* Whether no handler works any more, and the host knows that this side has left. */
static int all_over(struct roam_guest *guest, struct wait *wait)
{
	(void)wait;
	return guest->at_work > 0 || !guest->left ? ROAM_ERR_AGAIN : 0;
}

/* Ends the connection of a guest that was stopped, once what was begun is answered. */
static void end(struct roam_guest *guest)
{
	struct wait wait = { .ready = settled, .deadline = clock_after(clock_now(), SETTLE_TIME), .ticks = true };

	(void)role_wait(guest, &wait);
	guest_fail_for(guest, ROAM_ERR_CLOSED, "this side has stopped its guest");
}

int roam_guest_run(struct roam_guest *guest)
{
	struct server server = { .thread = pthread_self() };
	struct wait wait = { .ready = all_over, .deadline = CLOCK_NEVER };
	int error;

	guest_lock(guest);
	if (guest->running) {
		guest_unlock(guest);
		return ROAM_ERR_ARGUMENT;
	}
	guest->running = true;
	guest->role.looped = false;
	guest->thread_count++;
	serve_enter(guest, &server);
	serve_until_end(guest, &server);
	if (guest->core.failure.error == 0)
		end(guest);
	(void)role_wait(guest, &wait);
	notice_run_all(guest);
	serve_exit(guest, &server);
	guest->thread_count--;
	guest->running = false;
	error = guest->core.failure.error;
	guest_unlock(guest);
	return error == ROAM_ERR_CLOSED || error == ROAM_ERR_HOST_LEAVING ? 0 : error;
}

void roam_guest_stop(struct roam_guest *guest)
{
	__atomic_store_n(&guest->stop, 1, __ATOMIC_RELEASE);
	link_interrupt(guest->link);
}
