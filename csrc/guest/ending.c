/* How a link ended. */

#include "../shared.h"
#include "ending.h"
#include "failure.h"
#include "state.h"

static const struct {
	int error;
	const char *text;
} endings[] = {
	[ENDING_NONE] = { 0, "" },
	[ENDING_LEFT] = { ROAM_ERR_CLOSED, "this side has left the host" },
	[ENDING_HOST_LEAVING] = { ROAM_ERR_HOST_LEAVING, "the host is leaving" },
	[ENDING_EVICTED] = { ROAM_ERR_EVICTED, "the host ended the connection" },
	[ENDING_HUNG_UP] = { ROAM_ERR_HOST_DIED, "the host died: its end of the doorbell is closed" },
	[ENDING_LOCK_GONE] = { ROAM_ERR_HOST_DIED, "the host died: its lock on the segment is gone" },
	[ENDING_PROCESS_ENDED] = { ROAM_ERR_HOST_DIED, "the host died: its process ended" },
};

void ending_set(struct link *link, enum ending ending)
{
	uint32_t lives = ENDING_NONE;

	if (__atomic_compare_exchange_n(&link->ending, &lives, (uint32_t)ending, false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST))
		link_interrupt(link);
}

void ending_host_gone(struct link *link, enum ending ending)
{
	if (link_look(link, NULL) == 0)
		ending_set(link, ending);
}

int link_look(struct link *link, struct roam_failure *failure)
{
	uint32_t ending = load_ordered32(&link->ending);

	if (ending == ENDING_NONE && segment_host_leaving(&link->segment))
		ending_set(link, ENDING_HOST_LEAVING);
	else if (ending == ENDING_NONE && entry_state(entry_load(link->entry)) != ROAM_STATE_ATTACHED)
		ending_set(link, ENDING_EVICTED);
	ending = load_ordered32(&link->ending); /* another thread's may have come first */
	if (ending == ENDING_NONE)
		return 0;
	return failure_set(failure, endings[ending].error, "%s", endings[ending].text);
}
