/* What follows from a step of the core, for those who wait. */

#include "call.h"
#include "channel.h"
#include "guest.h"
#include "request.h"

static struct roam_call *call_of(struct core_effect *effect)
{
	return OF(effect, struct roam_call, core.effect);
}

static struct roam_request *request_of(struct core_effect *effect)
{
	return OF(effect, struct roam_request, core.effect);
}

static struct channel *channel_of(struct core_effect *effect)
{
	return OF(effect, struct channel, core.effect);
}

void guest_settle(struct roam_guest *guest)
{
	struct core_effect *effect;
	uint8_t change;

	while ((effect = core_next_effect(&guest->core, &change)) != NULL) {
		switch ((enum core_kind)effect->kind) {
		case CORE_CALL:
			call_changed(call_of(effect), change);
			break;
		case CORE_REQUEST:
			request_changed(request_of(effect), change);
			break;
		case CORE_CHANNEL:
			channel_changed(channel_of(effect), change);
			break;
		}
	}
	if (guest->core.note != NULL)
		guest->note = guest->core.note;
	guest->core.note = NULL;
}

/* Whether what a wait lacks may be there. */
static bool may_go_on(struct roam_guest *guest, const struct wait *wait)
{
	struct idmap_node *node;

	if (!wait->blocked || wait->lack != ROAM_WAIT_CREDIT)
		return wait->blocked || wait->ticks;
	node = idmap_find(&guest->core.channels, wait->id);
	return node == NULL || channel_has_credit(OF(node, struct channel, core.node));
}

void guest_look_around(struct roam_guest *guest)
{
	channel_look(guest);
	if (guest->role.blocked == 0)
		return;
	for (struct wait *wait = guest->role.first; wait != NULL; wait = wait->next)
		if (may_go_on(guest, wait))
			role_signal(guest, wait);
}
