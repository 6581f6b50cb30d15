/*
 * Host and guest send each other all they can over a small segment, so that both sleep for messages, space, slots and
 * credit at once. One thread of the guest sends, and leaves its sleeps to the one that receives. A wake-up that gets
 * lost ends in a hang.
 */

#define _GNU_SOURCE

#include <poll.h>
#include <unistd.h>

#include "bed.h"
#include "check.h"
#include "traffic.h"

enum { MESSAGES = 4000 };

/* struct guest: the threads of a guest. */
struct guest {
	struct link *link;
	struct traffic traffic; /* the guest's view, for traffic_check */
	uint32_t sends, receives;
	bool by_loop;
	bool tosses; /* moves between bell and words at random */

	pthread_mutex_t lock;
	pthread_cond_t looked; /* the receiver has woken: look again */
	uint64_t looks;
	bool sent; /* all */
};

/* ---- The thread that sends -------------------------------------------------------------------------------------- */

/* Stages message i, or says what that has to wait for. */
static bool try_stage(struct guest *guest, uint32_t i, uint32_t total, const unsigned char *payload, uint32_t len,
		      enum roam_wait *kind)
{
	struct roam_channel *channel = link_channel(guest->link, guest->traffic.out_channel);
	enum roam_msg type = traffic_type(i);
	uint32_t id = type == ROAM_MSG_DATA ? guest->traffic.out_channel : i;
	enum roam_status status;

	*kind = ROAM_WAIT_CREDIT;
	if (type == ROAM_MSG_DATA && roam_channel_remaining(channel, total) < 0)
		return false;
	status = link_stage(guest->link, type, id, i, payload, len / 2, payload + len / 2, len - len / 2);
	*kind = status == ROAM_NO_SLOT ? ROAM_WAIT_SLOT : ROAM_WAIT_SPACE;
	return status == ROAM_OK;
}

/* Stages it, asleep as long as that takes. The lock is held. */
static void stage(struct guest *guest, uint32_t i, uint32_t total, const unsigned char *payload, uint32_t len)
{
	enum roam_wait kind, other;

	while (!try_stage(guest, i, total, payload, len, &kind)) {
		uint64_t looks = guest->looks;

		link_arm(guest->link, kind, guest->traffic.out_channel);
		if (try_stage(guest, i, total, payload, len, &other)) {
			link_disarm(guest->link, kind, guest->traffic.out_channel);
			return;
		}
		while (other == kind && looks == guest->looks)
			pthread_cond_wait(&guest->looked, &guest->lock);
		link_disarm(guest->link, kind, guest->traffic.out_channel);
	}
}

static void *guest_send(void *argument)
{
	struct guest *guest = argument;
	uint32_t total = TRAFFIC_FIRST_TOTAL;

	for (uint32_t i = 0; i < guest->sends; i++) {
		unsigned char payload[TRAFFIC_LONGEST];
		uint32_t len = traffic_payload(i, link_slot_capacity(guest->link), payload);

		total += traffic_type(i) == ROAM_MSG_DATA ? len : 0;
		pthread_mutex_lock(&guest->lock);
		stage(guest, i, total, payload, len);
		link_commit(guest->link);
		pthread_mutex_unlock(&guest->lock);
		link_notify(guest->link);
		if (i % 64 == 9)
			link_interrupt(guest->link); /* for no reason */
	}
	pthread_mutex_lock(&guest->lock);
	guest->sent = true;
	pthread_mutex_unlock(&guest->lock);
	link_interrupt(guest->link);
	return NULL;
}

/* ---- The thread that receives ----------------------------------------------------------------------------------- */

static void sleep_in_turns(struct link *link)
{
	struct pollfd loop = { .fd = link_fd(link, NULL), .events = POLLIN };

	link_prepare(link, true, -1);
	if (!link_pending(link))
		poll(&loop, 1, -1);
	link_finish(link);
}

static void sleep_once(struct guest *guest, uint32_t turn)
{
	if (guest->tosses)
		guest->link->linger_end = (turn * UINT32_C(2654435761)) >> 31 == 0 ? 0 : INT64_MAX;
	if (guest->by_loop)
		sleep_in_turns(guest->link);
	else
		link_wait(guest->link, true, -1);
}

/* What receives and sends are done; wakes the one that sends, which may wait for what has just come about. */
static bool look_again(struct guest *guest)
{
	bool sent;

	pthread_mutex_lock(&guest->lock);
	guest->looks++;
	sent = guest->sent;
	pthread_cond_broadcast(&guest->looked);
	pthread_mutex_unlock(&guest->lock);
	return sent;
}

static const char *guest_receive(struct guest *guest)
{
	unsigned char arena[2 * TRAFFIC_LONGEST];
	struct roam_message messages[8];
	const char *failure = NULL;
	uint32_t i = 0;

	for (uint32_t turn = 0; failure == NULL; turn++) {
		struct roam_received got = link_receive(guest->link, messages, 8, arena, sizeof(arena));
		uint32_t consumed = 0;

		if (got.status != ROAM_OK && got.status != ROAM_ARENA_FULL)
			failure = "receive found a fault";
		for (uint32_t n = 0; n < got.count && failure == NULL; n++) {
			failure = traffic_check(&guest->traffic, &messages[n], i++, arena);
			consumed += messages[n].type == ROAM_MSG_DATA ? messages[n].len : 0;
		}
		if (consumed != 0)
			link_grant(guest->link, guest->traffic.in_channel, consumed);
		link_notify(guest->link);
		if (look_again(guest) && i == guest->receives)
			break;
		if (got.count == 0 && !link_spin(guest->link, turn % 3 * 1000))
			sleep_once(guest, turn);
	}
	return failure;
}

/* ---- Both ------------------------------------------------------------------------------------------------------- */

static void join(pthread_t thread, const char *who)
{
	void *failure;

	CHECK_EQ(pthread_join(thread, &failure), 0);
	if (!CHECK(failure == NULL))
		fprintf(stderr, "  %s: %s\n", who, (const char *)failure);
}

/* Counters near their wrap, as for traffic, under a guest that has attached. */
static void flood(enum bed bed, enum sleep host_sleep, void (*choose)(struct guest *guest))
{
	struct host host;
	struct guest guest = { .sends = MESSAGES, .receives = host_sleep == SLEEP_BELL ? 0 : MESSAGES,
			       .lock = PTHREAD_MUTEX_INITIALIZER, .looked = PTHREAD_COND_INITIALIZER };
	struct traffic side = { .out_channel = 2, .in_channel = 1, .messages = MESSAGES, .sleep = host_sleep };
	pthread_t host_sends, host_receives, guest_sends;
	const char *failure;

	guest.link = bed_open_with(&host, bed, small_config(), traffic_prepare);
	guest.traffic = (struct traffic){ .end = &guest.link->end, .out_channel = 1, .in_channel = 2 };
	choose(&guest);
	side.end = &host.end;
	side.bell = host.bell;
	CHECK_EQ(pthread_create(&host_receives, NULL, traffic_receive, &side), 0);
	if (guest.receives != 0)
		CHECK_EQ(pthread_create(&host_sends, NULL, traffic_send, &side), 0);
	CHECK_EQ(pthread_create(&guest_sends, NULL, guest_send, &guest), 0);
	failure = guest_receive(&guest);
	if (!CHECK(failure == NULL))
		fprintf(stderr, "  guest receives: %s\n", failure);
	join(guest_sends, "guest sends");
	join(host_receives, "host receives");
	if (guest.receives != 0)
		join(host_sends, "host sends");
	link_rest(guest.link); /* the spare slots */
	CHECK(traffic_settled(&host.segment));
	CHECK(bed_close(&host, guest.link));
}

static void as_it_comes(struct guest *guest)
{
	(void)guest;
}

static void without_lingering(struct guest *guest)
{
	guest->link->has_waitv = false;
}

static void tossing(struct guest *guest)
{
	guest->tosses = true;
}

static void in_a_loop(struct guest *guest)
{
	guest->by_loop = true;
}

static void test_as_it_comes(void)
{
	flood(ON_BELL, SLEEP_FUTEX, as_it_comes);
}

static void test_on_the_doorbell(void)
{
	flood(ON_BELL, SLEEP_FUTEX, without_lingering);
}

static void test_between_doorbell_and_words(void)
{
	flood(ON_BELL, SLEEP_WAITV, tossing);
}

static void test_on_words(void)
{
	flood(WALKED_UP, SLEEP_FUTEX, as_it_comes);
}

static void test_in_a_loop(void)
{
	flood(ON_BELL, SLEEP_FUTEX, in_a_loop);
}

static void test_in_a_loop_on_words(void)
{
	flood(WALKED_UP, SLEEP_FUTEX, in_a_loop);
}

static void test_of_a_foreign_host(void)
{
	flood(ON_FOREIGN_BELL, SLEEP_FUTEX, as_it_comes);
}

static void test_to_a_host_on_its_doorbell(void)
{
	flood(ON_BELL, SLEEP_BELL, tossing);
}

int main(void)
{
	alarm(500); /* a hang */
	RUN(test_as_it_comes);
	RUN(test_on_the_doorbell);
	RUN(test_between_doorbell_and_words);
	RUN(test_on_words);
	RUN(test_in_a_loop);
	RUN(test_in_a_loop_on_words);
	RUN(test_of_a_foreign_host);
	RUN(test_to_a_host_on_its_doorbell);
	return finished();
}
