/* A link sends and receives, and what it knows of itself. */

#include <errno.h>

#include "../shared.h"
#include "clock.h"
#include "ending.h"
#include "state.h"

static const struct roam_slot any_slot = { .index = ROAM_INLINE_SLOT };

uint32_t link_peer_id(const struct link *link)
{
	return link->peer_id;
}

struct roam_limits link_limits(const struct link *link)
{
	return (struct roam_limits){
		.max_payload_size = link->segment.config.max_payload_size,
		.initial_credit = link->segment.config.initial_credit,
		.max_channels = link->segment.config.max_channels,
	};
}

bool link_foreign(const struct link *link)
{
	return link->foreign;
}

uint32_t link_slot_capacity(const struct link *link)
{
	uint32_t capacity = roam_pool_capacity(&link->end.peer_pool);

	return capacity > ROAM_INLINE_MAX ? capacity : ROAM_INLINE_MAX;
}

enum roam_status link_stage(struct link *link, enum roam_msg type, uint32_t id, uint64_t method, const void *prefix,
			    size_t prefix_len, const void *payload, size_t payload_len)
{
	if (load_once32(&link->left) != 0)
		return ROAM_NO_SPACE;
	return roam_end_stage(&link->end, type, id, method, prefix, prefix_len, payload, payload_len, any_slot);
}

/* Notes that the doorbell has to be rung. */
static void owe(struct link *link, bool bell)
{
	if (bell && link->bell >= 0)
		store_ordered32(&link->bell_due, 1);
}

void link_commit(struct link *link)
{
	owe(link, roam_end_commit(&link->end));
	if (load_once32(&link->resting) != 0)
		roam_end_give_back(&link->end); /* nobody may come back to it for long */
	else
		roam_end_look_ahead(&link->end);
}

void link_rest(struct link *link)
{
	if (load_once32(&link->left) != 0)
		return;
	link_settle(link);
	store_whole32(&link->resting, 1);
	roam_end_give_back(&link->end);
}

void link_abort(struct link *link)
{
	roam_end_abort(&link->end);
}

void link_notify(struct link *link)
{
	int error;

	if (load_once32(&link->bell_due) == 0 || __atomic_exchange_n(&link->bell_due, 0, __ATOMIC_SEQ_CST) == 0)
		return;
	error = roam_bell_ring(link->bell);
	if (error == -EPIPE)
		ending_host_gone(link, ENDING_HUNG_UP);
	else if (error != 0)
		owe(link, true); /* no memory in the kernel, say: the next time, which is soon */
}

struct roam_received link_receive(struct link *link, struct roam_message *messages, uint32_t max, void *arena,
				  size_t arena_len)
{
	struct roam_received received = { .status = ROAM_OK };

	if (load_once32(&link->left) != 0)
		return received;
	received = roam_end_receive(&link->end, messages, max, arena, arena_len);
	owe(link, received.bell);
	if (received.count > 0 && load_once32(&link->resting) != 0)
		store_whole32(&link->resting, 0);
	return received;
}

void link_settle(struct link *link)
{
	if (load_once32(&link->left) == 0)
		owe(link, roam_end_settle(&link->end));
}

bool link_pending(const struct link *link)
{
	return roam_end_pending(&link->end);
}

uint32_t link_head(const struct link *link)
{
	return roam_end_head(&link->end);
}

bool link_spin(const struct link *link, int64_t ns)
{
	int64_t end = clock_after(clock_now(), ns);

	do {
		if (roam_end_spin(&link->end, 8)) /* about a microsecond between looks at the clock */
			return true;
	} while (clock_now() < end);
	return false;
}

void link_grant(struct link *link, uint32_t channel_id, uint32_t bytes)
{
	if (load_once32(&link->left) == 0)
		owe(link, roam_end_grant(&link->end, channel_id, bytes));
}

struct roam_channel *link_channel(const struct link *link, uint32_t id)
{
	return load_once32(&link->left) == 0 ? roam_end_channel(&link->end, id) : NULL;
}
