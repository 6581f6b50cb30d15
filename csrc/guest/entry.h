/*
 * entry.h: state and epoch of a peer entry. The layout puts them side by side, so that one access covers both: a claim
 * can never succeed on a later reservation of the same entry. Internal.
 */
#ifndef ROAM_GUEST_ENTRY_H
#define ROAM_GUEST_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../roam/guest.h"
#include "../roam/shm.h"

/* state in the low half, epoch in the high half. */
static inline uint64_t entry_word(uint32_t state, uint32_t epoch)
{
	return (uint64_t)epoch << 32 | state;
}

static inline uint32_t entry_state(uint64_t word)
{
	return (uint32_t)word;
}

static inline uint32_t entry_epoch(uint64_t word)
{
	return (uint32_t)(word >> 32);
}

/* Ordered: after a waiter has set its flag. */
uint64_t entry_load(const struct roam_peer *entry);

/* Goes from one word to another; false when it was not, or no longer, the first. What was written to the entry before
 * is visible to whoever sees the second. */
bool entry_move(struct roam_peer *entry, uint64_t from, uint64_t to);

/* Says that the guest of the entry keeps flags and channel table. */
void entry_set_flags(struct roam_peer *entry);

/* Whether the host keeps flags and, with a path, its lock. */
bool entry_host_keeps(const struct roam_peer *entry);

/* A word as people read it, "reserved with epoch 3", into text, which it returns. */
#define ENTRY_TEXT 48
const char *entry_text(uint64_t word, char text[ENTRY_TEXT]);

/* Words that an entry is not what a claim expects. */
int entry_claim_failure(uint32_t peer_id, uint64_t found, const char *expected, struct roam_failure *failure);

#endif
