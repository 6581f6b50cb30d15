#define _GNU_SOURCE

#include "host.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
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

struct roam_peer *host_peer(const struct host *host, uint32_t peer_id)
{
	return fixture_peer(&host->segment, peer_id);
}

/* ---- The segment ------------------------------------------------------------------------------------------------ */

static void write_entries(const struct host *host)
{
	const struct roam_layout *layout = &host->segment.layout;

	for (uint32_t id = 1; id <= host->segment.config.max_guests; id++) {
		struct roam_peer *peer = host_peer(host, id);
		uint64_t area = layout->guest_areas_offset + (id - 1) * layout->guest_area_size;

		peer->ring_offset = area;
		peer->slot_pool_offset = layout->slot_region_offset + id * layout->pool_size;
		peer->channel_table_offset = area + layout->channel_table;
		peer->guest_flags = 0;
	}
}

static void write_header(const struct host *host)
{
	const struct roam_config *config = &host->segment.config;
	const struct roam_layout *layout = &host->segment.layout;

	*host_header(host) = (struct roam_header){
		.magic = ROAM_SEGMENT_MAGIC,
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
}

static void create_file(struct host *host, struct roam_config config, const char *folder)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };

	snprintf(host->path, sizeof(host->path), "%s/segment-%d", folder, getpid());
	fixture_create_file(&host->segment, config, open(host->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
	must(fcntl(host->segment.fd, F_OFD_SETLK, &lock) == 0, "host: lock");
}

void host_create(struct host *host, struct roam_config config, const char *folder)
{
	*host = (struct host){ .bell = -1 };
	if (folder != NULL) {
		create_file(host, config, folder);
	} else {
		fixture_create_shared(&host->segment, config);
		snprintf(host->path, sizeof(host->path), "/proc/%d/fd/%d", getpid(), host->segment.fd);
	}
	write_entries(host);
	write_header(host);
}

/* ---- In a process of its own ------------------------------------------------------------------------------------ */

static void be_host(struct host *host, struct roam_config config, const char *folder, int bell, int report)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	host_create(host, config, folder);
	host->bell = bell;
	must(write(report, host, sizeof(*host)) == (ssize_t)sizeof(*host), "host: report");
	close(report);
	for (;;)
		pause();
}

void host_fork(struct host *host, struct roam_config config, const char *folder, int bell_type, int *guest_bell)
{
	int bells[2] = { -1, -1 };
	int pipes[2];
	pid_t pid;

	must(bell_type == 0 || socketpair(AF_UNIX, bell_type, 0, bells) == 0, "host: socketpair");
	must(pipe2(pipes, O_CLOEXEC) == 0, "host: pipe");
	pid = fork();
	must(pid >= 0, "host: fork");
	if (pid == 0) {
		close(bells[1]);
		be_host(host, config, folder, bells[0], pipes[1]);
	}
	close(pipes[1]);
	must(read(pipes[0], host, sizeof(*host)) == (ssize_t)sizeof(*host), "host: read");
	close(pipes[0]);
	if (bells[0] >= 0)
		close(bells[0]);
	host->bell = -1;
	host->pid = pid;
	/* Another open file description, which has no lock. */
	host->segment.fd = open(host->path, O_RDWR | O_CLOEXEC);
	host->segment.base = mmap(NULL, host->segment.layout.total_size, PROT_READ | PROT_WRITE, MAP_SHARED,
				  host->segment.fd, 0);
	must(host->segment.base != MAP_FAILED, "host: map");
	*guest_bell = bells[1];
}

void host_kill(const struct host *host)
{
	must(kill(host->pid, SIGKILL) == 0, "host: kill");
}

void host_destroy(struct host *host)
{
	if (host->pid != 0) {
		kill(host->pid, SIGKILL);
		waitpid(host->pid, NULL, 0);
	}
	if (strncmp(host->path, "/proc/", 6) != 0)
		unlink(host->path);
	fixture_destroy(&host->segment);
	if (host->bell >= 0)
		close(host->bell);
}

/* ---- Guests ----------------------------------------------------------------------------------------------------- */

void host_set_entry(const struct host *host, uint32_t peer_id, enum roam_state state, uint32_t epoch)
{
	uint64_t *word = (uint64_t *)(void *)host_peer(host, peer_id);

	__atomic_store_n(word, (uint64_t)epoch << 32 | (uint32_t)state, __ATOMIC_SEQ_CST);
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

int host_doorbell(struct host *host, int type)
{
	int bells[2];

	must(socketpair(AF_UNIX, type, 0, bells) == 0, "host: socketpair");
	host->bell = bells[0];
	return bells[1];
}

struct link *host_attach(struct host *host, int guest_bell, const struct roam_allocator *allocator)
{
	struct ticket_args args;
	struct roam_failure failure;
	struct link *link;

	host_set_entry(host, 1, ROAM_STATE_RESERVED, 7);
	host_ticket(host, 1, guest_bell, 7, &args);
	if (link_attach(args.argc, args.argv, allocator, &link, &failure) != 0) {
		fprintf(stderr, "host: attach: %s\n", failure.text);
		exit(EXIT_FAILURE);
	}
	fixture_end(&host->segment, 1, true, &host->end);
	return link;
}

struct link *host_with_guest(struct host *host, struct roam_config config, const struct roam_allocator *allocator)
{
	host_create(host, config, NULL);
	return host_attach(host, host_doorbell(host, SOCK_STREAM), allocator);
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

void host_await_flags(const struct host *host, uint32_t flags)
{
	while ((__atomic_load_n(&host_peer(host, 1)->guest_flags, __ATOMIC_SEQ_CST) & flags) == 0)
		sched_yield();
}

void folder_create(char folder[64])
{
	const char *parent = getenv("TMPDIR");

	snprintf(folder, 64, "%s/roam-test-XXXXXX", parent == NULL || strlen(parent) > 40 ? "/tmp" : parent);
	must(mkdtemp(folder) != NULL, "folder_create");
}

void folder_remove(const char *folder)
{
	must(rmdir(folder) == 0, "folder_remove");
}
