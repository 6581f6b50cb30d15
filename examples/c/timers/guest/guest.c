/*
 * A guest in an event loop: one thread serves every call, with epoll and timers of the kernel. No handler waits: it
 * starts a timer and defers its answer, which goes out when the timer fires, or is given up when the caller does.
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "timers_roam.h"

#define SECOND INT64_C(1000000000) /* nanoseconds */

/* struct loop: what the program knows. One thread uses it. */
struct loop {
	int epoll;
	uint32_t waiting; /* calls of Wait that are not answered */
};

/* struct job: a request with a timer. It is memory of the request, and gone when that is answered. */
struct job {
	struct loop *loop;
	struct roam_request *request;
	int timer;
	void (*fire)(struct job *job, uint64_t times); /* the timer did, so many times since it was looked at last */

	/* of Tick */
	struct roam_tx *ticks;
	uint64_t tick;
	uint32_t count;
};

/* ---- Timers ----------------------------------------------------------------------------------------------------- */

static void stop(struct job *job)
{
	(void)close(job->timer); /* which takes it out of epoll too */
}

/* Has job->fire called after so many nanoseconds, and again and again if it repeats. */
static int start(struct job *job, int64_t span, bool repeats)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = job };
	struct itimerspec when = { 0 };

	if (span < 1)
		span = 1; /* 0 would be never */
	when.it_value.tv_sec = span / SECOND;
	when.it_value.tv_nsec = span % SECOND;
	if (repeats)
		when.it_interval = when.it_value;
	job->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (job->timer < 0)
		return -1;
	if (timerfd_settime(job->timer, 0, &when, NULL) != 0 ||
	    epoll_ctl(job->loop->epoll, EPOLL_CTL_ADD, job->timer, &event) != 0) {
		stop(job);
		return -1;
	}
	return 0;
}

/* A job of the request, whose timer runs. */
static struct job *new_job(struct roam_request *request, int64_t span, bool repeats)
{
	struct job *job = roam_request_alloc(request, sizeof(*job));

	if (job == NULL)
		return NULL;
	*job = (struct job){ .loop = roam_request_user(request), .request = request };
	return start(job, span, repeats) == 0 ? job : NULL;
}

/* ---- Wait ------------------------------------------------------------------------------------------------------- */

static void time_is_over(struct job *job, uint64_t times)
{
	(void)times;
	stop(job);
	timers_clock_wait_answer(job->request, job->loop->waiting--);
}

/* The caller gave up: nobody reads the answer, but every request is to be finished. */
static void given_up(struct roam_request *request, void *context)
{
	struct job *job = context;

	stop(job);
	job->loop->waiting--;
	roam_request_finish(request, roam_request_ended(request));
}

static int wait_for(struct roam_request *request, const struct timers_clock_wait_arguments *arguments, uint32_t *result)
{
	struct job *job = new_job(request, arguments->span, false);

	(void)result; /* it comes later */
	if (job == NULL)
		return roam_request_fail(request, "there is no timer left");
	job->fire = time_is_over;
	job->loop->waiting++;
	roam_request_on_end(request, given_up, job);
	return ROAM_DEFERRED;
}

/* ---- Tick ------------------------------------------------------------------------------------------------------- */

static void finish_ticks(struct job *job, int status)
{
	stop(job);
	roam_request_finish(job->request, status);
}

static void send_tick(struct job *job, uint64_t times)
{
	int error;

	job->tick += times;
	if (job->tick > job->count)
		job->tick = job->count;
	error = timers_u32_try_send(job->ticks, (uint32_t)job->tick);
	if (error != 0 && error != ROAM_ERR_AGAIN)
		finish_ticks(job, error);
	else if (job->tick == job->count)
		finish_ticks(job, 0);
}

static void ticks_given_up(struct roam_request *request, void *context)
{
	finish_ticks(context, roam_request_ended(request));
}

static int tick(struct roam_request *request, const struct timers_clock_tick_arguments *arguments)
{
	struct job *job;

	if (arguments->count == 0)
		return 0;
	job = new_job(request, arguments->every, true);
	if (job == NULL)
		return roam_request_fail(request, "there is no timer left");
	job->fire = send_tick;
	job->ticks = arguments->ticks;
	job->count = arguments->count;
	roam_request_on_end(request, ticks_given_up, job);
	return ROAM_DEFERRED;
}

/* ---- The loop --------------------------------------------------------------------------------------------------- */

static void fire(struct job *job)
{
	uint64_t times;

	if (read(job->timer, &times, sizeof(times)) == sizeof(times))
		job->fire(job, times);
}

/* Serves until the connection ends, and says how. */
static int run(struct loop *loop, struct roam_guest *guest)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL }; /* no job: the guest itself */
	int ended;

	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, roam_guest_fd(guest), &event) != 0)
		err(1, "epoll_ctl");
	while ((ended = roam_guest_step(guest)) == 0) {
		/* One event at a time: what follows may free the jobs of others. */
		int ready = epoll_wait(loop->epoll, &event, 1, -1);

		if (ready < 0 && errno != EINTR)
			err(1, "epoll_wait");
		if (ready == 1 && event.data.ptr != NULL)
			fire(event.data.ptr);
	}
	return ended == ROAM_ERR_HOST_LEAVING ? 0 : ended;
}

int main(int argc, char **argv)
{
	const struct timers_clock_handlers handlers = { .wait = wait_for, .tick = tick };
	struct loop loop = { .epoll = epoll_create1(EPOLL_CLOEXEC) };
	const struct roam_service service = timers_clock_service(&handlers, &loop);
	struct roam_options options;
	struct roam_guest *guest;
	struct roam_failure failure;
	int error;

	if (loop.epoll < 0)
		err(1, "epoll_create1");
	roam_options_init(&options);
	options.services = &service;
	options.service_count = 1;
	options.max_threads = 1; /* the library starts none */
	if (roam_guest_attach(argc, argv, &options, &guest, &failure) != 0)
		errx(1, "%s", failure.text);
	error = run(&loop, guest);
	if (error != 0) {
		roam_guest_failure(guest, &failure);
		warnx("%s", failure.text);
	}
	roam_guest_free(guest);
	(void)close(loop.epoll);
	return error != 0;
}
