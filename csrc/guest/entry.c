/* State and epoch of a peer entry. */

#include <inttypes.h>
#include <stdio.h>

#include "../shared.h"
#include "entry.h"
#include "failure.h"

ROAM_STATIC_ASSERT(offsetof(struct roam_peer, epoch) == offsetof(struct roam_peer, state) + 4, "one 64-bit word");

/* The segment is little-endian and entries are multiples of 64 bytes: one aligned word. */
static uint64_t *word_of(struct roam_peer *entry)
{
	return (uint64_t *)(void *)entry;
}

uint64_t entry_load(const struct roam_peer *entry)
{
	return load_ordered64((const uint64_t *)(const void *)entry);
}

bool entry_move(struct roam_peer *entry, uint64_t from, uint64_t to)
{
	return __atomic_compare_exchange_n(word_of(entry), &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

void entry_set_flags(struct roam_peer *entry)
{
	/* Whole; the claim that follows publishes it. */
	store_whole32(&entry->guest_flags, ROAM_FLAG_KEEPS | ROAM_FLAG_TABLE);
}

bool entry_host_keeps(const struct roam_peer *entry)
{
	return (load_acquire32(&entry->host_flags) & ROAM_FLAG_KEEPS) != 0;
}

const char *entry_text(uint64_t word, char text[ENTRY_TEXT])
{
	static const char *const names[] = { "empty", "attached", "goodbye", "reserved" };
	uint32_t state = entry_state(word);

	if (state < sizeof(names) / sizeof(names[0]))
		(void)snprintf(text, ENTRY_TEXT, "%s with epoch %" PRIu32, names[state], entry_epoch(word));
	else
		(void)snprintf(text, ENTRY_TEXT, "state %" PRIu32 " with epoch %" PRIu32, state, entry_epoch(word));
	return text;
}

int entry_claim_failure(uint32_t peer_id, uint64_t found, const char *expected, struct roam_failure *failure)
{
	char text[ENTRY_TEXT];

	return failure_set(failure, ROAM_ERR_CLAIM, "entry %" PRIu32 " is %s, must be %s", peer_id,
			   entry_text(found, text), expected);
}
