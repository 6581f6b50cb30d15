//go:build linux && cgo && !purego

/* The channel table: who may send how much. One entry serves one direction. */

#include "roam/shm.h"
#include "shared.h"

void roam_channel_activate(struct roam_channel *entry, uint32_t credit)
{
	store_whole32(&entry->granted_total, credit);
	/* Release: the credit before the state. */
	store_release32(&entry->state, ROAM_ENTRY_ACTIVE);
}

uint32_t roam_channel_granted(const struct roam_channel *entry)
{
	/* Acquire: what the grant pays for was consumed. Ordered: after a waiter for credit has set its flag. */
	return load_ordered32(&entry->granted_total);
}

void roam_channel_grant(struct roam_channel *entry, uint32_t bytes)
{
	/* Release: what it pays for was consumed before. Ordered: before the waker's look at the flags. */
	add_ordered32(&entry->granted_total, bytes);
}

int32_t roam_channel_remaining(const struct roam_channel *entry, uint32_t sent_total)
{
	/* Both wrap, so only the difference says anything; conversion to a signed type keeps the bits. */
	return (int32_t)(roam_channel_granted(entry) - sent_total);
}

void roam_channel_free(struct roam_channel *entry)
{
	/* Release: every other access of this use lies before. */
	store_release32(&entry->state, ROAM_ENTRY_FREE);
}

uint32_t roam_channel_state(const struct roam_channel *entry)
{
	/* Acquire: the credit of an Active entry, and the end of the use of a Free one, lie before. */
	return load_acquire32(&entry->state);
}
