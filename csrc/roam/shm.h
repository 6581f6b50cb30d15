/*
 * roam/shm.h: roam's shared segment, version 1, and what one side does in it.
 *
 * One host creates a segment; up to 255 guests map the same file. Host and each guest exchange messages over a pair of
 * rings. A message is a descriptor of one cache line; a payload that does not fit in it lies in a slot of the sender's
 * pool, which the receiver returns. Each stream of data within the connection has an entry in a channel table, through
 * which its receiver grants credit.
 *
 * The pieces stand on their own: ring, slot pool, channel table, waiter flags and futexes, doorbell. struct roam_end,
 * last, puts them together: one call stages a message, one commits it, one receives a batch.
 *
 * Everything that lies in the segment may be changed by a peer at any time. The library therefore copies once what a
 * descriptor says, checks the copy and uses only that; indices, sizes and addresses come from private memory.
 *
 * Nothing here allocates, and nothing blocks but the functions whose comment says so.
 */
#ifndef ROAM_SHM_H
#define ROAM_SHM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* exported from the shared library, whose other symbols are hidden */

/* ---- Outcomes --------------------------------------------------------------------------------------------------- */

/*
 * enum roam_status: the outcome of a step. From ROAM_BAD_TYPE on the peer broke a rule: its connection ends with a
 * Goodbye that carries roam_rule(status).
 */
enum roam_status {
	ROAM_OK = 0,
	ROAM_NO_SPACE = 1,   /* the ring is full: wait for space */
	ROAM_NO_SLOT = 2,    /* no slot is free: wait for a slot */
	ROAM_ARENA_FULL = 3, /* the next payload does not fit in what is left of the arena */
	ROAM_TOO_LONG = 4,   /* the payload is longer than a slot */
	ROAM_BAD_TYPE = 5,   /* unknown msg_type */
	ROAM_BAD_INLINE = 6, /* inline payload with a length over 32, a generation or an offset */
	ROAM_BAD_SLOT = 7,   /* slot index or generation, or a slot that is not out */
	ROAM_BAD_EXTENT = 8, /* offset + length past the end of the slot */
	ROAM_BAD_RING = 9,   /* head and tail further apart than the ring */
	ROAM_ZERO_ID = 10,     /* channel id 0 */
	ROAM_BAD_CHANNEL = 11, /* channel id at or over max_channels */
	ROAM_BAD_CREDIT = 12   /* remaining credit is negative */
};

/* The protocol's id of the rule that a peer broke, a string that lives for ever; NULL when status is not a fault. */
const char *roam_rule(enum roam_status status);

/* ---- Where everything lies -------------------------------------------------------------------------------------- */

/* struct roam_config: the sizes a host chooses, as struct roam_header names them. */
struct roam_config {
	uint32_t max_payload_size;
	uint32_t initial_credit;
	uint32_t max_guests;
	uint32_t ring_size;
	uint32_t slot_size;
	uint32_t slots_per_guest;
	uint32_t max_channels;
};

/* struct roam_layout: the offsets and sizes, bytes, that follow from a configuration with fixed slot pools. */
struct roam_layout {
	uint64_t peer_table_offset;
	uint64_t slot_region_offset; /* the host's pool; guest P's lies P * pool_size further */
	uint64_t pool_header_size;   /* from a pool to its first slot */
	uint64_t pool_size;
	uint64_t guest_areas_offset; /* guest P's rings lie (P-1) * guest_area_size further */
	uint64_t guest_area_size;
	uint64_t channel_table;      /* from a guest's area to its channel table */
	uint64_t total_size;
};

/*
 * Checks config against the bounds of the layout and works the layout out. NULL, or the name of the field that is out
 * of bounds: "total_size" when the whole exceeds 2^63-1 bytes. *layout is written only when all is well.
 */
const char *roam_layout_compute(const struct roam_config *config, struct roam_layout *layout);

/* ---- Ring ------------------------------------------------------------------------------------------------------- */

/*
 * struct roam_ring: one side's view of one ring, private memory of its one producer or its one consumer. Indices run
 * freely and wrap at 2^32; only their difference counts. One place stays empty.
 */
struct roam_ring {
	struct roam_desc *descs; /* in the segment */
	uint32_t *own;           /* in the segment: the index this side writes; read at the start, and for a hint */
	uint32_t *other;         /* in the segment: the index the other side writes */
	uint32_t mask;           /* size - 1, and the most messages the ring holds */
	uint32_t next;           /* this side's index: of the next message to write or to read */
	uint32_t seen;           /* the other side's index when last read; within mask of next */
	uint32_t told;           /* consumer: the value of own; next is up to a quarter of the ring further */
};

/*
 * Start from the indices that stand in the segment, which the caller has found clean or has just written. size is a
 * power of two, at least 2, and comes from checked private memory.
 */
void roam_ring_producer(struct roam_ring *ring, struct roam_desc *descs, uint32_t *head, uint32_t *tail,
			uint32_t size);
void roam_ring_consumer(struct roam_ring *ring, struct roam_desc *descs, uint32_t *head, uint32_t *tail,
			uint32_t size);

/* Producer: *place is where the next descriptor goes; the consumer does not look there yet. Reads the consumer's index
 * only when the copy of it says full. ROAM_OK, ROAM_NO_SPACE or ROAM_BAD_RING. Nothing is held: a reserve that is not
 * followed by a commit needs no undoing. */
enum roam_status roam_ring_reserve(struct roam_ring *ring, struct roam_desc **place);

/* Producer: counts the reserved descriptor, filled in by now, as written. It is not visible before publish. */
void roam_ring_commit(struct roam_ring *ring);

/* Producer: makes all that was committed visible, with one store that is also the waker's fence (roam_wake). */
void roam_ring_publish(struct roam_ring *ring);

/* Consumer: *count is how many descriptors may be copied. Reads the producer's index only when fewer than want are
 * known to be there. ROAM_OK or ROAM_BAD_RING. */
enum roam_status roam_ring_arrived(struct roam_ring *ring, uint32_t want, uint32_t *count);

/* Consumer: copies the nth descriptor from the next on, n below what arrived, reading each byte once. */
void roam_ring_copy(const struct roam_ring *ring, uint32_t n, struct roam_desc *copy);

/*
 * Consumer: gives the next n places back. The producer learns of it when a quarter of the ring is free so: to tell it
 * of each by itself would take the line of the indices from it for every message. Returns whether it was told, by a
 * store that is also the waker's fence (roam_wake).
 */
bool roam_ring_release(struct roam_ring *ring, uint32_t n);

/* Consumer: tells the producer of all places that were given back; false when it knew. Before the consumer sleeps, and
 * when the producer waits for space. */
bool roam_ring_settle(struct roam_ring *ring);

/* ---- Fixed slot pool -------------------------------------------------------------------------------------------- */

/* struct roam_slot: a slot that was taken and the generation that its descriptor carries. */
struct roam_slot {
	uint32_t index;
	uint32_t generation;
};

/*
 * struct roam_pool: one process's view of a pool, private memory, constant after roam_pool_init. Every function below
 * may be called at once with every other, from any thread and process.
 */
struct roam_pool {
	uint64_t *bitmap;     /* in the segment: bit i % 64 of word i / 64 is slot i, 1 = free */
	unsigned char *slots; /* in the segment */
	uint32_t slot_size;   /* bytes, generation included */
	uint32_t count;       /* slots */
};

/* The pool of count slots at base, whose first slot lies header bytes further. */
void roam_pool_init(struct roam_pool *pool, void *base, uint64_t header, uint32_t slot_size, uint32_t count);

/* Marks every slot free. The caller excludes all others. */
void roam_pool_clear(struct roam_pool *pool);

/* Takes the lowest free slot; false when none is. */
bool roam_pool_take(const struct roam_pool *pool, struct roam_slot *taken);

/* Takes slot index; false when it is not free or there is no such slot. */
bool roam_pool_take_at(const struct roam_pool *pool, uint32_t index, struct roam_slot *taken);

/* Receiver: whether slot index is taken and has this generation. */
bool roam_pool_is_out(const struct roam_pool *pool, uint32_t index, uint32_t generation);

/* Receiver: gives back the slot of a message. ROAM_OK, or ROAM_BAD_SLOT when index or generation is wrong or the slot
 * is free already; then nothing was changed. */
enum roam_status roam_pool_return(const struct roam_pool *pool, uint32_t index, uint32_t generation);

/* Taker: gives back a slot that it took and sent to nobody. index is below count. */
void roam_pool_untake(const struct roam_pool *pool, uint32_t index);

/* Free slots, at a moment near now. */
uint32_t roam_pool_free(const struct roam_pool *pool);

/* Whether slot index is free now; false also when there is no such slot. */
bool roam_pool_is_free(const struct roam_pool *pool, uint32_t index);

/* Payload bytes of a slot. */
uint32_t roam_pool_capacity(const struct roam_pool *pool);

/* The payload area of slot index, below count. */
void *roam_pool_payload(const struct roam_pool *pool, uint32_t index);

/*
 * struct roam_spares: slots of a pool that were taken, several at once, and are not used yet: private memory of one
 * thread at a time. A taker that goes to the bitmap for each message takes its line from the receiver, who returns
 * slots in it all the time.
 */
struct roam_spares {
	uint64_t bits; /* of one word of the bitmap */
	uint64_t last; /* those that were taken last, used or not */
	uint32_t word;
};

/* Uses the lowest spare slot; without any it takes some from the pool first. False when none is free either. */
bool roam_spares_take(struct roam_spares *spares, const struct roam_pool *pool, struct roam_slot *taken);

/* Takes some from the pool if there is none, so that the next roam_spares_take need not wait for its line. Of a pool
 * of less than 16 slots it takes none. */
void roam_spares_ahead(struct roam_spares *spares, const struct roam_pool *pool);

/* Makes the spare slots free again. */
void roam_spares_give_back(struct roam_spares *spares, const struct roam_pool *pool);

/* The word that waiters for a slot sleep on, whichever slot comes back. */
uint32_t *roam_pool_word(const struct roam_pool *pool);

/* ---- Channel table ---------------------------------------------------------------------------------------------- */

/* Opens the entry with credit bytes granted; the state comes last, so whoever sees Active sees the credit. */
void roam_channel_activate(struct roam_channel *entry, uint32_t credit);

/* Bytes granted so far, wrapping. What the grant pays for was consumed before. */
uint32_t roam_channel_granted(const struct roam_channel *entry);

/* Receiver: authorises bytes more, after it has consumed as many. Also the waker's fence (roam_wake). */
void roam_channel_grant(struct roam_channel *entry, uint32_t bytes);

/* Sender: bytes it may still send after it has sent sent_total, both totals wrapping. Negative is corruption,
 * ROAM_BAD_CREDIT. */
int32_t roam_channel_remaining(const struct roam_channel *entry, uint32_t sent_total);

/* The callee's last touch of an entry that its use is over for. */
void roam_channel_free(struct roam_channel *entry);

/* enum roam_entry, or whatever a peer wrote. What was done with the entry before is visible after. */
uint32_t roam_channel_state(const struct roam_channel *entry);

/* ---- Wait and wake ---------------------------------------------------------------------------------------------- */

/*
 * A waiter sets its flag bit, looks at its condition once more, and only then sleeps. A waker stores, then reads the
 * flags. So either the waiter sees the store or the waker sees the bit: that needs the four accesses to be in one
 * order. The library makes each of them sequentially consistent, instead of a fence between plain ones: the stores
 * (roam_ring_publish, roam_ring_release, roam_pool_return, roam_channel_grant), the loads of the same words,
 * roam_flags_set, and the load of the flags in roam_wake.
 */

/* enum roam_wait: what a waiter waits for; the flag bit is ROAM_FLAG_FUTEX_MESSAGES or ROAM_FLAG_BELL_MESSAGES
 * shifted left by it. */
enum roam_wait {
	ROAM_WAIT_MESSAGES = 0,
	ROAM_WAIT_SPACE = 1,
	ROAM_WAIT_SLOT = 2,
	ROAM_WAIT_CREDIT = 3
};

/* Sets bits of this side's own flags word. */
void roam_flags_set(uint32_t *flags, uint32_t bits);

/* Clears bits of this side's own flags word: when its last waiter of the kind is gone. */
void roam_flags_clear(uint32_t *flags, uint32_t bits);

/* Whether somebody of the peer waits for kind, or may: a foreign peer does not say. */
bool roam_flags_ask(const uint32_t *peer_flags, enum roam_wait kind);

/*
 * Waker, after the store that a waiter of this kind may wait for: wakes all who sleep on word if the peer's flags ask
 * for it, and returns whether the doorbell has to be rung. A foreign peer is woken and to be rung always.
 */
bool roam_wake(const uint32_t *peer_flags, enum roam_wait kind, uint32_t *word);

/* Wakes everybody, in every process, who sleeps on word. Never blocks. */
void roam_futex_wake(uint32_t *word);

/* Blocks while *word is seen, until woken or for at most timeout nanoseconds (0 or less: without bound, which is for
 * words whose waker cannot die). 0: look again, -ETIMEDOUT, or another negative errno. */
int roam_futex_wait(uint32_t *word, uint32_t seen, int64_t timeout);

/* struct roam_futex: one of several words to sleep on. The kernel's struct futex_waitv. */
struct roam_futex {
	uint64_t seen;
	uint64_t address; /* of the 32-bit word */
	uint32_t flags;   /* ROAM_FUTEX_SHARED or ROAM_FUTEX_PRIVATE */
	uint32_t reserved; /* 0 */
};
#define ROAM_FUTEX_SHARED 2    /* a word of the segment */
#define ROAM_FUTEX_PRIVATE 130 /* a word of this process alone */
#define ROAM_FUTEX_MAX 128     /* words in one sleep */

/* Blocks while each word has the value seen, until one is woken or for at most timeout nanoseconds (as above). 0: look
 * again, -ETIMEDOUT, -ENOSYS when the kernel has no futex_waitv (before Linux 5.16) or a filter hides it, or another
 * negative errno. */
int roam_futex_waitv(const struct roam_futex *words, uint32_t count, int64_t timeout);

/* ---- Doorbell --------------------------------------------------------------------------------------------------- */

/* One byte through a Unix socketpair, value ignored. Both never block. 0, or -EPIPE when the peer is dead (whatever
 * errno showed it), or another negative errno. A bell that is full counts as rung. */
int roam_bell_ring(int fd);

/* Takes the rings that have arrived, at most a socket buffer full. 0 when some or none were there. The descriptor need
 * not be non-blocking. One thread of a process at a time. */
int roam_bell_drain(int fd);

/* ---- End: one side of one peer ---------------------------------------------------------------------------------- */

/*
 * struct roam_place: where one peer's memory lies in a mapping. The caller has checked every offset and size against
 * the mapping, which stays mapped while an end made from it is used.
 */
struct roam_place {
	void *base;           /* start of the mapping */
	uint64_t entry;       /* offsets: the peer entry */
	uint64_t ring;        /* the guest-to-host ring; the host-to-guest ring follows it */
	uint64_t table;       /* the channel table */
	uint64_t host_pool;   /* pool 0 */
	uint64_t guest_pool;  /* the guest's pool */
	uint64_t pool_header; /* bytes from a pool to its first slot */
	uint32_t ring_size;   /* descriptors */
	uint32_t slot_size;   /* bytes, generation included */
	uint32_t slots;       /* slots of a pool */
	uint32_t max_channels; /* entries of the table */
	bool host;            /* this side is the host */
	bool peer_table;      /* the peer keeps the channel table (ROAM_FLAG_TABLE): its channel ids are checked */
};

/* Fills place for guest peer_id, 1 to max_guests, of a segment whose header was checked. */
void roam_place_at(struct roam_place *place, void *base, const struct roam_config *config,
		   const struct roam_layout *layout, uint32_t peer_id, bool host);

#define ROAM_GUESSES 16 /* a power of two */

/*
 * struct roam_end: one side of one peer. The caller owns the memory, which must not move while used and has no
 * pointers but into the segment. The send part belongs to one thread at a time, the receive part to another; they are
 * kept on cache lines of their own. The rest is constant after roam_end_init.
 */
struct roam_end {
	/* constant */
	struct roam_channel *channels;
	uint32_t *own_flags;
	uint32_t *peer_flags;
	struct roam_pool own_pool;  /* taken from by this side */
	struct roam_pool peer_pool; /* returned to by this side */
	uint32_t max_channels;
	bool peer_table;
	unsigned char pad_send[64];

	/* send part */
	struct roam_ring send;
	struct roam_spares spares; /* of own_pool */
	struct roam_slot staged; /* the slot of the staged message; index ROAM_INLINE_SLOT = none */
	bool staged_taken;       /* roam_end_stage itself took it */
	unsigned char pad_receive[64];

	/* receive part */
	struct roam_ring receive;
	uint32_t last_slot;                   /* of the last message that had one */
	uint32_t next_slot[ROAM_GUESSES];     /* by the slot of a message: that of the one after it, when last seen */
	unsigned char pad_end[64];
};

/* Starts from the ring indices that stand in the entry. Changes nothing in the segment. */
void roam_end_init(struct roam_end *end, const struct roam_place *place);

/* Send part: whether a message has room in the ring. ROAM_OK, ROAM_NO_SPACE or ROAM_BAD_RING. */
enum roam_status roam_end_room(struct roam_end *end);

/*
 * Send part: writes a message where the peer does not look yet. Its payload is prefix, then payload; either may be
 * empty. Up to ROAM_INLINE_MAX bytes go into the descriptor. Longer ones go into slot, which the caller has taken from
 * this side's pool, or, when slot.index is ROAM_INLINE_SLOT, into any slot, taken here.
 *
 * ROAM_OK, then commit or abort comes next; or nothing is held but what the caller took: ROAM_NO_SPACE, ROAM_NO_SLOT,
 * ROAM_TOO_LONG, ROAM_BAD_RING.
 */
enum roam_status roam_end_stage(struct roam_end *end, enum roam_msg type, uint32_t id, uint64_t method,
				const void *prefix, size_t prefix_len, const void *payload, size_t payload_len,
				struct roam_slot slot);

/* Send part: makes the staged message visible and wakes the peer if it sleeps on the ring's head. Returns whether the
 * doorbell has to be rung, which may be put off until after the caller's locks. */
bool roam_end_commit(struct roam_end *end);

/* Send part: frees the slots of own_pool that roam_end_stage took for messages to come. For a side that sleeps long. */
void roam_end_give_back(struct roam_end *end);

/* Send part, after roam_end_commit, where another message is likely soon: takes slots for messages to come if none is
 * left (roam_spares_ahead). */
void roam_end_look_ahead(struct roam_end *end);

/* Send part: gives back what roam_end_stage took. A slot that the caller took is the caller's again. */
void roam_end_abort(struct roam_end *end);

/* struct roam_message: a received message, copied out of the segment and checked. */
struct roam_message {
	uint64_t method;     /* method_id */
	uint32_t id;
	uint32_t seq;        /* index of the incoming ring just after this message */
	uint32_t at;         /* of the payload in the arena, bytes */
	uint32_t len;        /* of the payload, bytes */
	uint32_t slot;       /* payload_slot, ROAM_INLINE_SLOT when it was inline */
	uint32_t generation; /* payload_generation */
	uint32_t offset;     /* payload_offset */
	uint8_t type;        /* enum roam_msg */
};

/* struct roam_received: what roam_end_receive did. */
struct roam_received {
	uint32_t count; /* messages delivered */
	uint8_t status; /* enum roam_status: why it stopped short of max, ROAM_OK when the ring was empty */
	bool bell;      /* the doorbell has to be rung, for waiters for space or slots */
};

/*
 * Receive part: takes up to max messages off the ring, copies their payloads into the arena, one after the other, and
 * returns their slots; then gives the places back (the peer may learn of them by roam_end_settle only) and wakes the
 * peer's waiters for ring space and slots.
 *
 * It stops before a message that it cannot deliver: ROAM_ARENA_FULL, or a fault. The message stays in the ring, those
 * before it are delivered, and messages[count] describes it as it was read: with ROAM_ARENA_FULL and count 0 the arena
 * has to have len bytes. (ROAM_BAD_RING concerns no message: messages[0] is then not written.) What the arena has
 * after the last payload may be written over.
 */
struct roam_received roam_end_receive(struct roam_end *end, struct roam_message *messages, uint32_t max, void *arena,
				      size_t arena_len);

/* Receive part: tells the peer of all places that are free, and wakes those that wait for ring space. To be called
 * before the receiving thread sleeps, or does something else for long. Returns whether the doorbell has to be rung. */
bool roam_end_settle(struct roam_end *end);

/* Any thread: whether a message, or a fault of the ring, is there for roam_end_receive. */
bool roam_end_pending(const struct roam_end *end);

/* Any thread: looks so many times, with a pause of some hundred nanoseconds between, for what roam_end_pending looks
 * for. */
bool roam_end_spin(const struct roam_end *end, uint32_t iterations);

/* Any thread: how far the peer has written the incoming ring, comparable with roam_message.seq. */
uint32_t roam_end_head(const struct roam_end *end);

/* Any thread: how far this side has received. */
uint32_t roam_end_tail(const struct roam_end *end);

/* Any thread: the entry of a channel; NULL for id 0 and ids from max_channels on. */
struct roam_channel *roam_end_channel(const struct roam_end *end, uint32_t id);

/* Any thread: grants bytes more on channel id and wakes the senders that sleep on it. Returns whether the doorbell has
 * to be rung. Does nothing for an id that roam_end_channel does not know. */
bool roam_end_grant(const struct roam_end *end, uint32_t id, uint32_t bytes);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
