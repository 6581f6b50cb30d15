/* A guest's lock, and what is done once it is free. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "guest.h"

#define LEAVE_TIME CLOCK_SECOND                /* for the host to take what was sent */
#define GOODBYE_TIME (100 * CLOCK_MILLISECOND) /* for a host that broke a rule to take the reason */

void guest_lock(struct roam_guest *guest)
{
	(void)pthread_mutex_lock(&guest->lock); /* it cannot fail: neither recursive nor robust */
}

void guest_rouse(struct roam_guest *guest, uint32_t *word)
{
	if (guest->sleeper_count < GUEST_SLEEPERS)
		guest->sleepers[guest->sleeper_count++] = word;
	else
		roam_futex_wake(word);
}

/* How long the host gets to take what was sent before. */
static int64_t time_to_leave(const struct roam_guest *guest)
{
	if (guest->core.failure.error == ROAM_ERR_CLOSED)
		return LEAVE_TIME;
	return guest->core.failure.error == ROAM_ERR_VIOLATION && !guest->role.looped ? GOODBYE_TIME : 0;
}

static void leave(struct roam_guest *guest)
{
	const struct roam_failure *failure = &guest->core.failure; /* it does not change any more */

	if (guest->log_failure)
		guest_log(guest, "the connection has ended: %s", failure->text);
	link_leave(guest->link, failure->error == ROAM_ERR_VIOLATION ? failure->text : NULL, time_to_leave(guest));
	guest_lock(guest);
	guest->left = true;
	role_signal_all(guest); /* roam_guest_run waits for this */
	guest_unlock(guest);
}

void guest_unlock(struct roam_guest *guest)
{
	uint32_t *sleepers[GUEST_SLEEPERS];
	uint32_t count = guest->sleeper_count;
	bool leaves = guest->core.failure.error != 0 && !guest->leaves && !guest->away;
	bool committed = guest->committed;
	const char *note = guest->note;

	if (count > 0)
		memcpy(sleepers, guest->sleepers, count * sizeof(sleepers[0]));
	guest->sleeper_count = 0;
	guest->committed = false;
	guest->note = NULL;
	if (leaves) {
		guest->leaves = true;
		link_stop(guest->link);
	}
	(void)pthread_mutex_unlock(&guest->lock);
	/* A sleeper may have gone meanwhile, and its word: at worst somebody else looks once for nothing. */
	for (uint32_t i = 0; i < count; i++)
		roam_futex_wake(sleepers[i]);
	if (committed)
		link_notify(guest->link);
	if (note != NULL)
		guest_log(guest, "%s", note);
	if (leaves)
		leave(guest);
}

bool guest_go(struct roam_guest *guest)
{
	guest->away = guest->core.failure.error == 0;
	if (!guest->away)
		return false;
	guest_unlock(guest);
	return true;
}

void guest_come(struct roam_guest *guest)
{
	guest_lock(guest);
	guest->away = false;
}

/* ---- What all use ----------------------------------------------------------------------------------------------- */

void *guest_alloc(struct roam_guest *guest, size_t size)
{
	return guest->allocator.allocate(guest->allocator.context, size);
}

void guest_release(struct roam_guest *guest, void *memory)
{
	guest->allocator.release(guest->allocator.context, memory);
}

void guest_log(struct roam_guest *guest, const char *format, ...)
{
	char text[384];
	va_list values;

	if (guest->log == NULL)
		return;
	va_start(values, format);
	(void)vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	guest->log(guest->log_context, text);
}

void guest_chain(struct chain *all, struct chain *one)
{
	one->next = all;
	one->prev = all->prev;
	all->prev->next = one;
	all->prev = one;
}

void guest_unchain(struct chain *one)
{
	one->prev->next = one->next;
	one->next->prev = one->prev;
	one->prev = one->next = one;
}
