/*
 * roam/guest.h: a guest of a roam host, in C.
 *
 * A guest is a process that shares a segment of memory with a host. Each calls the other's services: unary calls, and
 * streams, which are arguments of calls. roamgen -c writes from a Go interface the C types, a table of handlers to fill
 * in, and functions that call; they are built on what is declared here, which can be used without them as well.
 *
 *     struct roam_guest *guest;
 *     struct roam_failure failure;
 *     struct roam_options options;
 *     roam_options_init(&options);
 *     options.services = &service;
 *     options.service_count = 1;
 *     if (roam_guest_attach(argc, argv, &options, &guest, &failure) != 0)
 *             errx(1, "%s", failure.text);
 *     int error = roam_guest_run(guest);   // until the host says goodbye
 *     roam_guest_free(guest);
 *
 * Errors are negative numbers of enum roam_error; 0 is success. The library has no global state, never aborts, and
 * installs no signal handler.
 *
 * Threads: every function may be called by any thread at once with every other, but for what a comment says: a call, a
 * tx, an rx and a request are used by one thread at a time each. Functions said to wait return when their time is over
 * or what they wait for has ended; all others do not wait.
 */
#ifndef ROAM_GUEST_H
#define ROAM_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* ROAM_PRINTF: argument number text is a format like printf's, its values are from number first on. */
#ifdef __GNUC__
#define ROAM_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define ROAM_PRINTF(text, first)
#endif

#define ROAM_VERSION_TEXT "1.0.0"

/* The version of the library that runs, as ROAM_VERSION_TEXT was when it was built. Lives for ever. */
const char *roam_version(void);

/* ---- Errors ----------------------------------------------------------------------------------------------------- */

/* enum roam_error: what went wrong. No number ever changes its meaning. */
enum roam_error {
	/* of this side */
	ROAM_ERR_ARGUMENT = -1,     /* an argument, option or environment variable makes no sense */
	ROAM_ERR_NO_MEMORY = -2,
	ROAM_ERR_SYSTEM = -3,       /* a system call failed: failure.system_errno says how */
	ROAM_ERR_AGAIN = -4,        /* it would have to wait */
	ROAM_ERR_CLOSED = -5,       /* this side has ended the call, channel or guest */

	/* of attaching */
	ROAM_ERR_NO_TICKET = -20,   /* neither arguments nor environment say which segment: no host started this process */
	ROAM_ERR_NO_HOST = -21,     /* nobody serves the segment or the socket */
	ROAM_ERR_NOT_SEGMENT = -22, /* the file does not begin like a segment */
	ROAM_ERR_VERSION = -23,     /* a segment of another version of the layout */
	ROAM_ERR_TRUNCATED = -24,   /* the file is shorter than its header says */
	ROAM_ERR_HEADER = -25,      /* a field of the header, or of this guest's entry, is out of its bounds */
	ROAM_ERR_UNSUPPORTED = -26, /* the segment uses what this library does not know */
	ROAM_ERR_PEER_ID = -27,     /* the segment has no such peer id */
	ROAM_ERR_CLAIM = -28,       /* the entry is not, or no longer, reserved for this guest */
	ROAM_ERR_HUB_FULL = -29,    /* every entry is in use */
	ROAM_ERR_REFUSED = -30,     /* the host does not admit this process */

	/* of the connection: how it ended */
	ROAM_ERR_HOST_DIED = -40,
	ROAM_ERR_HOST_LEAVING = -41, /* the host said goodbye to all, in order */
	ROAM_ERR_EVICTED = -42,      /* the host ended this connection alone; failure.text has its reason if it gave one */
	ROAM_ERR_VIOLATION = -43,    /* the host broke a rule of the protocol; failure.text begins with the rule's id */

	/* of a call */
	ROAM_ERR_UNKNOWN_METHOD = -60,  /* the other side does not have the method */
	ROAM_ERR_INVALID_PAYLOAD = -61, /* the other side could not decode the arguments */
	ROAM_ERR_CANCELLED = -62,       /* the call, or the request within which it was made, was cancelled */
	ROAM_ERR_DEADLINE = -63,        /* its time is over */
	ROAM_ERR_REMOTE = -64,          /* the handler failed in a way its signature does not declare; it may have said how */
	ROAM_ERR_USER = -65,            /* the error that the method declares */
	ROAM_ERR_DECODE = -66,          /* bytes that are not a value of the type */
	ROAM_ERR_TOO_LARGE = -67,       /* over max_payload_size, or over the whole window of a channel */
	ROAM_ERR_TOO_MANY = -68,        /* more channels in one call than there are ids, or metadata over its limits */

	/* of a channel */
	ROAM_ERR_END = -80,   /* the other side closed it, and all items were received */
	ROAM_ERR_RESET = -81  /* the other side does not want it any more */
};

/* What an error means, in a few words. Lives for ever; also for numbers that are none. */
const char *roam_strerror(int error);

/* struct roam_failure: an error with what it was about. */
struct roam_failure {
	int error;        /* enum roam_error, 0 for none */
	int system_errno; /* 0 if no system call failed */
	char text[256];   /* what, value and bound; ends with a zero */
};

/* ---- Services that this side has -------------------------------------------------------------------------------- */

struct roam_guest;
struct roam_request; /* a call of the host, from its arrival until its answer is sent */
struct roam_call;    /* a call of this side */
struct roam_tx;      /* the sending end of a channel */
struct roam_rx;      /* the receiving end of a channel */

/* What a handler returns when the answer comes later, by roam_request_finish. */
#define ROAM_DEFERRED 1

/* enum roam_method_flag: how a method is served. */
enum roam_method_flag {
	/* It neither waits nor takes longer than some microseconds: the thread that receives runs it, at once and
	 * before it looks at the next message. */
	ROAM_METHOD_INLINE = 1 << 0,
	/* No channel is among its arguments: roam_request_tx and roam_request_rx give NULL. Its prepare is called when
	 * its handler is due, by the thread that runs it, and keeps nobody from receiving. So it may run for several
	 * requests at once, and what it refuses is answered when a thread was free for it. */
	ROAM_METHOD_NO_CHANNELS = 1 << 1
};

/* struct roam_method: one method that is served. */
struct roam_method {
	uint64_t id;
	const char *name; /* for the log: "Service.Method" */

	/*
	 * Decodes the arguments and opens the channels among them (roam_request_tx, roam_request_rx); keeps what it
	 * needs in memory of roam_request_alloc. It must not wait: the thread that receives calls it, before it looks
	 * at the next message (but see ROAM_METHOD_NO_CHANNELS). The bytes live until the request is answered.
	 * ROAM_ERR_DECODE answers InvalidPayload, also for bytes that are left unread, and so does ROAM_ERR_NO_MEMORY;
	 * ROAM_ERR_UNKNOWN_METHOD answers UnknownMethod: then the program has no handler for it. None of these opens a
	 * channel. Other errors answer a failure, which ends the channels: all must have been opened. NULL: the method
	 * has no arguments.
	 */
	int (*prepare)(struct roam_request *request, struct roam_reader *arguments);

	/*
	 * Does the work. 0: what was written by roam_request_result is the result. ROAM_ERR_USER: it is the declared
	 * error. ROAM_DEFERRED: see there. Any other number: the call fails, with the text of roam_request_fail or
	 * else of roam_strerror. It may wait in functions of this library for the host, also in a guest of one thread.
	 */
	int (*handle)(struct roam_request *request);

	uint32_t flags; /* enum roam_method_flag */
};

/* struct roam_service: methods with what their handlers need. It is copied; what it points to stays its owner's and
 * must live as long as the guest. */
struct roam_service {
	const char *name;
	const struct roam_method *methods;
	size_t method_count;
	const void *handlers; /* of generated code: the table of handlers; roam_request_handlers */
	void *user;           /* roam_request_user */
};

/* ---- Attaching -------------------------------------------------------------------------------------------------- */

/* struct roam_options: how a guest behaves. roam_options_init sets every field to what its comment calls the
 * default. */
struct roam_options {
	size_t size; /* set by roam_options_init: of this structure, as the program was built with */

	const struct roam_service *services; /* default: none */
	size_t service_count;

	/*
	 * The most threads that serve at once, those in roam_guest_run included. 0, the default: as many as there are
	 * handlers at work, up to 1024. The thread that received a request runs its handler; when that takes longer
	 * than about a millisecond another thread goes on receiving, so that a slow handler delays nobody. 1: the
	 * library starts no thread for handlers; while one works nothing is received but when it waits in the library.
	 * What waits then, also outside of handlers while no thread is in roam_guest_run, runs the handlers of requests that
	 * come, one within the other, at most 64. More requests than threads wait for a handler to return: the bound
	 * has to be larger than the calls back and forth that wait for one another. Heartbeats, where the host asks for
	 * them, a thread of the library writes, which runs nothing of the program.
	 */
	uint32_t max_threads;

	/* How long, nanoseconds, a thread looks for messages before it sleeps. Default 50,000; 0: it sleeps at once. No
	 * thread looks when only one CPU may be used. */
	int64_t spin_ns;

	struct roam_allocator allocator; /* default: roam_default_allocator */

	/* Told what an operator should know: faults of a program, violations. text ends with a zero. Any thread may call
	 * it, but not while it holds a lock that a function of this library needs. Default NULL: nothing is said. */
	void (*log)(void *context, const char *text);
	void *log_context;
};

void roam_options_init(struct roam_options *options);

/*
 * Attach this process to a host. options may be NULL (it then serves nothing). On success *guest is to be freed by
 * roam_guest_free; nothing is received before roam_guest_run, roam_guest_step or something that waits. On failure
 * *guest is NULL, nothing is held, and *failure, if not NULL, says what went wrong.
 */

/* As the process that the host spawned: by the ticket among the arguments (--hub-path=, --peer-id=, --doorbell-fd=,
 * --epoch=), of which the last of a name counts, or in the environment (ROAM_HUB_PATH, ROAM_PEER_ID, ROAM_DOORBELL_FD,
 * ROAM_EPOCH); arguments win, other arguments are left alone. argc may be 0. */
int roam_guest_attach(int argc, char *const *argv, const struct roam_options *options, struct roam_guest **guest,
		      struct roam_failure *failure);

/* By the host's Unix socket, for a process that the host did not start. Waits for the host's answer, at most
 * timeout_ns nanoseconds (0 or less: as long as it takes), after which it is ROAM_ERR_DEADLINE. */
int roam_guest_join(const char *socket_path, int64_t timeout_ns, const struct roam_options *options,
		    struct roam_guest **guest, struct roam_failure *failure);

/* By the path of the segment, of a host that has one: takes any free entry. */
int roam_guest_walk_up(const char *path, const struct roam_options *options, struct roam_guest **guest,
		       struct roam_failure *failure);

/* ---- Running ---------------------------------------------------------------------------------------------------- */

/*
 * Serves until the connection ends, and waits for the handlers at work. 0 when this side ended it by roam_guest_stop or
 * the host left in order; else an error of the connection. Waits. One thread of a guest at a time may be in it; others
 * may call meanwhile.
 */
int roam_guest_run(struct roam_guest *guest);

/*
 * For programs with their own event loop, instead of roam_guest_run: a descriptor that is readable when roam_guest_step
 * has something to do; a negative error if there can be none. It is the guest's: only polled, never read or closed.
 * From then on only the thread that calls roam_guest_step receives; others that wait in the library wait for it. Use it
 * with max_threads 1 and handlers that do not wait, or that defer their answers.
 */
int roam_guest_fd(struct roam_guest *guest);

/* Does all that can be done without waiting, handlers included, and makes roam_guest_fd ready for the next wait. 0, or
 * how the connection ended: ROAM_ERR_CLOSED after roam_guest_stop, ROAM_ERR_HOST_LEAVING when the host left in
 * order. */
int roam_guest_step(struct roam_guest *guest);

/* Ends roam_guest_run in order: no further request is served. May be called from a signal handler. */
void roam_guest_stop(struct roam_guest *guest);

/*
 * Leaves the host in order (what was sent is handed over, for at most a second) and frees everything. No thread may be
 * in another function of this guest, and none of its calls, channels or deferred requests be used afterwards: all of
 * them are freed with it. guest may be NULL.
 */
void roam_guest_free(struct roam_guest *guest);

/* How the connection ended; error is 0 while it lives. */
void roam_guest_failure(struct roam_guest *guest, struct roam_failure *failure);

/* The peer id, 1 to 255. */
uint32_t roam_guest_id(const struct roam_guest *guest);

/* The allocator of its options; lives as long as the guest. */
const struct roam_allocator *roam_guest_allocator(const struct roam_guest *guest);

/* struct roam_limits: what holds on the connection. */
struct roam_limits {
	uint32_t max_payload_size; /* bytes of one message's payload, metadata included */
	uint32_t initial_credit;   /* bytes a channel may carry before its receiver has taken any; no item may be larger */
	uint32_t max_channels;     /* ids of channels are below it */
};

void roam_guest_limits(const struct roam_guest *guest, struct roam_limits *limits);

/* ---- Metadata --------------------------------------------------------------------------------------------------- */

/* enum roam_metadata_kind: which of a roam_metadata's values is set. The numbers are those on the wire. */
enum roam_metadata_kind {
	ROAM_METADATA_STRING = 0,
	ROAM_METADATA_BYTES = 1,
	ROAM_METADATA_U64 = 2
};

/* struct roam_metadata: one entry of what travels beside arguments and results. At most 128 entries, keys of 256 bytes,
 * values of 16,384, and 65,536 bytes in all. */
struct roam_metadata {
	struct roam_string key;
	enum roam_metadata_kind kind;
	struct roam_string string;
	struct roam_bytes bytes;
	uint64_t u64;
};

/* ---- Requests: calls of the host -------------------------------------------------------------------------------- */

struct roam_guest *roam_request_guest(const struct roam_request *request);
const void *roam_request_handlers(const struct roam_request *request); /* of the service that has the method */
void *roam_request_user(const struct roam_request *request);           /* of the same */

/* What prepare keeps for handle. */
void roam_request_set_arguments(struct roam_request *request, void *arguments);
void *roam_request_arguments(const struct roam_request *request);

/* Memory that is freed when the request is answered, aligned for any type; NULL when there is none. For results too. */
void *roam_request_alloc(struct roam_request *request, size_t size);

/* In prepare: open the channel that the arguments name by id. On a tx this side sends (the method's argument is a Tx),
 * on an rx it receives. The ends are the request's: what is open when it is answered is closed or reset then, and both
 * are freed. NULL when the id breaks a rule or there is no memory; prepare then returns ROAM_ERR_DECODE, and the
 * library does what the rule demands. */
struct roam_tx *roam_request_tx(struct roam_request *request, uint64_t id);
struct roam_rx *roam_request_rx(struct roam_request *request, uint64_t id);

/* The writer of the result, or of the declared error: the value alone, its tag is the library's. */
struct roam_writer *roam_request_result(struct roam_request *request);

/* Says how the call fails; the handler then returns ROAM_ERR_REMOTE, which this returns. Cut at 16,384 bytes. */
int roam_request_fail(struct roam_request *request, const char *format, ...) ROAM_PRINTF(2, 3);

/* The metadata that came, in order; false from the last on. It lives as long as the request. */
bool roam_request_metadata_at(const struct roam_request *request, size_t index, struct roam_metadata *entry);
/* The first entry with this key. */
bool roam_request_metadata(const struct roam_request *request, const char *key, struct roam_metadata *entry);
/* Adds an entry to the answer's metadata; it is copied. ROAM_ERR_TOO_MANY, ROAM_ERR_NO_MEMORY. */
int roam_request_add_metadata(struct roam_request *request, const struct roam_metadata *entry);

/* When the caller's time is over, nanoseconds of CLOCK_MONOTONIC; 0 when it set no time. */
int64_t roam_request_deadline(const struct roam_request *request);

/* 0, or why the work is not wanted any more: ROAM_ERR_CANCELLED, ROAM_ERR_DEADLINE, or how the connection ended. Any
 * thread. What waits in the library within the request, or on its channels, returns that too. */
int roam_request_ended(const struct roam_request *request);

/* Has callback called once when the request ends before its answer, at once if it has: for deferred answers. By the
 * thread that notices, which must not wait in it; it may finish the request. NULL takes it back. */
void roam_request_on_end(struct roam_request *request, void (*callback)(struct roam_request *request, void *context),
			 void *context);

/* Answers a request whose handler returned ROAM_DEFERRED; status is what the handler would have returned. Any thread,
 * once. The request is gone afterwards. It does not wait: the answer goes out when there is room. */
void roam_request_finish(struct roam_request *request, int status);

/* ---- Calls: of the host's services ------------------------------------------------------------------------------ */

/* struct roam_call_options: NULL stands for all of them zero. */
struct roam_call_options {
	int64_t timeout_ns; /* of the whole call; 0: none. It travels to the other side. */
	const struct roam_metadata *metadata;
	size_t metadata_count;
	/* The request that the call is made for: it ends when that ends, and has its deadline if that is earlier. */
	struct roam_request *within;
};

/*
 * Begins a call of method: with channels ends, of which on number i this side sends if sends[i]. Nothing is sent yet.
 * Waits for ids while others have them, or for a place among the 1024 calls in flight. *call is to be freed.
 */
int roam_call_begin(struct roam_guest *guest, uint64_t method, const struct roam_call_options *options,
		    const bool *sends, size_t channels, struct roam_call **call);

/* The writer of the arguments: a tuple of all, a channel by its id. */
struct roam_writer *roam_call_arguments(struct roam_call *call);
uint64_t roam_call_channel_id(const struct roam_call *call, size_t index);

/* This side's end of a channel. It is of use from roam_call_send on, belongs to the caller, and may outlive the
 * call. */
struct roam_tx *roam_call_tx(struct roam_call *call, size_t index);
struct roam_rx *roam_call_rx(struct roam_call *call, size_t index);

/* Sends the request. Waits for room. After an error the call and its channels are over. */
int roam_call_send(struct roam_call *call);

/* Waits for the answer: 0 and ROAM_ERR_USER have a value, which roam_call_result reads. */
int roam_call_wait(struct roam_call *call);

/* The same without waiting: ROAM_ERR_AGAIN while there is no answer. */
int roam_call_poll(struct roam_call *call);

/* Has callback called once when roam_call_poll would say something else than ROAM_ERR_AGAIN, at once if it does. By the
 * thread that receives, which must not wait in it; it may free the call. */
void roam_call_on_done(struct roam_call *call, void (*callback)(struct roam_call *call, void *context), void *context);

/* A reader of the result, or of the declared error. What it gives lives until the call is freed. */
struct roam_reader roam_call_result(const struct roam_call *call);

/* More about an error: what the handler said when it failed (ROAM_ERR_REMOTE), or what was too large to be sent
 * (ROAM_ERR_TOO_LARGE); else empty. Lives until the call is freed. */
struct roam_string roam_call_error(const struct roam_call *call);

bool roam_call_metadata_at(const struct roam_call *call, size_t index, struct roam_metadata *entry);
bool roam_call_metadata(const struct roam_call *call, const char *key, struct roam_metadata *entry);

/* Gives the call up: the other side is told, its channels are reset. Waiters return ROAM_ERR_CANCELLED. Any thread. */
void roam_call_cancel(struct roam_call *call);

/* Memory that lives until the call is freed, as roam_request_alloc. */
void *roam_call_alloc(struct roam_call *call, size_t size);

/* Frees a call; one that has no answer yet is given up. NULL is allowed. Ends of its channels that roam_call_tx or
 * roam_call_rx gave are freed by their own functions, the others with it. */
void roam_call_free(struct roam_call *call);

/* ---- Channels --------------------------------------------------------------------------------------------------- */

/*
 * Sends one item, encoded. roam_tx_send waits for credit, ring space and a slot; it returns ROAM_ERR_AGAIN only from
 * roam_tx_try_send, which does not. ROAM_ERR_CLOSED, ROAM_ERR_RESET when the other side does not want more,
 * ROAM_ERR_TOO_LARGE, or how the call, request or connection ended.
 */
int roam_tx_send(struct roam_tx *tx, const void *data, size_t len);
int roam_tx_try_send(struct roam_tx *tx, const void *data, size_t len);

/* A writer for an item, emptied; roam_tx_send_written sends what it holds. For generated code. */
struct roam_writer *roam_tx_writer(struct roam_tx *tx);
int roam_tx_send_written(struct roam_tx *tx);

/* Says that no more comes. Again: nothing. */
int roam_tx_close(struct roam_tx *tx);

/*
 * Receives one item: *data is len bytes that live until the next receive on this rx or its end. roam_rx_try_recv
 * returns ROAM_ERR_AGAIN where roam_rx_recv waits. ROAM_ERR_END after the last item, ROAM_ERR_RESET, or how the call,
 * request or connection ended.
 */
int roam_rx_recv(struct roam_rx *rx, struct roam_bytes *item);
int roam_rx_try_recv(struct roam_rx *rx, struct roam_bytes *item);

/* Memory for what an item holds, until the next receive on this rx: for generated code. */
void *roam_rx_alloc(struct roam_rx *rx, size_t size);

/* Says that an item that was received is not a value of its type. That breaks a rule of the protocol
 * (channeling.data.invalid), so it ends the connection; returns how that ended. */
int roam_rx_invalid(struct roam_rx *rx);

/* Says that no more is wanted: what comes is dropped. Again: nothing. */
void roam_rx_close(struct roam_rx *rx);

/* In a handler: the rx stays open after the answer, and is the program's to free. */
void roam_rx_detach(struct roam_rx *rx);

/* Has callback called each time that a try that said ROAM_ERR_AGAIN may say something else now. By the thread that
 * receives, which must not wait in it. NULL takes it back. */
void roam_tx_on_ready(struct roam_tx *tx, void (*callback)(struct roam_tx *tx, void *context), void *context);
void roam_rx_on_ready(struct roam_rx *rx, void (*callback)(struct roam_rx *rx, void *context), void *context);

/* Close it, if it is open, and free it. Not for those of a request, unless detached. NULL is allowed. */
void roam_tx_free(struct roam_tx *tx);
void roam_rx_free(struct roam_rx *rx);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
