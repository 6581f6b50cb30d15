/*
 * Tombs: channels that this side reset, kept until the other side's end of them comes, so that what was sent before it
 * saw the Reset is ignored. Where ids are not bounded by a table their number has a bound of its own: past it the
 * oldest is forgotten, and from then on what comes for an ended channel of its parity is dropped, since it may have
 * been that one's.
 */

#include "core_state.h"

void core_bury(struct core *core, struct core_channel *channel)
{
	if (core_tabled(core))
		return;
	channel->tomb = true;
	channel->newer = NULL;
	channel->older = core->newest;
	if (core->newest == NULL)
		core->oldest = channel;
	else
		core->newest->newer = channel;
	core->newest = channel;
	if (++core->tombs > CORE_TOMBS) {
		core->forgot[core->oldest->node.id & 1] = true;
		core_unregister(core, core->oldest);
	}
}

void core_exhume(struct core *core, struct core_channel *channel)
{
	if (!channel->tomb)
		return;
	channel->tomb = false;
	if (channel->older == NULL)
		core->oldest = channel->newer;
	else
		channel->older->newer = channel->newer;
	if (channel->newer == NULL)
		core->newest = channel->older;
	else
		channel->newer->older = channel->older;
	core->tombs--;
}
