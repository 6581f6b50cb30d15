/*
 * roam/layout.h: the bytes of roam's shared segment, version 1. Included by roam/shm.h.
 *
 * This is an ABI: programs in other languages map the same bytes, so no field moves. All integers are little-endian
 * with native alignment. Fields marked "atomic" are changed by several processes; they are plain integers here, which
 * the library accesses through the compiler's __atomic operations: that keeps this file usable from C++.
 *
 * The segment, in order: header; peer table; slot pools, the host's first; then for each guest its two rings and its
 * channel table. Regions start at multiples of 64 bytes.
 */
#ifndef ROAM_LAYOUT_H
#define ROAM_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the segment is little-endian"
#endif

#ifdef __cplusplus
#define ROAM_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define ROAM_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

/* ROAM_PLACED refuses to compile when a field of the ABI has moved, ROAM_SIZED when a structure has grown. */
#define ROAM_PLACED(type, field, offset) \
	ROAM_STATIC_ASSERT(offsetof(struct type, field) == (offset), #type "." #field " lies at " #offset)
#define ROAM_SIZED(type, size) ROAM_STATIC_ASSERT(sizeof(struct type) == (size), #type " has " #size " bytes")

/* ---- Constants of the layout ------------------------------------------------------------------------------------ */

#define ROAM_SEGMENT_MAGIC "RAPAHUB\001" /* first 8 bytes of a segment */
#define ROAM_EXTENT_MAGIC "ROAPEXT\001"  /* first 8 bytes of an extent */
#define ROAM_JOIN_MAGIC "RAPJOIN\001"    /* first 8 bytes of the answer to a guest that joins by socket */

#define ROAM_VERSION 1
#define ROAM_MAX_GUESTS 255             /* peer ids are 1 to 255; 0 is the host */
#define ROAM_MAX_CREDIT 0x7FFFFFFF      /* bytes; credit is compared as a signed 32-bit difference */
#define ROAM_FEATURE_WAITER_FLAGS (1 << 0) /* header features: the host keeps host_flags and reads guest_flags */

#define ROAM_INLINE_SLOT 0xFFFFFFFF /* payload_slot of a payload that lies in the descriptor itself */
#define ROAM_INLINE_MAX 32          /* bytes; a longer payload lies in a slot */
#define ROAM_GENERATION_SIZE 4      /* bytes in front of each fixed slot's payload */

/* enum roam_state: roam_peer.state. */
enum roam_state {
	ROAM_STATE_EMPTY = 0,
	ROAM_STATE_ATTACHED = 1,
	ROAM_STATE_GOODBYE = 2,
	ROAM_STATE_RESERVED = 3
};

/* enum roam_entry: roam_channel.state. Closed is never written by this library and counts as not free. */
enum roam_entry {
	ROAM_ENTRY_FREE = 0,
	ROAM_ENTRY_ACTIVE = 1,
	ROAM_ENTRY_CLOSED = 2
};

/* enum roam_msg: roam_desc.msg_type. */
enum roam_msg {
	ROAM_MSG_REQUEST = 1,
	ROAM_MSG_RESPONSE = 2,
	ROAM_MSG_CANCEL = 3,
	ROAM_MSG_DATA = 4,
	ROAM_MSG_CLOSE = 5,
	ROAM_MSG_RESET = 6,
	ROAM_MSG_GOODBYE = 7
};

/*
 * enum roam_flag: bits of guest_flags and host_flags. Each side sets (atomic OR) and clears (atomic AND) bits of its
 * own word only. A peer without KEEPS is foreign: it has to be woken and rung always.
 */
enum roam_flag {
	ROAM_FLAG_KEEPS = 1 << 0,          /* this side keeps its flags up to date */
	ROAM_FLAG_FUTEX_MESSAGES = 1 << 1, /* sleeps on the head of its incoming ring */
	ROAM_FLAG_FUTEX_SPACE = 1 << 2,    /* sleeps on the tail of its outgoing ring */
	ROAM_FLAG_FUTEX_SLOT = 1 << 3,     /* sleeps on the first 32 bits of its pool's bitmap */
	ROAM_FLAG_FUTEX_CREDIT = 1 << 4,   /* sleeps on granted_total of a channel */
	ROAM_FLAG_BELL_MESSAGES = 1 << 5,  /* the same four, asleep on the doorbell */
	ROAM_FLAG_BELL_SPACE = 1 << 6,
	ROAM_FLAG_BELL_SLOT = 1 << 7,
	ROAM_FLAG_BELL_CREDIT = 1 << 8,
	ROAM_FLAG_TABLE = 1 << 9 /* this side keeps the channel table */
};

/* enum roam_slot_state: roam_slot_meta.state. */
enum roam_slot_state {
	ROAM_SLOT_FREE = 0,
	ROAM_SLOT_ALLOCATED = 1,
	ROAM_SLOT_IN_FLIGHT = 2
};

#define ROAM_VAR_EMPTY 0xFFFFFFFF /* index half of a free_head: no slot is free */
#define ROAM_VAR_EXTENTS 3        /* extents a size class may have */

/* enum roam_join_status: roam_join.status. */
enum roam_join_status {
	ROAM_JOIN_JOINED = 0,
	ROAM_JOIN_HUB_FULL = 1,
	ROAM_JOIN_REFUSED = 2,
	ROAM_JOIN_LEAVING = 3
};

/* ---- Structures of the layout ----------------------------------------------------------------------------------- */

/* struct roam_header: the first bytes of the segment. Written by the host before the magic, then read only but for the
 * two atomic fields. */
struct roam_header {
	uint8_t magic[8];             /* ROAM_SEGMENT_MAGIC, written last, with release order */
	uint32_t version;             /* ROAM_VERSION */
	uint32_t header_size;         /* bytes: sizeof(struct roam_header) */
	uint64_t total_size;          /* bytes of the segment at creation */
	uint32_t max_payload_size;    /* bytes, largest payload of one message */
	uint32_t initial_credit;      /* bytes a new channel may carry */
	uint32_t max_guests;          /* 1 to ROAM_MAX_GUESTS */
	uint32_t ring_size;           /* descriptors of each ring, a power of two, at least 2 */
	uint64_t peer_table_offset;   /* bytes from the start of the segment, as all offsets */
	uint64_t slot_region_offset;
	uint32_t slot_size;           /* bytes, generation included; a multiple of 8, at least 8 */
	uint32_t slots_per_guest;     /* slots of each pool, at least 1 */
	uint32_t max_channels;        /* entries of each channel table; usable ids are 1 to max_channels-1 */
	uint32_t host_goodbye;        /* atomic: 0 while the host serves, else it is leaving */
	uint64_t heartbeat_interval;  /* nanoseconds, 0 = no heartbeat */
	uint64_t var_slot_pool_offset; /* 0 = fixed slot pools */
	uint64_t current_size;        /* atomic: bytes of the segment now */
	uint32_t features;            /* extension: ROAM_FEATURE_ bits */
	uint32_t var_class_count;     /* extension: size classes of the variable-size pool */
	uint8_t reserved[24];         /* zero */
};
ROAM_PLACED(roam_header, magic, 0);
ROAM_PLACED(roam_header, version, 8);
ROAM_PLACED(roam_header, header_size, 12);
ROAM_PLACED(roam_header, total_size, 16);
ROAM_PLACED(roam_header, max_payload_size, 24);
ROAM_PLACED(roam_header, initial_credit, 28);
ROAM_PLACED(roam_header, max_guests, 32);
ROAM_PLACED(roam_header, ring_size, 36);
ROAM_PLACED(roam_header, peer_table_offset, 40);
ROAM_PLACED(roam_header, slot_region_offset, 48);
ROAM_PLACED(roam_header, slot_size, 56);
ROAM_PLACED(roam_header, slots_per_guest, 60);
ROAM_PLACED(roam_header, max_channels, 64);
ROAM_PLACED(roam_header, host_goodbye, 68);
ROAM_PLACED(roam_header, heartbeat_interval, 72);
ROAM_PLACED(roam_header, var_slot_pool_offset, 80);
ROAM_PLACED(roam_header, current_size, 88);
ROAM_PLACED(roam_header, features, 96);
ROAM_PLACED(roam_header, var_class_count, 100);
ROAM_PLACED(roam_header, reserved, 104);
ROAM_SIZED(roam_header, 128);

/* struct roam_peer: the entry of one guest, at peer_table_offset + 64 * (peer_id - 1). */
struct roam_peer {
	uint32_t state;               /* atomic: enum roam_state; one 64-bit word together with epoch */
	uint32_t epoch;               /* atomic */
	uint32_t guest_to_host_head;  /* atomic, guest writes */
	uint32_t guest_to_host_tail;  /* atomic, host writes */
	uint32_t host_to_guest_head;  /* atomic, host writes */
	uint32_t host_to_guest_tail;  /* atomic, guest writes */
	uint64_t last_heartbeat;      /* atomic: CLOCK_MONOTONIC nanoseconds */
	uint64_t ring_offset;         /* the guest-to-host ring, then the host-to-guest ring */
	uint64_t slot_pool_offset;    /* the guest's pool */
	uint64_t channel_table_offset;
	uint32_t guest_flags;         /* atomic, extension: ROAM_FLAG_ bits, guest writes */
	uint32_t host_flags;          /* atomic, extension: ROAM_FLAG_ bits, host writes */
};
ROAM_PLACED(roam_peer, state, 0);
ROAM_PLACED(roam_peer, epoch, 4);
ROAM_PLACED(roam_peer, guest_to_host_head, 8);
ROAM_PLACED(roam_peer, guest_to_host_tail, 12);
ROAM_PLACED(roam_peer, host_to_guest_head, 16);
ROAM_PLACED(roam_peer, host_to_guest_tail, 20);
ROAM_PLACED(roam_peer, last_heartbeat, 24);
ROAM_PLACED(roam_peer, ring_offset, 32);
ROAM_PLACED(roam_peer, slot_pool_offset, 40);
ROAM_PLACED(roam_peer, channel_table_offset, 48);
ROAM_PLACED(roam_peer, guest_flags, 56);
ROAM_PLACED(roam_peer, host_flags, 60);
ROAM_SIZED(roam_peer, 64);

/* struct roam_desc: one message in a ring, one cache line. */
struct roam_desc {
	uint8_t msg_type;            /* enum roam_msg */
	uint8_t flags;               /* 0; a receiver ignores it */
	uint8_t reserved[2];         /* 0 */
	uint32_t id;                 /* request id, channel id, or unused for Goodbye */
	uint64_t method_id;          /* of a Request, else 0 */
	uint32_t payload_slot;       /* index in the sender's pool, or ROAM_INLINE_SLOT */
	uint32_t payload_generation; /* of the slot when it was taken; 0 when inline */
	uint32_t payload_offset;     /* bytes from the slot's payload area; 0 when inline */
	uint32_t payload_len;        /* bytes */
	uint8_t inline_payload[ROAM_INLINE_MAX];
};
ROAM_PLACED(roam_desc, msg_type, 0);
ROAM_PLACED(roam_desc, flags, 1);
ROAM_PLACED(roam_desc, reserved, 2);
ROAM_PLACED(roam_desc, id, 4);
ROAM_PLACED(roam_desc, method_id, 8);
ROAM_PLACED(roam_desc, payload_slot, 16);
ROAM_PLACED(roam_desc, payload_generation, 20);
ROAM_PLACED(roam_desc, payload_offset, 24);
ROAM_PLACED(roam_desc, payload_len, 28);
ROAM_PLACED(roam_desc, inline_payload, 32);
ROAM_SIZED(roam_desc, 64);

/* struct roam_channel: one entry of a channel table. Entry 0 is unused. */
struct roam_channel {
	uint32_t state;         /* atomic: enum roam_entry */
	uint32_t granted_total; /* atomic: bytes authorised so far, wraps */
	uint8_t reserved[8];
};
ROAM_PLACED(roam_channel, state, 0);
ROAM_PLACED(roam_channel, granted_total, 4);
ROAM_PLACED(roam_channel, reserved, 8);
ROAM_SIZED(roam_channel, 16);

/* struct roam_class: a size class of the variable-size pool. */
struct roam_class {
	uint32_t slot_size;        /* bytes */
	uint32_t slots_per_extent;
	uint32_t extent_count;     /* atomic, starts at 1 */
	uint32_t pad;
	uint64_t free_head[ROAM_VAR_EXTENTS];         /* atomic: index << 32 | tag, one stack an extent */
	uint64_t extent_offset[ROAM_VAR_EXTENTS - 1]; /* atomic: extents 1 and 2 */
	uint8_t reserved[8];
};
ROAM_PLACED(roam_class, slot_size, 0);
ROAM_PLACED(roam_class, slots_per_extent, 4);
ROAM_PLACED(roam_class, extent_count, 8);
ROAM_PLACED(roam_class, pad, 12);
ROAM_PLACED(roam_class, free_head, 16);
ROAM_PLACED(roam_class, extent_offset, 40);
ROAM_PLACED(roam_class, reserved, 56);
ROAM_SIZED(roam_class, 64);

/* struct roam_slot_meta: what is known of one slot of the variable-size pool. */
struct roam_slot_meta {
	uint32_t generation; /* atomic */
	uint32_t state;      /* atomic: enum roam_slot_state */
	uint32_t owner_peer; /* atomic, 0 = host */
	uint32_t next_free;  /* atomic: index of the next free slot, or ROAM_VAR_EMPTY */
};
ROAM_PLACED(roam_slot_meta, generation, 0);
ROAM_PLACED(roam_slot_meta, state, 4);
ROAM_PLACED(roam_slot_meta, owner_peer, 8);
ROAM_PLACED(roam_slot_meta, next_free, 12);
ROAM_SIZED(roam_slot_meta, 16);

/* struct roam_extent: the head of an extent, appended to the segment when a size class grows. */
struct roam_extent {
	uint8_t magic[8];    /* ROAM_EXTENT_MAGIC */
	uint32_t size_class; /* index of the class */
	uint32_t extent;     /* 1 or 2 */
	uint32_t count;      /* slots */
	uint32_t slot_size;  /* bytes */
	uint8_t reserved[40];
};
ROAM_PLACED(roam_extent, magic, 0);
ROAM_PLACED(roam_extent, size_class, 8);
ROAM_PLACED(roam_extent, extent, 12);
ROAM_PLACED(roam_extent, count, 16);
ROAM_PLACED(roam_extent, slot_size, 20);
ROAM_PLACED(roam_extent, reserved, 24);
ROAM_SIZED(roam_extent, 64);

/* struct roam_join: the host's answer to a guest that joins by socket. The segment comes with it as SCM_RIGHTS when
 * status is ROAM_JOIN_JOINED. */
struct roam_join {
	uint8_t magic[8];  /* ROAM_JOIN_MAGIC */
	uint16_t peer_id;  /* 0 unless joined */
	uint16_t status;   /* enum roam_join_status */
	uint32_t epoch;
};
ROAM_PLACED(roam_join, magic, 0);
ROAM_PLACED(roam_join, peer_id, 8);
ROAM_PLACED(roam_join, status, 10);
ROAM_PLACED(roam_join, epoch, 12);
ROAM_SIZED(roam_join, 16);

#endif
