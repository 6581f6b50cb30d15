/*
 * link.h: a guest's end of its segment: how it attaches, sends, receives, waits and leaves. It knows messages, but
 * neither calls nor channels. Internal.
 *
 * Who may call: link_stage, link_commit, link_abort and link_leave one thread at a time, the one that sends;
 * link_receive, link_wait, link_fd, link_prepare and link_finish one thread at a time, the one that receives;
 * everything else any thread at once, until link_close.
 */
#ifndef ROAM_LINK_H
#define ROAM_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "../roam/guest.h"
#include "../roam/shm.h"

struct link;

/* Attach, each with the errors that roam/guest.h gives for it. allocator must outlive the link. */
int link_attach(int argc, char *const *argv, const struct roam_allocator *allocator, struct link **link,
		struct roam_failure *failure);
int link_join(const char *socket_path, int64_t timeout_ns, const struct roam_allocator *allocator, struct link **link,
	      struct roam_failure *failure);
int link_walk_up(const char *path, const struct roam_allocator *allocator, struct link **link,
		 struct roam_failure *failure);

uint32_t link_peer_id(const struct link *link);
struct roam_limits link_limits(const struct link *link);

/* The host keeps neither flags nor channel table: it is of another implementation. */
bool link_foreign(const struct link *link);

/* Bytes of the largest payload that a slot holds: an arena of as many takes any message. */
uint32_t link_slot_capacity(const struct link *link);

/* ---- Sending ---------------------------------------------------------------------------------------------------- */

/* As roam_end_stage, the slot taken from this guest's pool. */
enum roam_status link_stage(struct link *link, enum roam_msg type, uint32_t id, uint64_t method, const void *prefix,
			    size_t prefix_len, const void *payload, size_t payload_len);
/* Makes it visible and wakes a host that sleeps on the ring; one that sleeps on its doorbell is left to link_notify. */
void link_commit(struct link *link);
void link_abort(struct link *link);

/* Settles, and gives back the slots that were taken ahead for messages to come; until the next message comes, sending
 * keeps none. By who receives and may send, before it sleeps or stops for long. */
void link_rest(struct link *link);

/* Rings the doorbell where a commit, receive or grant before it found the host asleep on it. Outside of locks. */
void link_notify(struct link *link);

/* ---- Receiving -------------------------------------------------------------------------------------------------- */

struct roam_received link_receive(struct link *link, struct roam_message *messages, uint32_t max, void *arena,
				  size_t arena_len);

/* Tells the host of all ring places that are free, as link_receive does for many at once. link_wait and link_prepare
 * begin with it. */
void link_settle(struct link *link);

bool link_pending(const struct link *link);
/* Any thread: how far the host has written its ring, comparable with roam_message.seq. */
uint32_t link_head(const struct link *link);
/* Polls for so long, nanoseconds; whether a message is there. */
bool link_spin(const struct link *link, int64_t ns);

/* 0 while the host serves this guest, else how it ended (ROAM_ERR_HOST_LEAVING, _EVICTED, _HOST_DIED, or _CLOSED by
 * link_leave), from then on the same; messages that came before may still lie in the ring. failure, if not NULL, is
 * filled in then. */
int link_look(struct link *link, struct roam_failure *failure);

void link_grant(struct link *link, uint32_t channel_id, uint32_t bytes);
/* NULL for an id the table does not have, and for all from link_stop on. */
struct roam_channel *link_channel(const struct link *link, uint32_t id);

/* ---- Waiting ---------------------------------------------------------------------------------------------------- */

/*
 * Counts a waiter of this process in or out: between the two the host wakes this side when what it waits for may have
 * come about, and link_wait returns. id is the channel for ROAM_WAIT_CREDIT, else 0. After link_arm the caller looks at
 * its condition once more before anybody sleeps.
 */
void link_arm(struct link *link, enum roam_wait kind, uint32_t id);
void link_disarm(struct link *link, enum roam_wait kind, uint32_t id);

/*
 * Sleeps until a message or something armed may be there, link_interrupt, the end of the host, or for at most bound_ns
 * nanoseconds (negative: as long as it takes). It declares its own wait for messages. busy: a call or channel is open,
 * which makes sleeps against a foreign host short. Spurious returns are allowed; look at everything again. It keeps
 * the watch over a host's lock going as long as it is called again. What is owed to the doorbell it rings first.
 */
void link_wait(struct link *link, bool busy, int64_t bound_ns);

/* Makes the link_wait under way, or the next, return. Also from a signal handler. */
void link_interrupt(struct link *link);

/* Watches the host where that is due; returns how long until it is again, nanoseconds, negative for never. link_wait does
 * it by itself; for who does not wait for long. Any thread. */
int64_t link_tend(struct link *link);

/*
 * For an event loop, in place of link_wait: a descriptor that is readable when link_wait would return; a negative
 * error. link_prepare makes it so for what is armed, and wakes after at most bound_ns (negative: never by time);
 * link_finish takes in why it became readable. Between them the caller looks at everything once more, and only then
 * polls. A link_wait between them undoes the link_prepare, and leaves the descriptor readable.
 */
int link_fd(struct link *link, struct roam_failure *failure);
void link_prepare(struct link *link, bool busy, int64_t bound_ns);
void link_finish(struct link *link);

/* ---- Leaving ---------------------------------------------------------------------------------------------------- */

/*
 * From now on nothing but link_leave, and until its goodbye the heartbeat, writes to the segment: link_stage says ROAM_NO_SPACE, nothing is received, and the
 * rest does nothing. The thread that sends calls it, with nothing staged, while none receives or waits. Idempotent.
 */
void link_stop(struct link *link);

/*
 * Leaves in order: waits until the host has received what was committed, at most timeout_ns, then says goodbye in the
 * entry. goodbye is the reason, NULL for none: a Goodbye message with it goes before that, if there is room.
 * Idempotent. It begins with link_stop; from then on link_look says ROAM_ERR_CLOSED if nothing else came first, and
 * link_wait returns at once. A thread that is in link_wait all the same is sent out, and writes no flags after the goodbye.
 */
void link_leave(struct link *link, const char *goodbye, int64_t timeout_ns);

/* Leaves if that was not done, unmaps, lets the lock go and closes the doorbell last. Nobody else uses the link. */
void link_close(struct link *link);

#endif
