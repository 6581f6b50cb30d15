/* How the guest attaches and runs. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

void *must_allocate(size_t size)
{
	void *memory = calloc(1, size > 0 ? size : 1);

	if (memory == NULL) {
		(void)fprintf(stderr, "guest: no memory\n");
		exit(2);
	}
	return memory;
}

static void log_line(void *context, const char *text)
{
	(void)context;
	(void)fprintf(stderr, "guest: %s\n", text);
}

/* ---- Threads of the program's own ------------------------------------------------------------------------------- */

struct thread {
	struct thread *next; /* of those that have ended */
	struct program *program;
	void (*work)(void *argument);
	void *argument;
	pthread_t id;
};

static void *run_thread(void *argument)
{
	struct thread *thread = argument;
	struct program *program = thread->program;

	thread->work(thread->argument);
	(void)pthread_mutex_lock(&program->lock);
	thread->next = program->ended;
	program->ended = thread;
	if (--program->threads == 0)
		(void)pthread_cond_signal(&program->all_done);
	(void)pthread_mutex_unlock(&program->lock);
	return NULL;
}

/* Joins the threads that have ended. The lock is held. */
static void reap(struct program *program)
{
	while (program->ended != NULL) {
		struct thread *thread = program->ended;

		program->ended = thread->next;
		(void)pthread_join(thread->id, NULL);
		free(thread);
	}
}

void program_start(struct program *program, void (*work)(void *argument), void *argument)
{
	struct thread *thread = must_allocate(sizeof(*thread));

	*thread = (struct thread){ .program = program, .work = work, .argument = argument };
	(void)pthread_mutex_lock(&program->lock);
	reap(program);
	program->threads++;
	if (pthread_create(&thread->id, NULL, run_thread, thread) != 0) {
		(void)fprintf(stderr, "guest: no thread\n");
		exit(2);
	}
	(void)pthread_mutex_unlock(&program->lock);
}

void program_join(struct program *program)
{
	(void)pthread_mutex_lock(&program->lock);
	while (program->threads > 0)
		(void)pthread_cond_wait(&program->all_done, &program->lock);
	reap(program);
	(void)pthread_mutex_unlock(&program->lock);
}

/* ---- Running ---------------------------------------------------------------------------------------------------- */

/* How to come to a host. */
struct way {
	char **ticket; /* arguments of a spawned guest, or */
	int ticket_count;
	const char *join; /* the path of its socket, or */
	const char *attach; /* of its segment */
	bool one_thread, loop;
};

static int come(const struct way *way, const struct roam_options *options, struct roam_guest **guest,
		struct roam_failure *failure)
{
	if (way->join != NULL)
		return roam_guest_join(way->join, 0, options, guest, failure);
	if (way->attach != NULL)
		return roam_guest_walk_up(way->attach, options, guest, failure);
	return roam_guest_attach(way->ticket_count, way->ticket, options, guest, failure);
}

/* Steps whenever the guest's descriptor is ready, until the connection has ended. */
static int run_loop(struct roam_guest *guest)
{
	struct pollfd ready = { .fd = roam_guest_fd(guest), .events = POLLIN };
	int error = ready.fd < 0 ? ready.fd : 0;

	while (error == 0) {
		if (poll(&ready, 1, -1) < 0 && errno != EINTR)
			return ROAM_ERR_SYSTEM;
		error = roam_guest_step(guest);
	}
	return error == ROAM_ERR_CLOSED || error == ROAM_ERR_HOST_LEAVING ? 0 : error;
}

/* Is a guest until the connection ends. The exit code. */
static int serve(const struct way *way)
{
	struct program program = {
		.loop = way->loop,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.all_done = PTHREAD_COND_INITIALIZER,
	};
	struct testbed_handlers handlers = unary_handlers();
	struct roam_service service = testbed_service(&handlers, &program);
	struct roam_failure failure;
	struct roam_options options;
	int error;

	if (way->loop)
		add_looping_streams(&handlers);
	else
		add_waiting_streams(&handlers);
	roam_options_init(&options);
	options.services = &service;
	options.service_count = 1;
	options.max_threads = way->loop || way->one_thread ? 1 : 0;
	options.log = log_line;
	error = come(way, &options, &program.guest, &failure);
	if (error != 0) {
		(void)fprintf(stderr, "guest: %s (%d, %s)\n", failure.text, error, roam_strerror(error));
		return 1;
	}
	error = way->loop ? run_loop(program.guest) : roam_guest_run(program.guest);
	roam_guest_failure(program.guest, &failure);
	program_join(&program);
	roam_guest_free(program.guest);
	if (error != 0)
		(void)fprintf(stderr, "guest: %s (%d, %s)\n", failure.text, error, roam_strerror(error));
	return error != 0;
}

int main(int argc, char **argv)
{
	struct way way = { .ticket = NULL };
	int cycles = 1;

	for (int i = 1; i < argc; i++) {
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(argv[i], "-one-thread") == 0) {
			way.one_thread = true;
		} else if (strcmp(argv[i], "-loop") == 0) {
			way.loop = true;
		} else if (strcmp(argv[i], "-ticket") == 0) {
			way.ticket = argv + i;
			way.ticket_count = argc - i;
			break;
		} else if (next != NULL && strcmp(argv[i], "-join") == 0) {
			way.join = argv[++i];
		} else if (next != NULL && strcmp(argv[i], "-attach") == 0) {
			way.attach = argv[++i];
		} else if (next != NULL && strcmp(argv[i], "-cycles") == 0) {
			cycles = atoi(argv[++i]);
		} else {
			(void)fprintf(stderr, "guest: unknown argument %s\n", argv[i]);
			return 2;
		}
	}
	for (; cycles > 0; cycles--) {
		int code = serve(&way);

		if (code != 0)
			return code;
	}
	return 0;
}
