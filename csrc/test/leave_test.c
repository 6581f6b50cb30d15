/* Leaving a host in order, and what a guest says when it does. */

#define _GNU_SOURCE

#include <poll.h>
#include <unistd.h>

#include "bed.h"
#include "check.h"

static struct roam_config config_of(uint32_t slot_size)
{
	struct roam_config config = small_config();

	config.slot_size = slot_size;
	config.max_payload_size = slot_size - ROAM_GENERATION_SIZE;
	return config;
}

static void commit_one(struct link *link)
{
	CHECK_EQ(link_stage(link, ROAM_MSG_CANCEL, 1, 0, NULL, 0, NULL, 0), ROAM_OK);
	link_commit(link);
}

/* What the host finds in its ring, the payload as text. */
static enum roam_msg host_receive(struct host *host, char *text, size_t size)
{
	struct roam_message message = { .type = 0 };
	struct roam_received received = roam_end_receive(&host->end, &message, 1, text, size - 1);

	if (received.count != 1)
		return 0;
	if (received.bell && host->bell >= 0)
		(void)roam_bell_ring(host->bell);
	text[message.len] = '\0';
	return (enum roam_msg)message.type;
}

/* ---- What stands in the entry, and what the link says then ------------------------------------------------------ */

static void test_left_link(void)
{
	for (enum bed bed = first_bed; bed <= last_bed; bed++) {
		struct host host;
		struct link *link = bed_open(&host, bed, small_config());
		struct roam_failure failure;

		link_leave(link, NULL, INT64_C(1000000000));
		CHECK_EQ(host_peer(&host, 1)->state, ROAM_STATE_GOODBYE);
		CHECK_EQ(host_peer(&host, 1)->epoch, bed == WALKED_UP ? 1 : 7);
		CHECK_EQ(link_look(link, &failure), ROAM_ERR_CLOSED);
		CHECK_EQ(link_stage(link, ROAM_MSG_CANCEL, 1, 0, NULL, 0, NULL, 0), ROAM_NO_SPACE);
		link_wait(link, false, -1);
		host_set_entry(&host, 1, ROAM_STATE_ATTACHED, 8); /* another's by now */
		link_leave(link, "again", INT64_C(1000000000));
		CHECK_EQ(host_peer(&host, 1)->state, ROAM_STATE_ATTACHED);
		CHECK(!roam_end_pending(&host.end));
		CHECK(bed_close(&host, link));
	}
}

/* The host has seen the doorbell hang up: by then the entry says why. */
static void test_doorbell_closes_last(void)
{
	struct host host;
	struct link *link = bed_open(&host, ON_BELL, small_config());
	struct pollfd bell = { .events = POLLRDHUP };

	bell.fd = host.bell;
	CHECK_EQ(poll(&bell, 1, 0), 0);
	link_leave(link, NULL, 0);
	CHECK_EQ(poll(&bell, 1, 0), 0);
	CHECK(bed_close(&host, link));
}

/* ---- What is still in the ring ---------------------------------------------------------------------------------- */

static void receive_slowly(struct deed *deed)
{
	char text[300];
	uint32_t received = 0;

	while (received < 5) {
		host_await_flags(deed->host, ROAM_FLAG_FUTEX_SPACE);
		CHECK_EQ(host_peer(deed->host, 1)->state, ROAM_STATE_ATTACHED);
		received += host_receive(deed->host, text, sizeof(text)) == ROAM_MSG_CANCEL;
	}
}

static void test_what_was_sent_is_handed_over(void)
{
	for (enum bed bed = first_bed; bed <= last_bed; bed++) {
		struct host host;
		struct link *link = bed_open(&host, bed, small_config());
		struct deed deed = { .host = &host, .flags = ROAM_FLAG_FUTEX_SPACE, .act = receive_slowly };

		for (int i = 0; i < 5; i++)
			commit_one(link);
		deed_begin(&deed);
		link_leave(link, NULL, INT64_MAX);
		CHECK_EQ(roam_end_tail(&host.end), 5);
		deed_end(&deed);
		CHECK_EQ(host_peer(&host, 1)->state, ROAM_STATE_GOODBYE);
		CHECK(bed_close(&host, link));
	}
}

static void test_host_that_takes_nothing_is_left_all_the_same(void)
{
	struct host host;
	struct link *link = bed_open(&host, ON_BELL, small_config());

	commit_one(link);
	link_leave(link, NULL, 15000000);
	CHECK_EQ(host_peer(&host, 1)->state, ROAM_STATE_GOODBYE);
	CHECK(roam_end_pending(&host.end));
	CHECK(bed_close(&host, link));
}

/* Who was evicted, or whose host is dead, waits for nothing and changes nothing. */
static void test_nothing_is_waited_for_after_the_end(void)
{
	struct host host;
	struct link *link = bed_open(&host, ON_BELL, small_config());

	commit_one(link);
	host_set_entry(&host, 1, ROAM_STATE_GOODBYE, 9);
	link_leave(link, "why", INT64_MAX);
	CHECK_EQ(host_peer(&host, 1)->epoch, 9);
	CHECK_EQ(roam_end_head(&host.end), 1); /* no Goodbye either */
	CHECK_EQ(link_look(link, NULL), ROAM_ERR_EVICTED);
	CHECK(bed_close(&host, link));

	link = bed_open(&host, ON_BELL, small_config());
	commit_one(link);
	close(host.bell);
	host.bell = -1;
	link_leave(link, NULL, INT64_MAX); /* notices it by itself */
	CHECK(bed_close(&host, link));
}

/* ---- Goodbye ---------------------------------------------------------------------------------------------------- */

static void check_goodbye(struct roam_config config, uint32_t busy_slots, const char *reason, const char *want)
{
	struct host host;
	struct link *link = bed_open(&host, ON_BELL, config);
	struct roam_slot slot;
	char text[300];

	for (uint32_t i = 0; i < busy_slots; i++)
		CHECK(roam_pool_take(&host.end.peer_pool, &slot));
	link_leave(link, reason, 0);
	CHECK_EQ(host_peer(&host, 1)->state, ROAM_STATE_GOODBYE);
	if (!CHECK_EQ(host_receive(&host, text, sizeof(text)), ROAM_MSG_GOODBYE) || !CHECK(strcmp(text, want) == 0))
		fprintf(stderr, "  \"%s\", want \"%s\"\n", text, want);
	CHECK(bed_close(&host, link));
}

static void test_goodbye_has_the_reason(void)
{
	static const char longer[] = "shm.slot.generation: slot 3 of 4 with generation 17 is not out";

	check_goodbye(small_config(), 0, "", "");
	check_goodbye(small_config(), 0, "shm.ring.capacity", "shm.ring.capacity");
	check_goodbye(small_config(), 0, longer, longer);
	/* To what fits: max_payload_size, or a descriptor when no slot is free, and never within a character. */
	check_goodbye(config_of(48), 0, longer, "shm.slot.generation: slot 3 of 4 with genera");
	check_goodbye(small_config(), 4, longer, "shm.slot.generation: slot 3 of 4");
	check_goodbye(small_config(), 4, "123456789012345678901234567890\xC3\xA9", "123456789012345678901234567890\xC3\xA9");
	check_goodbye(small_config(), 4, "1234567890123456789012345678901\xC3\xA9", "1234567890123456789012345678901");
	check_goodbye(small_config(), 4, "12345678901234567890123456789\xF0\x9F\x98\x80", "12345678901234567890123456789");
	check_goodbye(config_of(8), 0, "abcdef", "abcd");
}

static void test_goodbye_without_room_is_left_out(void)
{
	struct host host;
	struct link *link = bed_open(&host, ON_BELL, small_config());
	char text[300];

	for (int i = 0; i < 7; i++)
		commit_one(link);
	link_leave(link, "why", 0);
	CHECK_EQ(host_peer(&host, 1)->state, ROAM_STATE_GOODBYE);
	for (int i = 0; i < 7; i++)
		CHECK_EQ(host_receive(&host, text, sizeof(text)), ROAM_MSG_CANCEL);
	CHECK(!roam_end_pending(&host.end));
	CHECK(bed_close(&host, link));
}

/* ---- Others ----------------------------------------------------------------------------------------------------- */

static void leave(struct deed *deed)
{
	link_leave(deed->link, NULL, 0);
	deed->flags = host_peer(deed->host, 1)->guest_flags;
}

/* One thread is in link_wait, after it received something, while another leaves. It writes no flags after the goodbye:
 * they are another guest's then, it may be. */
static void test_waiting_thread_is_sent_out(void)
{
	for (enum bed bed = first_bed; bed <= last_own_bed; bed++) {
		struct host host;
		struct deed deed = { .host = &host, .act = leave };

		deed.link = bed_open(&host, bed, small_config());
		deed.flags = bed_flag(bed);
		CHECK(host_send(&host, ROAM_MSG_CANCEL, 1, NULL, 0));
		CHECK_EQ(link_receive(deed.link, &(struct roam_message){ 0 }, 1, NULL, 0).count, 1);
		deed_begin(&deed);
		while (link_look(deed.link, NULL) == 0)
			link_wait(deed.link, false, -1);
		deed_end(&deed);
		CHECK_EQ(host_peer(&host, 1)->state, ROAM_STATE_GOODBYE);
		CHECK_EQ(host_peer(&host, 1)->guest_flags, deed.flags);
		host_peer(&host, 1)->guest_flags = ROAM_FLAG_KEEPS | ROAM_FLAG_TABLE; /* the next guest's */
		CHECK(bed_close(&host, deed.link));
	}
}

/* Whatever is called after the goodbye changes no byte of the segment, though messages lie in the ring. */
static void test_nothing_is_written_after_the_goodbye(void)
{
	for (enum bed bed = first_bed; bed <= last_own_bed; bed++) {
		struct host host;
		struct link *link = bed_open(&host, bed, small_config());
		size_t size = host.segment.layout.total_size;
		unsigned char *before = malloc(size);
		struct roam_message message;
		char arena[300] = { 0 };

		CHECK(host_send(&host, ROAM_MSG_CANCEL, 1, NULL, 0));
		CHECK(host_send(&host, ROAM_MSG_RESPONSE, 1, arena, 100));
		CHECK_EQ(link_receive(link, &message, 1, arena, sizeof(arena)).count, 1);
		link_leave(link, NULL, 0);
		memcpy(before, host.segment.base, size);
		CHECK_EQ(link_receive(link, &message, 1, arena, sizeof(arena)).count, 0);
		CHECK_EQ(link_stage(link, ROAM_MSG_CANCEL, 1, 0, NULL, 0, NULL, 0), ROAM_NO_SPACE);
		CHECK(link_channel(link, 1) == NULL);
		link_grant(link, 1, 10);
		link_settle(link);
		link_rest(link);
		link_arm(link, ROAM_WAIT_SLOT, 0);
		link_wait(link, true, 0);
		link_disarm(link, ROAM_WAIT_SLOT, 0);
		CHECK(memcmp(before, host.segment.base, size) == 0);
		free(before);
		CHECK(bed_close(&host, link));
	}
}

/* Everything the host may sleep on is woken: here the tail of its outgoing ring and the state word. */
static void sleep_on_state(struct deed *deed)
{
	while (host_peer(deed->host, 1)->state == ROAM_STATE_ATTACHED)
		(void)roam_futex_wait(&host_peer(deed->host, 1)->state, ROAM_STATE_ATTACHED, 0);
}

static void test_host_is_woken(void)
{
	struct host host;
	struct link *link = bed_open(&host, WALKED_UP, small_config());
	struct deed deed = { .host = &host, .flags = ROAM_FLAG_KEEPS, .act = sleep_on_state };

	deed_begin(&deed);
	link_leave(link, NULL, 0);
	deed_end(&deed);
	CHECK(bed_close(&host, link));
}

int main(void)
{
	alarm(300); /* a hang */
	RUN(test_left_link);
	RUN(test_doorbell_closes_last);
	RUN(test_what_was_sent_is_handed_over);
	RUN(test_host_that_takes_nothing_is_left_all_the_same);
	RUN(test_nothing_is_waited_for_after_the_end);
	RUN(test_goodbye_has_the_reason);
	RUN(test_goodbye_without_room_is_left_out);
	RUN(test_waiting_thread_is_sent_out);
	RUN(test_nothing_is_written_after_the_goodbye);
	RUN(test_host_is_woken);
	return finished();
}
