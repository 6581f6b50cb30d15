/*
 * word.h: futex words of this process alone, as those of the segment are in roam/shm.h. Internal.
 */
#ifndef ROAM_GUEST_WORD_H
#define ROAM_GUEST_WORD_H

#include <stdint.h>

/* Wakes everybody who sleeps on word. Never blocks; also in a signal handler, but for errno. */
void word_wake(uint32_t *word);

/* Blocks while *word is seen, until woken or for at most timeout nanoseconds, over 0. May return for no reason. */
void word_wait(uint32_t *word, uint32_t seen, int64_t timeout);

#endif
