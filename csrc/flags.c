//go:build linux && cgo && !purego

/* Waiter flags: a side says that it sleeps, so that the other wakes only then. */

#include "roam/shm.h"
#include "shared.h"

void roam_flags_set(uint32_t *flags, uint32_t bits)
{
	/* Ordered: before the waiter's last look at what it waits for. */
	(void)__atomic_fetch_or(flags, bits, __ATOMIC_SEQ_CST);
}

void roam_flags_clear(uint32_t *flags, uint32_t bits)
{
	(void)__atomic_fetch_and(flags, ~bits, __ATOMIC_SEQ_CST);
}

bool roam_flags_ask(const uint32_t *peer_flags, enum roam_wait kind)
{
	uint32_t flags = load_ordered32(peer_flags);
	uint32_t either = (uint32_t)(ROAM_FLAG_FUTEX_MESSAGES | ROAM_FLAG_BELL_MESSAGES) << kind;

	return (flags & ROAM_FLAG_KEEPS) == 0 || (flags & either) != 0;
}

bool roam_wake(const uint32_t *peer_flags, enum roam_wait kind, uint32_t *word)
{
	/* Ordered: after the store that a waiter may wait for. */
	uint32_t flags = load_ordered32(peer_flags);
	bool foreign = (flags & ROAM_FLAG_KEEPS) == 0;

	if (foreign || (flags & ((uint32_t)ROAM_FLAG_FUTEX_MESSAGES << kind)) != 0)
		roam_futex_wake(word);
	return foreign || (flags & ((uint32_t)ROAM_FLAG_BELL_MESSAGES << kind)) != 0;
}
