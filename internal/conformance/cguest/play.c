/* How scenarios are played. */
#include <stdio.h>
#include <stdlib.h>

#include "program.h"

static const struct {
	const char *name;
	scenario *play;
} scenarios[] = {
	{ "echo", play_echo },
	{ "concurrent", play_concurrent },
	{ "sum", play_sum },
	{ "generate", play_generate },
	{ "transform", play_transform },
	{ "upload", play_upload },
	{ "download", play_download },
	{ "failures", play_failures },
	{ "cancel", play_cancel },
	{ "channels", play_channels },
	{ "large", play_large },
	{ "unread", play_unread },
	{ "deadline", play_deadline },
	{ "borrow", play_borrow },
	{ "keep", play_keep },
	{ "kept", play_kept },
	{ "lend", play_lend },
	{ "draft", play_draft },
	{ "crowd", play_crowd },
	{ "abandon", play_abandon },
	{ "unheard", play_unheard },
	{ "dropped", play_dropped },
};

scenario *scenario_named(struct roam_string name)
{
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		if (roam_string_equal(name, roam_string_of(scenarios[i].name)))
			return scenarios[i].play;
	return NULL;
}

bool play_met(struct play *play, int error)
{
	if (error == 0)
		return false;
	(void)pthread_mutex_lock(&play->lock);
	if (play->error == 0)
		play->error = error;
	(void)pthread_mutex_unlock(&play->lock);
	return true;
}

bool play_failed(struct play *play)
{
	bool failed;

	(void)pthread_mutex_lock(&play->lock);
	failed = play->error != 0 || play->text[0] != '\0';
	(void)pthread_mutex_unlock(&play->lock);
	return failed;
}

void play_wrong(struct play *play, const char *format, ...)
{
	va_list values;

	(void)pthread_mutex_lock(&play->lock);
	va_start(values, format);
	if (play->text[0] == '\0')
		(void)vsnprintf(play->text, sizeof(play->text), format, values);
	va_end(values);
	(void)pthread_mutex_unlock(&play->lock);
}

/* struct worker: one of those that play at once. */
struct worker {
	struct play *play;
	unsigned number;
	void (*work)(struct play *play, unsigned worker);
	pthread_t thread;
};

static void *run_worker(void *argument)
{
	struct worker *worker = argument;

	worker->work(worker->play, worker->number);
	return NULL;
}

void play_at_once(struct play *play, unsigned workers, void (*work)(struct play *play, unsigned worker))
{
	struct worker *all = must_allocate(workers * sizeof(*all));

	for (unsigned i = 0; i < workers; i++) {
		all[i] = (struct worker){ .play = play, .number = i, .work = work };
		if (pthread_create(&all[i].thread, NULL, run_worker, &all[i]) != 0) {
			(void)fprintf(stderr, "guest: no thread\n");
			exit(2);
		}
	}
	for (unsigned i = 0; i < workers; i++)
		(void)pthread_join(all[i].thread, NULL);
	free(all);
}
