/*
 * waiters.h: those of this process that wait for the host, with their flag bits. Internal.
 *
 * A count and its bit change together under one lock: were they apart, one waiter's last step could clear the bit that
 * another has just set. Bits are those of a sleep on the doorbell or those of a sleep on futex words, all of one sort.
 */
#ifndef ROAM_GUEST_WAITERS_H
#define ROAM_GUEST_WAITERS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "../roam/guest.h"
#include "../roam/shm.h"

/* struct watched: a word that somebody armed. */
struct watched {
	uint32_t *word;
	uint32_t count; /* waiters that armed it */
	/* The value from before the last look at the condition: of the first link_arm, or of the end of a sleep. A sleep
	 * while the word has it cannot miss what came since. */
	uint32_t seen;
};

/* struct waiters: all but the first two under lock. */
struct waiters {
	const struct roam_allocator *allocator;
	pthread_mutex_t lock;
	uint32_t counts[ROAM_WAIT_CREDIT + 1]; /* by enum roam_wait */
	bool by_bell;    /* the bits are those of a sleep on the doorbell */
	bool leaving;    /* link_leave sleeps on the tail of the outgoing ring */
	bool over;       /* the flags stay as they are */
	bool sleeps;     /* the receiver sleeps, on what was armed when it began */
	uint32_t *flags; /* own flags word, in the segment */
	uint32_t bits;   /* set in it */
	struct watched *words;
	uint32_t word_count, word_capacity;
	uint32_t unwatched; /* waiters whose word found no memory: sleeps are short meanwhile */
};

/* 0, or a positive errno. */
int waiters_init(struct waiters *waiters, const struct roam_allocator *allocator);
void waiters_destroy(struct waiters *waiters);

/* Counts a waiter of a kind in; word is what it waits for, NULL if that is no word. Whether a sleep is under way that
 * has to begin anew: it does not know the word, or may last longer than one for a slot. */
bool waiters_add(struct waiters *waiters, enum roam_wait kind, uint32_t *word);
void waiters_remove(struct waiters *waiters, enum roam_wait kind, const uint32_t *word);

/* The most words that waiters_words gives: a sleep is on two more. */
#define WAITERS_WORDS (ROAM_FUTEX_MAX - 2)

/* The receiver is about to sleep, for messages and all that is armed, for at most *bound nanoseconds: less when what is
 * armed asks for it. Whether a word has changed since the last look: then it must not. */
bool waiters_begin(struct waiters *waiters, bool by_bell, int64_t *bound);

/* The words to sleep on, into a vector for WAITERS_WORDS of them. */
uint32_t waiters_words(struct waiters *waiters, struct roam_futex *vector);

/* The receiver has slept, and is about to look at everything. */
void waiters_end(struct waiters *waiters);

/* link_leave is about to sleep on the tail of the outgoing ring. */
void waiters_leave(struct waiters *waiters);

/* It has done so: the flags are never written again, since the next guest's they may be. */
void waiters_over(struct waiters *waiters);

#endif
