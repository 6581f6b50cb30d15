/*
 * channel.h: an end of a channel in a program's hands: a tx or an rx. Internal. With the lock.
 */
#ifndef ROAM_CHANNEL_H
#define ROAM_CHANNEL_H

#include "../roam/guest.h"
#include "arena.h"
#include "core.h"
#include "guest.h"
#include "notice.h"

struct channel {
	struct core_channel core;
	struct chain chain;
	struct roam_guest *guest;
	struct roam_call *call;       /* that passes it, while it has no answer: its time is this end's */
	struct roam_request *request; /* that names it, until it is answered */
	bool listed;                  /* in the list of a call or request */
	bool held;                    /* the program frees it */
	struct wait *waiter;          /* the thread that waits on it */
	struct notice notice;
	bool hopes;                   /* the program was told ROAM_ERR_AGAIN, and has a callback for when it changes */
	bool armed;                   /* the host is asked to tell, of armed_for */
	enum roam_wait lack, armed_for;
	uint32_t need;                /* bytes that are to be sent */
};

struct roam_tx {
	struct channel channel;
	struct roam_writer writer;
	void (*on_ready)(struct roam_tx *tx, void *context);
};

struct roam_rx {
	struct channel channel;
	struct arena arena;
	void (*on_ready)(struct roam_rx *rx, void *context);
};

/* A tx if sends, else an rx; NULL when there is no memory. named as core_channel_init. */
struct channel *channel_create(struct roam_guest *guest, bool sends, uint64_t named);

/* Frees it, whatever its state. */
void channel_destroy(struct channel *channel);

/* Its call or request lets go of it. */
void channel_leave_list(struct channel *channel);

/* What the core says of it. */
void channel_changed(struct channel *channel, uint8_t change);

/* Has who waits on it look again. */
void channel_wake(struct channel *channel);

/* 0, or why its request or call has ended before it; finds a deadline that has passed. */
int channel_ended(struct channel *channel);

/* When a wait on it ends by time; and what that wait then gives. */
int64_t channel_deadline(const struct channel *channel);
int channel_time_over(struct channel *channel);

/* Ends it for the program, who gives it back to be freed. */
void channel_end(struct channel *channel, int error);
void channel_give_back(struct channel *channel);

/* Has the program told when a try may go on that has just been in vain; whether it is to be tried once more before
 * that, since nobody would have told until now. */
bool channel_hope(struct channel *channel);
void channel_stop_hoping(struct channel *channel);

/* A callback was set, or taken back. The lock is let go meanwhile. */
void channel_listen(struct channel *channel, bool listens, void *context);

/* Looks whether credit or room has come for those that hope for it. */
void channel_look(struct roam_guest *guest);

/* Whether there is credit for what is to be sent, or an end. */
bool channel_has_credit(struct channel *channel);

#endif
