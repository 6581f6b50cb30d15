/*
 * Attaching to a file that anyone may have written: a sound segment with fields changed and its end cut off, or any
 * bytes at all. Each run attaches or fails with an error that has a text, a link that attached goes on without reading
 * outside the mapping, and nothing is left.
 */

#define _GNU_SOURCE /* memfd_create */

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest/state.h"
#include "input.h"
#include "test/held.h"
#include "test/host.h"

enum { MOST_PATCHES = 16, CONFIGS = 3 };

static struct roam_config config_of(uint8_t choice)
{
	struct roam_config config = small_config();

	switch (choice % CONFIGS) {
	case 1:
		return (struct roam_config){ .max_guests = 1, .ring_size = 2, .slot_size = 8, .slots_per_guest = 1,
					     .max_payload_size = 4, .initial_credit = 1, .max_channels = 0 };
	case 2:
		config.max_guests = 3;
		config.slots_per_guest = 65;
		config.slot_size = 16;
		config.max_payload_size = 12;
		break;
	}
	return config;
}

/* Changes words of the header and the peer table. */
static void patch(struct host *host, struct input *input)
{
	size_t most = host->segment.layout.slot_region_offset;

	for (uint32_t n = input_u8(input) % MOST_PATCHES; n > 0; n--) {
		size_t size = (size_t)1 << input_u8(input) % 4;
		size_t at = input_u16(input) % most & ~(size - 1);
		uint64_t value = input_u64(input);

		memcpy(host->segment.base + at, &value, size); /* little-endian */
	}
}

/* What a guest does with a link: it must not matter what the host left there. */
static void use(struct link *link)
{
	struct roam_message messages[4];
	struct roam_failure failure;
	unsigned char arena[512];

	(void)link_receive(link, messages, 4, arena, sizeof(arena));
	if (link_stage(link, ROAM_MSG_REQUEST, 1, 1, NULL, 0, "a request of more than thirty-two bytes", 39) == ROAM_OK)
		link_commit(link);
	if (link_stage(link, ROAM_MSG_CANCEL, 1, 0, NULL, 0, NULL, 0) == ROAM_OK)
		link_commit(link);
	link_grant(link, 1, 7);
	(void)link_look(link, &failure);
	(void)link_tend(link);
	link_wait(link, false, 0);
	link_notify(link);
	link_leave(link, NULL, 0);
}

static int attach(struct host *host, struct input *input, const struct roam_allocator *allocator, struct link **link,
		  struct roam_failure *failure)
{
	uint8_t how = input_u8(input);
	struct ticket_args args;
	int error;

	if ((how & 1) != 0)
		return link_walk_up(host->path, allocator, link, failure);
	host_ticket(host, input_u8(input), host_doorbell(host, (how & 2) != 0 ? SOCK_DGRAM : SOCK_STREAM),
		    input_u8(input), &args);
	if ((how & 4) != 0)
		args.argc--; /* without the epoch */
	error = link_attach(args.argc, args.argv, allocator, link, failure);
	if (error == ROAM_ERR_ARGUMENT) /* the ticket named no peer: its doorbell was not looked at */
		(void)close(atoi(strchr(args.argv[3], '=') + 1));
	return error;
}

static void lock_as_host(struct host *host)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };

	HOLDS(fcntl(host->segment.fd, F_OFD_SETLK, &lock) == 0);
}

/* The lowest descriptor that is free: that of before, when nothing leaked. */
static int next_descriptor(void)
{
	int fd = dup(2);

	HOLDS(fd >= 0 && close(fd) == 0);
	return fd;
}

static void write_file(struct host *host, struct input *input, bool raw)
{
	uint64_t size = host->segment.layout.total_size;

	if (raw) {
		memset(host->segment.base, 0, size);
		memcpy(host->segment.base, input->at, input_left(input) < size ? input_left(input) : size);
		size = input_left(input);
	} else {
		host_set_entry(host, 1, (enum roam_state)(input_u8(input) % 4), 7);
		patch(host, input);
		if (input_u8(input) == 1)
			size = input_u16(input) % (size + 1);
	}
	HOLDS(ftruncate(host->segment.fd, (off_t)size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, data + size };
	int before = next_descriptor();
	struct roam_failure failure = { 0 };
	struct counting memory;
	struct link *link = NULL;
	struct host host;
	uint8_t kind = input_u8(&input);
	int error;

	counting_init(&memory);
	host_create(&host, config_of(kind >> 2), NULL);
	if ((kind & 1) != 0)
		lock_as_host(&host);
	write_file(&host, &input, (kind & 2) != 0);
	error = attach(&host, &input, &memory.allocator, &link, &failure);
	if (error == 0) {
		use(link);
		link_close(link);
	} else {
		HOLDS(link == NULL && failure.error == error && failure.text[0] != 0);
		HOLDS(strcmp(roam_strerror(error), roam_strerror(1)) != 0);
	}
	HOLDS(memory.live == 0);
	host_destroy(&host);
	HOLDS(next_descriptor() == before);
	return 0;
}
