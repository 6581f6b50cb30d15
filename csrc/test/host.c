#define _GNU_SOURCE

#include "host.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static void must(bool held, const char *what)
{
	if (held)
		return;
	perror(what);
	exit(EXIT_FAILURE);
}

struct roam_header *host_header(const struct host *host)
{
	return (struct roam_header *)(void *)host->segment.base;
}

static void write_header(const struct host *host)
{
	const struct roam_config *config = &host->segment.config;
	const struct roam_layout *layout = &host->segment.layout;
	uint64_t magic;

	*host_header(host) = (struct roam_header){
		.version = ROAM_VERSION,
		.header_size = sizeof(struct roam_header),
		.total_size = layout->total_size,
		.max_payload_size = config->max_payload_size,
		.initial_credit = config->initial_credit,
		.max_guests = config->max_guests,
		.ring_size = config->ring_size,
		.peer_table_offset = layout->peer_table_offset,
		.slot_region_offset = layout->slot_region_offset,
		.slot_size = config->slot_size,
		.slots_per_guest = config->slots_per_guest,
		.max_channels = config->max_channels,
		.current_size = layout->total_size,
		.features = ROAM_FEATURE_WAITER_FLAGS,
	};
	for (uint32_t id = 1; id <= config->max_guests; id++) {
		struct roam_peer *peer = fixture_peer(&host->segment, id);
		uint64_t area = layout->guest_areas_offset + (id - 1) * layout->guest_area_size;

		peer->ring_offset = area;
		peer->slot_pool_offset = layout->slot_region_offset + id * layout->pool_size;
		peer->channel_table_offset = area + layout->channel_table;
		peer->guest_flags = 0;
	}
	memcpy(&magic, ROAM_SEGMENT_MAGIC, sizeof(magic));
	__atomic_store_n((uint64_t *)(void *)host->segment.base, magic, __ATOMIC_RELEASE);
}

void host_create(struct host *host, struct roam_config config)
{
	*host = (struct host){ .bell = -1 };
	fixture_create_shared(&host->segment, config);
	snprintf(host->path, sizeof(host->path), "/proc/%d/fd/%d", getpid(), host->segment.fd);
	write_header(host);
}

void host_create_at(struct host *host, struct roam_config config, const char *folder)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };

	*host = (struct host){ .bell = -1 };
	snprintf(host->path, sizeof(host->path), "%s/segment-%d", folder, getpid());
	fixture_create_file(&host->segment, config, open(host->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
	must(fcntl(host->segment.fd, F_OFD_SETLK, &lock) == 0, "host: lock");
	write_header(host);
}

void host_destroy(struct host *host)
{
	if (strncmp(host->path, "/proc/", 6) != 0)
		unlink(host->path);
	fixture_destroy(&host->segment);
	if (host->bell >= 0)
		close(host->bell);
	host->bell = -1;
}

static uint64_t word_of(uint32_t state, uint32_t epoch)
{
	return (uint64_t)epoch << 32 | state;
}

void host_reserve(const struct host *host, uint32_t peer_id, uint32_t epoch)
{
	__atomic_store_n((uint64_t *)(void *)fixture_peer(&host->segment, peer_id), word_of(ROAM_STATE_RESERVED, epoch),
			 __ATOMIC_SEQ_CST);
}

int host_doorbell(struct host *host, int type)
{
	int bells[2];

	must(socketpair(AF_UNIX, type, 0, bells) == 0, "host: socketpair");
	must(fcntl(bells[0], F_SETFD, FD_CLOEXEC) == 0, "host: fcntl");
	host->bell = bells[0];
	return bells[1];
}

void host_ticket(const struct host *host, uint32_t peer_id, int doorbell, uint32_t epoch, struct ticket_args *args)
{
	static char name[] = "guest";

	*args = (struct ticket_args){ .argc = 5, .argv = { name } };
	snprintf(args->text[0], sizeof(args->text[0]), "--hub-path=%s", host->path);
	snprintf(args->text[1], sizeof(args->text[1]), "--peer-id=%u", peer_id);
	snprintf(args->text[2], sizeof(args->text[2]), "--doorbell-fd=%d", doorbell);
	snprintf(args->text[3], sizeof(args->text[3]), "--epoch=%u", epoch);
	for (int i = 0; i < 4; i++)
		args->argv[i + 1] = args->text[i];
}

void host_attach_end(struct host *host, uint32_t peer_id)
{
	fixture_end(&host->segment, peer_id, true, &host->end);
}

bool host_send(struct host *host, enum roam_msg type, uint32_t id, const void *payload, size_t len)
{
	struct roam_slot any = { .index = ROAM_INLINE_SLOT };

	if (roam_end_stage(&host->end, type, id, 0, NULL, 0, payload, len, any) != ROAM_OK)
		return false;
	if (roam_end_commit(&host->end) && host->bell >= 0)
		(void)roam_bell_ring(host->bell);
	return true;
}

/* ---- What must not leak ----------------------------------------------------------------------------------------- */

static bool may_take(struct counting *counting)
{
	uint32_t taken = __atomic_add_fetch(&counting->taken, 1, __ATOMIC_RELAXED);

	return counting->fails == 0 || taken < counting->fails;
}

static void *allocate(void *context, size_t size)
{
	struct counting *counting = context;
	void *memory = may_take(counting) ? malloc(size) : NULL;

	if (memory != NULL)
		__atomic_fetch_add(&counting->live, 1, __ATOMIC_RELAXED);
	return memory;
}

static void *resize(void *context, void *memory, size_t size)
{
	struct counting *counting = context;
	void *moved = may_take(counting) ? realloc(memory, size) : NULL;

	if (memory == NULL && moved != NULL)
		__atomic_fetch_add(&counting->live, 1, __ATOMIC_RELAXED);
	return moved;
}

static void release(void *context, void *memory)
{
	struct counting *counting = context;

	if (memory != NULL)
		__atomic_fetch_sub(&counting->live, 1, __ATOMIC_RELAXED);
	free(memory);
}

void counting_init(struct counting *counting)
{
	*counting = (struct counting){ .allocator = { allocate, resize, release, counting } };
}

unsigned open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;

	must(folder != NULL, "open_descriptors");
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

unsigned segment_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	unsigned count = 0;

	must(maps != NULL, "segment_mappings");
	while (fgets(line, sizeof(line), maps) != NULL)
		count += strstr(line, "roam-test") != NULL || strstr(line, "segment-") != NULL;
	fclose(maps);
	return count;
}
