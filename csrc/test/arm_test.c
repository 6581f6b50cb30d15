/* Waiting for space, a slot and credit: what wakes, and what may come between. */

#define _GNU_SOURCE

#include <unistd.h>

#include "bed.h"
#include "check.h"

/* ---- One of a kind, in every bed -------------------------------------------------------------------------------- */

/* struct want: a kind of wait, how it comes about that one has to wait, and how the host ends it. */
struct want {
	enum roam_wait kind;
	uint32_t id;
	void (*exhaust)(struct link *link);
	void (*act)(struct deed *deed);
	bool (*over)(struct link *link);
};

static void fill_ring(struct link *link)
{
	while (link_stage(link, ROAM_MSG_CANCEL, 1, 0, NULL, 0, NULL, 0) == ROAM_OK)
		link_commit(link);
}

static void use_all_slots(struct link *link)
{
	static const char payload[100];

	while (link_stage(link, ROAM_MSG_REQUEST, 1, 1, NULL, 0, payload, sizeof(payload)) == ROAM_OK)
		link_commit(link);
}

static void use_all_credit(struct link *link)
{
	roam_channel_activate(link_channel(link, 3), 0);
}

static void receive_one(struct deed *deed)
{
	struct roam_message message;
	char arena[256];
	struct roam_received received = roam_end_receive(&deed->host->end, &message, 1, arena, sizeof(arena));

	CHECK_EQ(received.count, 1);
	if (received.bell && deed->host->bell >= 0)
		(void)roam_bell_ring(deed->host->bell);
}

static void grant(struct deed *deed)
{
	if (roam_end_grant(&deed->host->end, deed->id, 10) && deed->host->bell >= 0)
		(void)roam_bell_ring(deed->host->bell);
}

static bool can_stage(struct link *link, const char *payload, size_t len)
{
	if (link_stage(link, ROAM_MSG_REQUEST, 1, 1, NULL, 0, payload, len) != ROAM_OK)
		return false;
	link_abort(link);
	return true;
}

static bool has_space(struct link *link)
{
	return can_stage(link, NULL, 0);
}

static bool has_slot(struct link *link)
{
	static const char payload[100];

	return can_stage(link, payload, sizeof(payload));
}

static bool has_credit(struct link *link)
{
	return roam_channel_remaining(link_channel(link, 3), 0) > 0;
}

static const struct want wants[] = {
	{ ROAM_WAIT_SPACE, 0, fill_ring, receive_one, has_space },
	{ ROAM_WAIT_SLOT, 0, use_all_slots, receive_one, has_slot },
	{ ROAM_WAIT_CREDIT, 3, use_all_credit, grant, has_credit },
};

enum { WANTS = sizeof(wants) / sizeof(wants[0]) };

static void test_what_is_armed_wakes(void)
{
	for (enum bed bed = first_bed; bed <= last_bed; bed++) {
		for (size_t i = 0; i < WANTS; i++) {
			struct host host;
			struct link *link = bed_open(&host, bed, small_config());
			struct deed deed = { .host = &host, .link = link, .act = wants[i].act, .id = wants[i].id };

			deed.flags = bed_flag(bed) << wants[i].kind;
			wants[i].exhaust(link);
			CHECK(!wants[i].over(link));
			link_arm(link, wants[i].kind, wants[i].id);
			deed_begin(&deed);
			/* Not before the sleep has begun: link_arm has set a flag already, of one sort or the other. */
			sleep_until(link, wants[i].over);
			link_disarm(link, wants[i].kind, wants[i].id);
			deed_end(&deed);
			CHECK(bed_close(&host, link));
		}
	}
}

/* It came about after the last look and before the sleep, which is of the other sort than the one it was armed for. */
static void test_what_came_before_the_sleep_is_not_slept_over(void)
{
	for (enum bed bed = first_bed; bed <= last_bed; bed++) {
		for (size_t i = 0; i < WANTS; i++) {
			struct host host;
			struct link *link = bed_open(&host, bed, small_config());
			struct deed deed = { .host = &host, .link = link, .id = wants[i].id }; /* by this thread itself */
			bool lingers = link->linger_end != 0;

			wants[i].exhaust(link);
			link->linger_end = lingers ? 0 : INT64_MAX;
			link_wait(link, false, 1);
			link_arm(link, wants[i].kind, wants[i].id);
			CHECK(!wants[i].over(link));
			wants[i].act(&deed);
			if (host.bell >= 0)
				CHECK_EQ(roam_bell_drain(link->bell), 0); /* the ring does not save it */
			link->linger_end = lingers ? INT64_MAX : 0;
			link_wait(link, false, -1);
			CHECK(wants[i].over(link));
			link_disarm(link, wants[i].kind, wants[i].id);
			CHECK(bed_close(&host, link));
		}
	}
}

/* ---- Armed while it sleeps -------------------------------------------------------------------------------------- */

/* Another thread of the guest arms, looks, and leaves the sleep to the one that is in it; then the host grants. */
static void arm_and_grant(struct deed *deed)
{
	link_arm(deed->link, ROAM_WAIT_CREDIT, deed->id);
	grant(deed);
}

static void test_armed_during_a_sleep(void)
{
	for (enum bed bed = first_bed; bed <= last_own_bed; bed++) {
		struct host host;
		struct link *link = bed_open(&host, bed, small_config());
		struct deed deed = { .host = &host, .link = link, .flags = bed_flag(bed), .act = arm_and_grant, .id = 3 };

		use_all_credit(link);
		deed_begin(&deed);
		sleep_until(link, has_credit);
		deed_end(&deed);
		link_disarm(link, ROAM_WAIT_CREDIT, 3);
		CHECK(bed_close(&host, link));
	}
}

/* A pool that is refilled without a change of its word wakes nobody: a sleep for a slot is bounded, also one that began
 * before there was a waiter. */
static void arm_slot(struct deed *deed)
{
	link_arm(deed->link, ROAM_WAIT_SLOT, 0);
	__atomic_store_n(&deed->id, 1, __ATOMIC_SEQ_CST);
}

static void test_sleep_for_a_slot_is_bounded(void)
{
	for (enum bed bed = first_bed; bed <= last_own_bed; bed++) {
		struct host host;
		struct link *link = bed_open(&host, bed, small_config());
		struct deed deed = { .host = &host, .link = link, .flags = bed_flag(bed), .act = arm_slot };

		deed_begin(&deed);
		while (__atomic_load_n(&deed.id, __ATOMIC_SEQ_CST) == 0)
			link_wait(link, false, -1);
		deed_end(&deed);
		for (int i = 0; i < 3; i++)
			link_wait(link, false, -1);
		link_disarm(link, ROAM_WAIT_SLOT, 0);
		CHECK(bed_close(&host, link));
	}
}

/* A host's recovery, or a fault of its own, may have taken the bit: every sleep sets it anew. */
static void test_slot_flag_is_set_anew(void)
{
	struct host host;
	struct link *link = bed_open(&host, ON_BELL, small_config());
	struct deed deed = { .host = &host, .link = link, .flags = ROAM_FLAG_BELL_SLOT, .act = receive_one };

	use_all_slots(link);
	link_wait(link, false, 1); /* from now on flags are those of the doorbell */
	link_arm(link, ROAM_WAIT_SLOT, 0);
	roam_flags_clear(&host_peer(&host, 1)->guest_flags, ROAM_FLAG_BELL_SLOT | ROAM_FLAG_FUTEX_SLOT);
	deed_begin(&deed);
	sleep_until(link, has_slot);
	deed_end(&deed);
	link_disarm(link, ROAM_WAIT_SLOT, 0);
	CHECK(bed_close(&host, link));
}

/* ---- Counts ----------------------------------------------------------------------------------------------------- */

static void test_flag_stands_until_the_last_waiter_is_gone(void)
{
	struct host host;
	struct link *link = bed_open(&host, WALKED_UP, small_config());
	const uint32_t *flags = &host_peer(&host, 1)->guest_flags;

	for (enum roam_wait kind = ROAM_WAIT_MESSAGES; kind <= ROAM_WAIT_CREDIT; kind++) {
		uint32_t flag = (uint32_t)ROAM_FLAG_FUTEX_MESSAGES << kind;

		link_arm(link, kind, 3);
		link_arm(link, kind, 3);
		CHECK((*flags & flag) != 0);
		link_wait(link, false, 0);
		link_disarm(link, kind, 3);
		CHECK((*flags & flag) != 0);
		link_disarm(link, kind, 3);
		CHECK((*flags & flag) == 0);
	}
	CHECK(bed_close(&host, link));
}

/* Ids without an entry, as a foreign host's may be, are waited for without a word. */
static void test_credit_of_ids_beyond_the_table(void)
{
	struct host host;
	struct link *link = bed_open(&host, WALKED_UP, small_config());

	link_arm(link, ROAM_WAIT_CREDIT, 16);
	link_arm(link, ROAM_WAIT_CREDIT, UINT32_MAX);
	link_wait(link, false, 1);
	link_disarm(link, ROAM_WAIT_CREDIT, UINT32_MAX);
	link_disarm(link, ROAM_WAIT_CREDIT, 16);
	CHECK(bed_close(&host, link));
}

/* More words than one sleep can watch: the last is found all the same. */
static void test_more_words_than_a_sleep_can_watch(void)
{
	for (enum bed bed = first_bed; bed <= last_own_bed; bed++) {
		struct roam_config config = small_config();
		struct host host;
		struct link *link;

		config.max_channels = 400;
		link = bed_open(&host, bed, config);
		for (uint32_t id = 1; id < 400; id++) {
			roam_channel_activate(link_channel(link, id), 0);
			link_arm(link, ROAM_WAIT_CREDIT, id);
		}
		link_wait(link, false, 1); /* takes in the values */
		for (uint32_t id = 1; id < 400; id += 37) {
			struct deed deed = { .host = &host, .flags = bed_flag(bed) << ROAM_WAIT_CREDIT, .act = grant };

			deed.id = id;
			deed_begin(&deed);
			while (roam_channel_remaining(link_channel(link, id), 0) == 0)
				link_wait(link, false, -1);
			deed_end(&deed);
		}
		for (uint32_t id = 399; id > 0; id--)
			link_disarm(link, ROAM_WAIT_CREDIT, id);
		CHECK(bed_close(&host, link));
	}
}

/* Without memory for a word, sleeps are short instead. */
static void test_no_memory_for_a_word(void)
{
	for (enum bed bed = first_bed; bed <= last_own_bed; bed++) {
		struct host host;
		struct link *link = bed_open(&host, bed, small_config());
		struct counting *memory = bed_memory();
		struct deed deed = { .host = &host, .flags = bed_flag(bed) << ROAM_WAIT_CREDIT, .act = grant, .id = 3 };

		use_all_credit(link);
		memory->fails = memory->taken + 1;
		for (int i = 0; i < 3; i++)
			link_arm(link, ROAM_WAIT_CREDIT, 3);
		CHECK(memory->taken >= memory->fails);
		deed_begin(&deed);
		sleep_until(link, has_credit);
		deed_end(&deed);
		memory->fails = 0;
		link_arm(link, ROAM_WAIT_CREDIT, 3); /* this one is watched */
		for (int i = 0; i < 4; i++)
			link_disarm(link, ROAM_WAIT_CREDIT, 3);
		CHECK(bed_close(&host, link));
	}
}

int main(void)
{
	alarm(300); /* a hang */
	RUN(test_what_is_armed_wakes);
	RUN(test_what_came_before_the_sleep_is_not_slept_over);
	RUN(test_armed_during_a_sleep);
	RUN(test_sleep_for_a_slot_is_bounded);
	RUN(test_slot_flag_is_set_anew);
	RUN(test_flag_stands_until_the_last_waiter_is_gone);
	RUN(test_credit_of_ids_beyond_the_table);
	RUN(test_more_words_than_a_sleep_can_watch);
	RUN(test_no_memory_for_a_word);
	return finished();
}
