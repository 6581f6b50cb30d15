/*
 * ticket.h: what a spawned guest is told (shm.spawn.args). Internal.
 */
#ifndef ROAM_GUEST_TICKET_H
#define ROAM_GUEST_TICKET_H

#include <stdbool.h>
#include <stdint.h>

#include "../roam/guest.h"

/* struct ticket: it owns nothing; path points into the arguments or the environment. */
struct ticket {
	const char *path;
	uint32_t peer_id; /* 1 to 255 */
	int doorbell;     /* a descriptor's number, not looked at yet */
	uint32_t epoch;
	bool has_epoch; /* a foreign host gives none */
};

/* Finds the ticket among the arguments from the second on, each as --name=value, or in the environment; arguments win,
 * a later one over an earlier. ROAM_ERR_NO_TICKET, or ROAM_ERR_ARGUMENT for a value that makes no sense. */
int ticket_parse(int argc, char *const *argv, struct ticket *ticket, struct roam_failure *failure);

#endif
