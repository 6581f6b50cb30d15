/* Attaching by the path of the segment. */

#include <errno.h>
#include <inttypes.h>

#include "failure.h"
#include "header.h"
#include "lock.h"
#include "state.h"

/* Goes (Empty, e) to (Reserved, e+1) to (Attached, e+1), with the lock of the entry held. */
static bool claim(struct link *link)
{
	uint64_t word = entry_load(link->entry);
	uint32_t epoch = entry_epoch(word) + 1;
	uint64_t reserved = entry_word(ROAM_STATE_RESERVED, epoch);

	if (entry_state(word) != ROAM_STATE_EMPTY || !entry_move(link->entry, word, reserved))
		return false;
	entry_set_flags(link->entry);
	state_beat(link);
	return entry_move(link->entry, reserved, entry_word(ROAM_STATE_ATTACHED, epoch));
}

/* Tries one entry: its lock is taken before its state changes, and held for as long as the guest lives. */
static int try_entry(struct link *link, uint32_t peer_id, bool *taken, struct roam_failure *failure)
{
	int error = header_check_peer(&link->segment, peer_id, failure);

	if (error != 0)
		return error;
	link->peer_id = peer_id;
	link->entry = segment_entry(&link->segment, peer_id);
	if (entry_state(entry_load(link->entry)) != ROAM_STATE_EMPTY)
		return 0;
	error = lock_take(link->segment.fd, peer_id);
	if (error == -EAGAIN)
		return 0;
	if (error != 0)
		return failure_system(failure, ROAM_ERR_SYSTEM, -error, "lock byte %" PRIu32 " of the segment", peer_id);
	*taken = claim(link);
	if (!*taken)
		lock_give_back(link->segment.fd, peer_id);
	return 0;
}

/* Takes the first entry that is free. */
static int take_empty(struct link *link, struct roam_failure *failure)
{
	uint32_t guests = link->segment.config.max_guests;
	bool taken = false;
	int error = 0;

	for (uint32_t id = 1; id <= guests && !taken && error == 0; id++)
		error = try_entry(link, id, &taken, failure);
	if (error == 0 && !taken)
		return failure_set(failure, ROAM_ERR_HUB_FULL, "hub full: all %" PRIu32 " entries are in use", guests);
	return error;
}

static int walk_up(struct link *link, const char *path, struct roam_failure *failure)
{
	int error = segment_open(path, &link->segment, failure);

	if (error != 0)
		return error;
	link->by_lock = entry_host_keeps(segment_entry(&link->segment, 1)); /* all entries of one host alike */
	if (link->by_lock && !lock_held(link->segment.fd, 0))
		return failure_set(failure, ROAM_ERR_NO_HOST, "nobody holds the host's lock on the segment");
	error = state_pulse(link, failure);
	return error != 0 ? error : take_empty(link, failure);
}

int link_walk_up(const char *path, const struct roam_allocator *allocator, struct link **made,
		 struct roam_failure *failure)
{
	struct link *link = NULL;
	int error;

	if (path == NULL || path[0] == '\0')
		return failure_set(failure, ROAM_ERR_ARGUMENT, "the path of the segment is empty");
	error = state_create(allocator, -1, &link, failure);
	if (error != 0)
		return error;
	error = failure_at(failure, walk_up(link, path, failure), "attach to", path);
	if (error != 0) {
		state_free(link);
		return error;
	}
	state_start(link);
	*made = link;
	return 0;
}
