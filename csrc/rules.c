//go:build linux && cgo && !purego

/* The protocol's names of the rules that a peer can break in shared memory. */

#include "roam/shm.h"

const char *roam_rule(enum roam_status status)
{
	switch (status) {
	case ROAM_BAD_TYPE:
		return "message.unknown-variant";
	case ROAM_BAD_INLINE:
		return "shm.desc.inline-fields";
	case ROAM_BAD_SLOT:
		return "shm.slot.generation";
	case ROAM_BAD_EXTENT:
		return "shm.slot.payload-offset";
	case ROAM_BAD_RING:
		return "shm.ring.capacity";
	case ROAM_ZERO_ID:
		return "channeling.id.zero-reserved";
	case ROAM_BAD_CHANNEL:
		return "shm.flow.channel-table-indexing";
	case ROAM_BAD_CREDIT:
		return "shm.flow.wrap-rule";
	case ROAM_OK:
	case ROAM_NO_SPACE:
	case ROAM_NO_SLOT:
	case ROAM_ARENA_FULL:
	case ROAM_TOO_LONG:
		break;
	}
	return NULL;
}
