#ifndef ROAM_SMALL_H
#define ROAM_SMALL_H

#include <stddef.h>
#include <stdint.h>

#include "more.h"

#define ROAM_MAGIC "ROAM\001"
#define ROAM_BIT (1u << 5)
#define ROAM_BITS (ROAM_BIT | 1)
#define ROAM_MASK 0xFFFFFFFF
#define ROAM_MINUS (-2)
#define ROAM_TWICE(x) (2 * (x))
#define OTHER 7

enum roam_state { ROAM_STATE_EMPTY, ROAM_STATE_FULL_NOW = 4, OTHER_STATE };

struct roam_second {
	uint8_t kind;
	uint64_t peer_id; /* aligned to 8 */
	uint32_t reserved[2];
	uint16_t last[ROAM_COUNT];
};
_Static_assert(offsetof(struct roam_second, peer_id) == 8, "as a compiler places it");

struct roam_private {
	void *pointer;
};

int roam_function(const struct roam_private *p, size_t n);

#endif
