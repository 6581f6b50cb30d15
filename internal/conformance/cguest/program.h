/*
 * program.h: the guest of the conformance tests in C. It serves the Testbed, whose methods the Go package testbed
 * describes, and plays its scenarios against the host.
 *
 * It runs in one of three ways, which its handlers respect: with the library's threads, with one thread, or in an event
 * loop (struct program's loop), where no handler waits.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <roam/guest.h>

#include "testbed_roam.h"

/* ---- The program ------------------------------------------------------------------------------------------------ */

struct thread;

struct program {
	struct roam_guest *guest;
	bool loop; /* handlers must not wait */

	/* Threads of the program's own that use the guest: it is freed when there are none. */
	pthread_mutex_t lock;
	pthread_cond_t all_done;
	unsigned threads;
	struct thread *ended; /* to be joined */
};

/* Runs work in a thread of its own, which the program waits for before it leaves. */
void program_start(struct program *program, void (*work)(void *argument), void *argument);

/* Waits for all of them. */
void program_join(struct program *program);

void *must_allocate(size_t size); /* zeroed; the program ends when there is none */

/* ---- Handlers --------------------------------------------------------------------------------------------------- */

/* The handlers for the way in which the program runs; for an event loop those of streams are others. */
struct testbed_handlers unary_handlers(void);
void add_waiting_streams(struct testbed_handlers *handlers);
void add_looping_streams(struct testbed_handlers *handlers);

/* Those that are the same. */
int linger_stream(struct roam_request *request, const struct testbed_linger_arguments *arguments);
int ignore_stream(struct roam_request *request, const struct testbed_ignore_arguments *arguments, uint64_t *result);
int hold_stream(struct roam_request *request, const struct testbed_hold_arguments *arguments);
int break_streams(struct roam_request *request, const struct testbed_break_arguments *arguments);

/* text in upper case, into as many bytes. */
void upper_case(char *into, struct roam_string text);

/* ---- Scenarios -------------------------------------------------------------------------------------------------- */

/* struct play: one scenario that is played. */
struct play {
	struct roam_guest *guest;
	struct roam_call_options options; /* within the request that asked for it */
	int64_t n;

	pthread_mutex_t lock;
	int error;      /* the first that a worker met */
	char text[512]; /* what went wrong, if it was no error of the library */
};

typedef void scenario(struct play *play);

/* The scenario of a name, NULL when there is none. */
scenario *scenario_named(struct roam_string name);

/* Notes an error of the library and says whether it was one. */
bool play_met(struct play *play, int error);

/* Whether anything went wrong. */
bool play_failed(struct play *play);

/* Notes what went wrong. */
void play_wrong(struct play *play, const char *format, ...) ROAM_PRINTF(2, 3);

/* Runs work by so many threads at once, for the numbers from 0 on. */
void play_at_once(struct play *play, unsigned workers, void (*work)(struct play *play, unsigned worker));

scenario play_echo, play_concurrent, play_failures, play_cancel, play_deadline, play_large, play_borrow, play_keep,
	play_kept, play_crowd;
scenario play_sum, play_generate, play_transform, play_upload, play_download, play_lend, play_draft, play_channels,
	play_unread, play_abandon, play_unheard, play_dropped;

#endif
