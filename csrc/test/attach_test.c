/* Attaching to what is no sound segment, or with a ticket that is not, or no longer, good: each fault has its own error
 * and text, and leaves nothing behind. */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "held.h"
#include "host.h"

static struct counting memory;

/* Attaches to entry 1 of a host with a ticket of epoch 7; on success leaves at once. */
static int try_with(struct host *host, uint32_t peer_id, uint32_t epoch, struct roam_failure *failure)
{
	struct held before = held_now();
	struct ticket_args args;
	struct link *link = NULL;
	int error;

	counting_init(&memory);
	*failure = (struct roam_failure){ 0 };
	host_ticket(host, peer_id, host_doorbell(host, SOCK_STREAM), epoch, &args);
	error = link_attach(args.argc, args.argv, &memory.allocator, &link, failure);
	if (error == 0)
		link_close(link);
	else
		CHECK(link == NULL);
	close(host->bell);
	host->bell = -1;
	CHECK_EQ(memory.live, 0);
	CHECK(held_same(before));
	return error;
}

static void check_failure(struct host *host, uint32_t peer_id, uint32_t epoch, int error, const char *text)
{
	struct roam_failure failure;

	CHECK_EQ(try_with(host, peer_id, epoch, &failure), error);
	CHECK_EQ(failure.error, error);
	if (!CHECK(strstr(failure.text, text) != NULL))
		fprintf(stderr, "  \"%s\", want \"%s\"\n", failure.text, text);
}

static void fresh(struct host *host)
{
	host_create(host, small_config(), NULL);
	host_set_entry(host, 1, ROAM_STATE_RESERVED, 7);
}

/* ---- Header and entry ------------------------------------------------------------------------------------------- */

#define FIELD32(name) offsetof(struct roam_header, name), 4
#define FIELD64(name) offsetof(struct roam_header, name), 8
#define PEER64(name) sizeof(struct roam_header) + offsetof(struct roam_peer, name), 8

/* Every field that must have, or keep to, some value. */
static const struct bad_field {
	size_t at, size;
	uint64_t value;
	int error;
	const char *text;
} bad_fields[] = {
	{ FIELD64(magic), 0, ROAM_ERR_NOT_SEGMENT, "magic is 0000000000000000 (hex), must be RAPAHUB and 01" },
	{ FIELD32(version), 0, ROAM_ERR_VERSION, "version is 0, must be 1" },
	{ FIELD32(version), 2, ROAM_ERR_VERSION, "version is 2, must be 1" },
	{ FIELD32(header_size), 127, ROAM_ERR_HEADER, "header_size is 127, must be 128" },
	{ FIELD32(header_size), 256, ROAM_ERR_HEADER, "header_size is 256" },
	{ FIELD64(total_size), 1, ROAM_ERR_HEADER, "total_size is 1, must be" },
	{ FIELD64(total_size), UINT64_MAX, ROAM_ERR_HEADER, "total_size is 18446744073709551615, must be" },
	{ FIELD32(max_payload_size), 253, ROAM_ERR_HEADER, "max_payload_size is 253, must be at most slot_size - 4" },
	{ FIELD32(max_payload_size), UINT32_MAX, ROAM_ERR_HEADER, "max_payload_size" },
	{ FIELD32(initial_credit), UINT32_C(0x80000000), ROAM_ERR_HEADER, "initial_credit is 2147483648, must be at most" },
	{ FIELD32(max_guests), 0, ROAM_ERR_HEADER, "max_guests is 0, must be 1 to 255" },
	{ FIELD32(max_guests), 256, ROAM_ERR_HEADER, "max_guests is 256" },
	{ FIELD32(max_guests), 3, ROAM_ERR_HEADER, "must be" }, /* sound in itself, but all else is for 2 */
	{ FIELD32(ring_size), 0, ROAM_ERR_HEADER, "ring_size is 0, must be a power of two" },
	{ FIELD32(ring_size), 1, ROAM_ERR_HEADER, "ring_size is 1" },
	{ FIELD32(ring_size), 12, ROAM_ERR_HEADER, "ring_size is 12" },
	{ FIELD32(ring_size), UINT32_C(0x80000000), ROAM_ERR_HEADER, "total_size is" },
	{ FIELD64(peer_table_offset), 0, ROAM_ERR_HEADER, "peer_table_offset is 0, must be 128" },
	{ FIELD64(peer_table_offset), UINT64_MAX - 63, ROAM_ERR_HEADER, "peer_table_offset" },
	{ FIELD64(slot_region_offset), 0, ROAM_ERR_HEADER, "slot_region_offset is 0, must be 256" },
	{ FIELD64(slot_region_offset), UINT64_MAX, ROAM_ERR_HEADER, "slot_region_offset" },
	{ FIELD32(slot_size), 0, ROAM_ERR_HEADER, "slot_size is 0, must be a multiple of 8" },
	{ FIELD32(slot_size), 260, ROAM_ERR_HEADER, "slot_size is 260" },
	{ FIELD32(slot_size), UINT32_MAX - 7, ROAM_ERR_HEADER, "total_size" },
	{ FIELD32(slots_per_guest), 0, ROAM_ERR_HEADER, "slots_per_guest is 0, must be at least 1" },
	{ FIELD32(slots_per_guest), UINT32_MAX, ROAM_ERR_HEADER, "total_size" },
	{ FIELD32(max_channels), 17, ROAM_ERR_HEADER, "total_size is" },
	{ FIELD32(max_channels), UINT32_MAX, ROAM_ERR_HEADER, "total_size is" },
	{ FIELD32(host_goodbye), 1, ROAM_ERR_HOST_LEAVING, "leaving" },
	{ FIELD64(var_slot_pool_offset), 256, ROAM_ERR_UNSUPPORTED, "var_class_count is 0" },
	{ FIELD64(current_size), UINT64_MAX, ROAM_ERR_TRUNCATED, "current_size is 18446744073709551615, must be at most" },
	{ PEER64(ring_offset), 0, ROAM_ERR_HEADER, "peer entry 1: ring_offset is 0, must be" },
	{ PEER64(ring_offset), UINT64_MAX, ROAM_ERR_HEADER, "ring_offset" },
	{ PEER64(slot_pool_offset), 64, ROAM_ERR_HEADER, "peer entry 1: slot_pool_offset is 64" },
	{ PEER64(channel_table_offset), 65, ROAM_ERR_HEADER, "peer entry 1: channel_table_offset is 65" },
};

static void test_every_field_is_checked(void)
{
	for (size_t i = 0; i < sizeof(bad_fields) / sizeof(bad_fields[0]); i++) {
		const struct bad_field *bad = &bad_fields[i];
		struct host host;

		fresh(&host);
		memcpy(host.segment.base + bad->at, &bad->value, bad->size); /* little-endian */
		check_failure(&host, 1, 7, bad->error, bad->text);
		CHECK_EQ(host_peer(&host, 1)->state, ROAM_STATE_RESERVED);
		CHECK_EQ(host_peer(&host, 1)->guest_flags, 0);
		host_destroy(&host);
	}
}

/* Also where all sums of the sizes fit into 64 bits but not into a mapping. */
static void test_sizes_beyond_the_address_space(void)
{
	struct host host;

	fresh(&host);
	host_header(&host)->slot_size = UINT32_MAX - 7;
	host_header(&host)->slots_per_guest = UINT32_MAX;
	check_failure(&host, 1, 7, ROAM_ERR_HEADER, "total_size, the sum of all pools and guest areas, must be within");
	host_destroy(&host);
}

static void test_variable_pools_are_refused(void)
{
	struct host host;

	fresh(&host);
	host_header(&host)->var_slot_pool_offset = 256;
	host_header(&host)->var_class_count = 2;
	check_failure(&host, 1, 7, ROAM_ERR_UNSUPPORTED, "var_slot_pool_offset is 256, must be 0");
	host_destroy(&host);
}

/* Fields that a version 1 guest has no opinion on. */
static void test_what_is_not_known_is_left_alone(void)
{
	struct host host;
	struct roam_failure failure;

	fresh(&host);
	host_header(&host)->features = UINT32_MAX;
	host_header(&host)->heartbeat_interval = UINT64_MAX;
	memset(host_header(&host)->reserved, 0xFF, sizeof(host_header(&host)->reserved));
	if (!CHECK_EQ(try_with(&host, 1, 7, &failure), 0))
		fprintf(stderr, "  %s\n", failure.text);
	host_destroy(&host);
}

static void test_truncated_files(void)
{
	static const struct {
		off_t size;
		int error;
		const char *text;
	} table[] = {
		{ 0, ROAM_ERR_NOT_SEGMENT, "the file is empty" },
		{ 1, ROAM_ERR_NOT_SEGMENT, "magic is 5200000000000000" },
		{ 7, ROAM_ERR_NOT_SEGMENT, "magic" },
		{ 8, ROAM_ERR_TRUNCATED, "the file has 8 bytes, must have at least 128" },
		{ 127, ROAM_ERR_TRUNCATED, "the file has 127 bytes" },
		{ 4096, ROAM_ERR_TRUNCATED, "must be at most the size of the file, which is 4096" },
	};
	struct host host;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		fresh(&host);
		CHECK_EQ(ftruncate(host.segment.fd, table[i].size), 0);
		check_failure(&host, 1, 7, table[i].error, table[i].text);
		host_destroy(&host);
	}
	fresh(&host);
	CHECK_EQ(ftruncate(host.segment.fd, (off_t)host.segment.layout.total_size - 1), 0);
	check_failure(&host, 1, 7, ROAM_ERR_TRUNCATED, "total_size");
	host_destroy(&host);
}

/* ---- Files ------------------------------------------------------------------------------------------------------ */

static void check_path(const char *path, int error, int system_errno, const char *text)
{
	struct host host = { .bell = -1 };
	struct roam_failure failure;

	snprintf(host.path, sizeof(host.path), "%s", path);
	CHECK_EQ(try_with(&host, 1, 7, &failure), error);
	CHECK_EQ(failure.system_errno, system_errno);
	CHECK(strstr(failure.text, path) != NULL);
	if (!CHECK(strstr(failure.text, text) != NULL))
		fprintf(stderr, "  \"%s\", want \"%s\"\n", failure.text, text);
}

static void test_paths_that_are_no_segment(void)
{
	char folder[64], path[80];

	folder_create(folder);
	snprintf(path, sizeof(path), "%s/none", folder);
	check_path(path, ROAM_ERR_NO_HOST, ENOENT, "open the segment: No such file or directory");
	check_path(folder, ROAM_ERR_SYSTEM, EISDIR, "Is a directory");
	CHECK_EQ(mkfifo(path, 0600), 0);
	check_path(path, ROAM_ERR_NOT_SEGMENT, 0, "must be a regular file");
	CHECK_EQ(unlink(path), 0);
	check_path("/dev/null", ROAM_ERR_NOT_SEGMENT, 0, "must be a regular file");
	folder_remove(folder);
}

/* ---- Tickets ---------------------------------------------------------------------------------------------------- */

static void test_claim_needs_the_reservation_of_the_ticket(void)
{
	static const struct {
		enum roam_state state;
		uint32_t epoch;
		const char *text;
	} table[] = {
		{ ROAM_STATE_EMPTY, 7, "entry 1 is empty with epoch 7, must be reserved with epoch 7" },
		{ ROAM_STATE_ATTACHED, 7, "entry 1 is attached with epoch 7" },
		{ ROAM_STATE_GOODBYE, 7, "entry 1 is goodbye with epoch 7" },
		{ (enum roam_state)9, 7, "entry 1 is state 9 with epoch 7" },
		{ ROAM_STATE_RESERVED, 8, "entry 1 is reserved with epoch 8, must be reserved with epoch 7" },
		{ ROAM_STATE_RESERVED, 6, "entry 1 is reserved with epoch 6" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct host host;

		fresh(&host);
		host_set_entry(&host, 1, table[i].state, table[i].epoch);
		check_failure(&host, 1, 7, ROAM_ERR_CLAIM, table[i].text);
		CHECK_EQ(host_peer(&host, 1)->state, table[i].state);
		CHECK_EQ(host_peer(&host, 1)->guest_flags, 0);
		host_destroy(&host);
	}
}

static void test_peer_id_beyond_the_segment(void)
{
	struct host host;

	fresh(&host);
	check_failure(&host, 3, 7, ROAM_ERR_PEER_ID, "peer id is 3, must be 1 to max_guests, which is 2");
	check_failure(&host, 255, 7, ROAM_ERR_PEER_ID, "peer id is 255");
	host_destroy(&host);
}

/* A foreign host gives no epoch: the one that stands there is kept. */
static void test_ticket_without_epoch(void)
{
	struct host host;
	struct ticket_args args;
	struct link *link;

	counting_init(&memory);
	fresh(&host);
	host_set_entry(&host, 1, ROAM_STATE_RESERVED, 41);
	host_ticket(&host, 1, host_doorbell(&host, SOCK_STREAM), 0, &args);
	if (CHECK_EQ(link_attach(args.argc - 1, args.argv, &memory.allocator, &link, NULL), 0)) {
		CHECK_EQ(host_peer(&host, 1)->state, ROAM_STATE_ATTACHED);
		CHECK_EQ(host_peer(&host, 1)->epoch, 41);
		link_close(link);
	}
	host_destroy(&host);
}

static void check_doorbell(struct host *host, int fd, int system_errno)
{
	struct held before = held_now();
	struct ticket_args args;
	struct link *link = NULL;
	struct roam_failure failure;

	counting_init(&memory);
	host_ticket(host, 1, fd, 7, &args);
	CHECK_EQ(link_attach(args.argc, args.argv, &memory.allocator, &link, &failure), ROAM_ERR_ARGUMENT);
	CHECK_EQ(failure.system_errno, system_errno);
	CHECK(strstr(failure.text, "the doorbell, descriptor") != NULL);
	CHECK_EQ(memory.live, 0);
	CHECK(held_same(before)); /* what is no doorbell is not ours to close */
}

static void test_doorbell_that_is_none(void)
{
	struct host host;
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);

	fresh(&host);
	check_doorbell(&host, 123456, EBADF);
	check_doorbell(&host, file, ENOTSOCK);
	close(file);
	host_destroy(&host);
}

static void test_doorbell_is_kept_from_children(void)
{
	struct host host;
	struct link *link;
	int bell;

	counting_init(&memory);
	fresh(&host);
	bell = host_doorbell(&host, SOCK_STREAM);
	CHECK_EQ(fcntl(bell, F_GETFD), 0);
	link = host_attach(&host, bell, &memory.allocator);
	CHECK_EQ(fcntl(bell, F_GETFD), FD_CLOEXEC);
	link_close(link);
	CHECK(fcntl(bell, F_GETFD) == -1 && errno == EBADF);
	host_destroy(&host);
}

/* ---- When there is not enough of something ---------------------------------------------------------------------- */

static void test_no_memory_at_each_allocation(void)
{
	struct host host;
	struct held before;
	int error = ROAM_ERR_NO_MEMORY;

	fresh(&host);
	host_header(&host)->heartbeat_interval = 4000000;
	before = held_now();
	for (uint32_t fails = 1; error != 0 && fails < 100; fails++) {
		struct ticket_args args;
		struct link *link;
		struct roam_failure failure;

		counting_init(&memory);
		memory.fails = fails;
		host_ticket(&host, 1, host_doorbell(&host, SOCK_STREAM), 7, &args);
		error = link_attach(args.argc, args.argv, &memory.allocator, &link, &failure);
		if (error == 0)
			link_close(link);
		else
			CHECK_EQ(error, ROAM_ERR_NO_MEMORY);
		close(host.bell);
		host.bell = -1;
		CHECK_EQ(memory.live, 0);
		CHECK(held_same(before));
	}
	CHECK_EQ(error, 0);
	CHECK(memory.fails > 1);
	host_destroy(&host);
}

/* The limit rises by one descriptor at a time until there are enough. */
static void test_no_descriptors_at_each_point(void)
{
	struct host host;
	struct held before;
	struct rlimit limit;
	int error = ROAM_ERR_SYSTEM;
	unsigned failures = 0;

	fresh(&host);
	before = held_now();
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
	for (rlim_t more = 0; error != 0 && more < 100; more++) {
		struct ticket_args args;
		struct link *link = NULL;
		struct roam_failure failure;
		int bell = host_doorbell(&host, SOCK_STREAM);
		struct rlimit low = { .rlim_cur = (rlim_t)bell + 1 + more, .rlim_max = limit.rlim_max };

		counting_init(&memory);
		host_ticket(&host, 1, bell, 7, &args);
		CHECK_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
		error = link_attach(args.argc, args.argv, &memory.allocator, &link, &failure);
		CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
		if (error == 0) {
			link_close(link);
		} else {
			failures++;
			CHECK_EQ(error, ROAM_ERR_SYSTEM);
			CHECK_EQ(failure.system_errno, EMFILE);
		}
		close(host.bell);
		host.bell = -1;
		CHECK_EQ(memory.live, 0);
		CHECK(held_same(before));
	}
	CHECK_EQ(error, 0);
	CHECK_EQ(failures, 2); /* the eventfd, the segment */
	host_destroy(&host);
}

int main(void)
{
	alarm(300); /* a hang */
	RUN(test_every_field_is_checked);
	RUN(test_sizes_beyond_the_address_space);
	RUN(test_variable_pools_are_refused);
	RUN(test_what_is_not_known_is_left_alone);
	RUN(test_truncated_files);
	RUN(test_paths_that_are_no_segment);
	RUN(test_claim_needs_the_reservation_of_the_ticket);
	RUN(test_peer_id_beyond_the_segment);
	RUN(test_ticket_without_epoch);
	RUN(test_doorbell_that_is_none);
	RUN(test_doorbell_is_kept_from_children);
	RUN(test_no_memory_at_each_allocation);
	RUN(test_no_descriptors_at_each_point);
	return finished();
}
