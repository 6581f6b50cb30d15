/* Callbacks: when they are due, when they have run. */

#include "notice.h"

#include "guest.h"

static void unlink_notice(struct notices *notices, struct notice *notice)
{
	if (notice->prev == NULL)
		notices->first = notice->next;
	else
		notice->prev->next = notice->next;
	if (notice->next == NULL)
		notices->last = notice->prev;
	else
		notice->next->prev = notice->prev;
	notice->queued = false;
}

void notice_queue(struct roam_guest *guest, struct notice *notice)
{
	struct notices *notices = &guest->notices;

	if (notice->queued)
		return;
	notice->queued = true;
	notice->next = NULL;
	notice->prev = notices->last;
	if (notices->last == NULL)
		notices->first = notice;
	else
		notices->last->next = notice;
	notices->last = notice;
	role_interrupt(guest);
}

void notice_drop(struct roam_guest *guest, struct notice *notice)
{
	if (notice->queued)
		unlink_notice(&guest->notices, notice);
}

void notice_take_back(struct roam_guest *guest, struct notice *notice)
{
	struct notices *notices = &guest->notices;

	notice_drop(guest, notice);
	while (notices->running == notice && !pthread_equal(notices->thread, pthread_self())) {
		uint32_t seen = notices->ran;

		notices->waiting++;
		guest_unlock(guest);
		(void)roam_futex_wait(&notices->ran, seen, 0);
		guest_lock(guest);
		notices->waiting--;
	}
}

void notice_run_all(struct roam_guest *guest)
{
	struct notices *notices = &guest->notices;

	if (notices->running != NULL)
		return; /* whoever runs that one goes on with the others */
	while (notices->first != NULL) {
		struct notice *notice = notices->first;

		unlink_notice(notices, notice);
		notices->running = notice;
		notices->thread = pthread_self();
		guest->role.calls_out = true;
		guest_unlock(guest);
		notice->run(notice); /* which may free it */
		guest_lock(guest);
		guest->role.calls_out = false;
		notices->running = NULL;
		/* The futex word: changed with the lock, read by the kernel without it. */
		__atomic_add_fetch(&notices->ran, 1, __ATOMIC_RELAXED);
		if (notices->waiting > 0)
			guest_rouse(guest, &notices->ran);
	}
}
