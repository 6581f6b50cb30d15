#include "running.h"

#include "gate.h"

void running_create(struct running *running, const struct roam_method *methods, size_t count, uint32_t max_threads)
{
	struct roam_options options;

	roam_options_init(&options);
	options.max_threads = max_threads;
	*running = (struct running){ .result = 0 };
	gate_reset();
	pair_create(&running->pair, methods, count, NULL, &options);
}

static void *run(void *argument)
{
	struct running *running = argument;

	running->result = roam_guest_run(running->pair.guest);
	return NULL;
}

void running_start(struct running *running)
{
	pthread_create(&running->thread, NULL, run, running);
}

bool running_end(struct running *running)
{
	roam_guest_stop(running->pair.guest);
	pthread_join(running->thread, NULL);
	return pair_destroy(&running->pair) && running->result == 0;
}
