/* The channel table on its own. */

#include "check.h"
#include "roam/shm.h"

static void test_activate_grant_free(void)
{
	struct roam_channel entry = { 0 };

	CHECK_EQ(roam_channel_state(&entry), ROAM_ENTRY_FREE);
	roam_channel_activate(&entry, 1000);
	CHECK_EQ(roam_channel_state(&entry), ROAM_ENTRY_ACTIVE);
	CHECK_EQ(roam_channel_granted(&entry), 1000);
	roam_channel_grant(&entry, 24);
	CHECK_EQ(roam_channel_granted(&entry), 1024);
	roam_channel_free(&entry);
	CHECK_EQ(roam_channel_state(&entry), ROAM_ENTRY_FREE);
	roam_channel_activate(&entry, 7); /* the next use starts anew */
	CHECK_EQ(roam_channel_granted(&entry), 7);
}

static void test_remaining_counts_down_to_nothing(void)
{
	struct roam_channel entry = { 0 };

	roam_channel_activate(&entry, 100);
	CHECK(roam_channel_remaining(&entry, 0) == 100);
	CHECK(roam_channel_remaining(&entry, 99) == 1);
	CHECK(roam_channel_remaining(&entry, 100) == 0);
}

static void test_totals_wrap_at_2_32(void)
{
	struct roam_channel entry = { .granted_total = UINT32_MAX - 9 };
	uint32_t sent = UINT32_MAX - 9;

	for (int i = 0; i < 10; i++) {
		roam_channel_grant(&entry, 3);
		CHECK(roam_channel_remaining(&entry, sent) == 3);
		sent += 3;
		CHECK(roam_channel_remaining(&entry, sent) == 0);
	}
	CHECK_EQ(roam_channel_granted(&entry), 20);
}

static void test_negative_remaining_is_corruption(void)
{
	struct roam_channel entry = { .granted_total = 10 };

	CHECK(roam_channel_remaining(&entry, 11) == -1);
	CHECK(roam_channel_remaining(&entry, 10 - (uint32_t)ROAM_MAX_CREDIT) == ROAM_MAX_CREDIT);
	CHECK(roam_channel_remaining(&entry, 9 - (uint32_t)ROAM_MAX_CREDIT) < 0);
}

static void test_state_of_another_implementation_is_not_free(void)
{
	struct roam_channel entry = { .state = ROAM_ENTRY_CLOSED };

	CHECK(roam_channel_state(&entry) != ROAM_ENTRY_FREE);
}

int main(void)
{
	RUN(test_activate_grant_free);
	RUN(test_remaining_counts_down_to_nothing);
	RUN(test_totals_wrap_at_2_32);
	RUN(test_negative_remaining_is_corruption);
	RUN(test_state_of_another_implementation_is_not_free);
	return finished();
}
