/* The role of the receiver: taking it, receiving in it, sleeping without it, handing it on. */

#include "role.h"

#include "deadline.h"
#include "guest.h"
#include "serve.h"

/* One spell of polling, after which the receiver looks whether somebody has a word for it. */
#define SLICE (3 * CLOCK_MICROSECOND)

/* How often a wait looks again that nobody tells. */
#define TICK CLOCK_MILLISECOND

/* A sleep that polling would have spared, or that was long for the reason alone that the other side slept too: two
 * sides that both stopped polling would wake each other for ever. */
#define SHORT_SLEEP (150 * CLOCK_MICROSECOND)

enum {
	LEAST_SPIN = 16, /* of spin_most, the part that is polled however often it was in vain */
	SPIN_GAIN = 8    /* the part by which the budget grows when polling paid */
};

void role_init(struct role *role, int64_t spin_ns)
{
	*role = (struct role){ .spin_most = spin_ns, .spin_budget = spin_ns };
}

/* ---- Who may have it -------------------------------------------------------------------------------------------- */

/* Whether this thread is one that receives at all. An event loop is not to find its descriptor readable for what
 * another thread takes away, so with one only its own thread does. */
static bool may_receive(const struct role *role)
{
	return !role->looped || pthread_equal(role->loop_thread, pthread_self());
}

/* Whether this thread may take the role now. */
static bool may_take(const struct roam_guest *guest)
{
	const struct role *role = &guest->role;

	return guest->core.failure.error == 0 && role->state != ROLE_RECEIVES && may_receive(role);
}

void role_take(struct roam_guest *guest, struct wait *wait)
{
	struct role *role = &guest->role;

	role->state = ROLE_RECEIVES;
	role->leader = wait;
	role->handler = NULL;
	role->thread = pthread_self();
	role->progress++;
	__atomic_store_n(&wait->word, 0, __ATOMIC_RELAXED);
}

void role_attend(struct roam_guest *guest)
{
	struct role *role = &guest->role;

	if (role->state != ROLE_FREE || guest->core.failure.error != 0)
		return;
	if (role->looped) {
		role_signal_all(guest); /* the loop's thread may be among them, waiting for the role */
		link_interrupt(guest->link);
	} else if (role->first != NULL) {
		role_signal(guest, role->first);
	} else {
		serve_attend(guest);
	}
}

void role_leave(struct roam_guest *guest)
{
	struct role *role = &guest->role;
	struct server *server = serve_here(guest);

	role->state = ROLE_FREE;
	role->leader = NULL;
	role->progress++;
	serve_call(guest); /* of a batch that also had what this thread waited for */
	if (server != NULL && role->first == NULL) {
		/* A handler that waited for something: its thread receives again after it. */
		role->state = ROLE_HANDLES;
		role->handler = server;
		serve_watch(guest);
		return;
	}
	if (role->first == NULL)
		link_rest(guest->link);
	role_attend(guest);
}

/* ---- Waking ----------------------------------------------------------------------------------------------------- */

/* Whether this thread is in roam_guest_step: it looks at everything once more before it makes the descriptor ready. */
static bool steps(const struct role *role)
{
	return role->looped && role->state == ROLE_RECEIVES && pthread_equal(role->thread, pthread_self());
}

void role_interrupt(struct roam_guest *guest)
{
	const struct role *role = &guest->role;

	if (role->asleep || (role->looped && !steps(role)))
		link_interrupt(guest->link);
}

void role_signal(struct roam_guest *guest, struct wait *wait)
{
	/* Release: the sleeper finds what it is woken for, though it takes the lock as well. */
	if (__atomic_exchange_n(&wait->word, 1, __ATOMIC_RELEASE) != 0)
		return;
	if (guest->role.leader == wait)
		role_interrupt(guest);
	else
		guest_rouse(guest, &wait->word);
}

void role_signal_all(struct roam_guest *guest)
{
	for (struct wait *wait = guest->role.first; wait != NULL; wait = wait->next)
		role_signal(guest, wait);
	if (guest->role.leader != NULL)
		role_signal(guest, guest->role.leader);
}

/* ---- Arming ----------------------------------------------------------------------------------------------------- */

static void disarm(struct roam_guest *guest, struct wait *wait)
{
	if (wait->armed)
		link_disarm(guest->link, wait->armed_kind, wait->armed_id);
	wait->armed = false;
}

/* Has the host told what the wait lacks; whether that is new, so that the wait has to look once more. */
static bool arm(struct roam_guest *guest, struct wait *wait)
{
	if (wait->armed && wait->blocked && wait->armed_kind == wait->lack && wait->armed_id == wait->id)
		return false;
	disarm(guest, wait);
	if (!wait->blocked || guest->core.failure.error != 0)
		return false;
	wait->armed = true;
	wait->armed_kind = wait->lack;
	wait->armed_id = wait->id;
	link_arm(guest->link, wait->lack, wait->id);
	return true;
}

/* ---- Receiving -------------------------------------------------------------------------------------------------- */

static bool expired(const struct wait *wait)
{
	return wait->deadline != CLOCK_NEVER && clock_now() >= wait->deadline;
}

bool role_host_ended(struct roam_guest *guest)
{
	struct roam_failure failure;

	if (link_look(guest->link, &failure) == 0)
		return false;
	if (incoming_batch(guest, 0) == 0)
		guest_fail(guest, &failure);
	return true;
}

int64_t role_bound(const struct roam_guest *guest, const struct wait *wait)
{
	int64_t until = clock_sooner(wait->deadline, guest->alarm);
	int64_t now;

	if (until == CLOCK_NEVER)
		return wait->ticks || guest->role.ticking > 0 ? TICK : -1;
	now = clock_now();
	until = until > now ? until - now : 0;
	return wait->ticks || guest->role.ticking > 0 ? clock_sooner(until, TICK) : until;
}

static void slept(struct role *role, int64_t ns)
{
	if (ns < SHORT_SLEEP) {
		role->spin_budget = role->spin_most;
		return;
	}
	role->spin_budget /= 2;
	if (role->spin_budget < role->spin_most / LEAST_SPIN)
		role->spin_budget = role->spin_most / LEAST_SPIN;
}

static void rest(struct roam_guest *guest, const struct wait *wait)
{
	struct role *role = &guest->role;
	int64_t bound = role_bound(guest, wait);
	bool busy = core_busy(&guest->core);
	int64_t began = 0;

	role->asleep = true;
	link_rest(guest->link);
	if (guest_go(guest)) {
		began = clock_now();
		link_wait(guest->link, busy, bound);
		began = clock_now() - began;
		guest_come(guest);
	}
	role->asleep = false;
	slept(role, began);
}

/* What there is to do between two messages beside receiving them. */
static void between(struct roam_guest *guest)
{
	(void)link_tend(guest->link); /* a guest that is never idle never comes to link_wait */
	publish_flush(guest);
	guest_look_around(guest);
	deadline_ring(guest);
	notice_run_all(guest);
}

static void polling_paid(struct role *role)
{
	role->spin_budget += role->spin_most / SPIN_GAIN;
	if (role->spin_budget > role->spin_most)
		role->spin_budget = role->spin_most;
}

/* Whether polling can find what is waited for: that room came only the doorbell tells, or a look at the ring. */
static bool polls(const struct roam_guest *guest)
{
	return !guest->out_armed && guest->role.blocked == 0;
}

/*
 * Receives until the wait is over, which is the result; ROAM_ERR_AGAIN: its time is, the connection, or the role was
 * lost to another while this thread ran a handler.
 */
static int lead(struct roam_guest *guest, struct wait *wait)
{
	struct role *role = &guest->role;
	int64_t left = role->spin_budget;

	for (;;) {
		int64_t slice = left > 0 && polls(guest) ? SLICE : 0;
		uint32_t received = incoming_batch(guest, slice);
		enum provided provided;
		int result;

		__atomic_store_n(&wait->word, 0, __ATOMIC_RELAXED);
		if (received > 0)
			between(guest);
		if (received > 0 && slice > 0)
			polling_paid(role);
		result = wait->ready(guest, wait);
		if (result != ROAM_ERR_AGAIN)
			return result;
		serve_stopped(guest);
		provided = serve_provide(guest, wait);
		if (guest->core.failure.error != 0 || provided == PROVIDED_LOST || expired(wait) || !may_receive(role))
			return ROAM_ERR_AGAIN;
		if (received > 0 || provided == PROVIDED_RAN) {
			left = role->spin_budget;
		} else if (slice > 0) {
			left -= slice;
			guest_look_around(guest);
		} else if (!arm(guest, wait) && !role_host_ended(guest)) {
			rest(guest, wait);
			between(guest);
			left = role->spin_budget;
		}
	}
}

void role_serve(struct roam_guest *guest, struct wait *wait)
{
	role_take(guest, wait);
	(void)lead(guest, wait);
}

/* ---- Sleeping --------------------------------------------------------------------------------------------------- */

static void enlist(struct role *role, struct wait *wait)
{
	wait->prev = role->last;
	wait->next = NULL;
	if (role->last == NULL)
		role->first = wait;
	else
		role->last->next = wait;
	role->last = wait;
	__atomic_store_n(&wait->word, 0, __ATOMIC_RELAXED);
}

static void delist(struct role *role, struct wait *wait)
{
	if (wait->prev == NULL)
		role->first = wait->next;
	else
		wait->prev->next = wait->next;
	if (wait->next == NULL)
		role->last = wait->prev;
	else
		wait->next->prev = wait->prev;
}

/* Sleeps until somebody has the wait look again, or its time is over. */
static void sleep_on_word(struct roam_guest *guest, struct wait *wait)
{
	int64_t bound = wait->deadline == CLOCK_NEVER ? 0 : wait->deadline - clock_now();

	if (wait->deadline != CLOCK_NEVER && bound <= 0)
		return;
	if (wait->ticks && (bound == 0 || bound > TICK))
		bound = TICK;
	guest_unlock(guest);
	/* Acquire: see role_signal. */
	if (__atomic_load_n(&wait->word, __ATOMIC_ACQUIRE) == 0)
		(void)roam_futex_wait(&wait->word, 0, bound);
	guest_lock(guest);
}

/* Sleeps while another thread has the role, or nobody needs it any more. What ready says. */
static int follow(struct roam_guest *guest, struct wait *wait)
{
	struct role *role = &guest->role;
	bool wants = role->state == ROLE_RECEIVES && role->leader->server != NULL && !role->looped;
	bool blocked, ticks;
	int result;

	enlist(role, wait);
	(void)arm(guest, wait);
	result = wait->ready(guest, wait); /* once more, now that it would be told */
	blocked = wait->blocked || wait->ticks;
	ticks = wait->ticks;
	if (result == ROAM_ERR_AGAIN && !arm(guest, wait) && !may_take(guest)) {
		role->blocked += blocked;
		role->ticking += ticks;
		if (wants)
			__atomic_add_fetch(&role->wanted, 1, __ATOMIC_RELAXED);
		if (wants || ticks)
			role_interrupt(guest);
		sleep_on_word(guest, wait);
		if (wants)
			__atomic_sub_fetch(&role->wanted, 1, __ATOMIC_RELAXED);
		role->blocked -= blocked;
		role->ticking -= ticks;
	}
	disarm(guest, wait);
	delist(role, wait);
	return result;
}

/* Whether this thread is in a function of the program that must not wait: receiving would come to it again. */
static bool must_not_wait(const struct role *role)
{
	return role->calls_out && pthread_equal(role->thread, pthread_self());
}

static int take_part(struct roam_guest *guest, struct wait *wait)
{
	int result;

	if (!may_take(guest))
		return follow(guest, wait);
	role_take(guest, wait);
	result = lead(guest, wait);
	disarm(guest, wait);
	if (guest->role.leader == wait)
		role_leave(guest);
	return result;
}

int role_wait(struct roam_guest *guest, struct wait *wait)
{
	int result = wait->ready(guest, wait);

	if (result != ROAM_ERR_AGAIN)
		return result;
	if (must_not_wait(&guest->role))
		return ROAM_ERR_AGAIN;
	do {
		if (expired(wait)) {
			result = ROAM_ERR_DEADLINE;
			break;
		}
		result = take_part(guest, wait);
		if (result == ROAM_ERR_AGAIN)
			result = wait->ready(guest, wait);
	} while (result == ROAM_ERR_AGAIN);
	role_attend(guest); /* it may have been woken to take the role */
	if (guest->core.failure.error != 0)
		notice_run_all(guest); /* nobody receives any more who would */
	return result;
}
