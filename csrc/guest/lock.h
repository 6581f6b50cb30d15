/*
 * lock.h: a walk-up guest P and the host of a segment with a path each hold a write lock on one byte of the file, P and
 * 0, for as long as they live. Internal.
 *
 * The locks belong to the open file description, so that the kernel drops one when the last descriptor and mapping made
 * from it are gone: at death at the latest. Nothing here blocks.
 */
#ifndef ROAM_GUEST_LOCK_H
#define ROAM_GUEST_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Takes the lock on a byte: 0, -EAGAIN when another has it, or another negative errno. */
int lock_take(int fd, uint32_t byte);

void lock_give_back(int fd, uint32_t byte);

/* Whether another open file description holds the byte. When the kernel does not answer it is taken to be held: no peer
 * is declared dead by that. */
bool lock_held(int fd, uint32_t byte);

#endif
