/* The host is killed while its guest sleeps: the guest notices, whatever it sleeps on. */

#define _GNU_SOURCE

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bed.h"
#include "check.h"
#include "guest/clock.h"

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

/* struct death: a host of some kind, and what its guest does meanwhile. */
struct death {
	const char *name;
	int bell_type; /* 0: the guest walks up */
	bool foreign;
	void (*sleep)(struct link *link);
};

static const uint32_t asleep = ROAM_FLAG_BELL_MESSAGES | ROAM_FLAG_FUTEX_MESSAGES | ROAM_FLAG_FUTEX_SPACE;

static void wait_for_it(struct link *link)
{
	while (link_look(link, NULL) == 0)
		link_wait(link, false, -1);
}

/* As after a message. */
static void linger(struct link *link)
{
	link->linger_end = clock_now() + 50 * CLOCK_MILLISECOND;
	wait_for_it(link);
}

static void wait_in_a_loop(struct link *link)
{
	struct pollfd loop = { .fd = link_fd(link, NULL), .events = POLLIN };

	CHECK(loop.fd >= 0);
	while (link_look(link, NULL) == 0) {
		link_prepare(link, false, -1);
		CHECK(poll(&loop, 1, -1) > 0);
		link_finish(link);
	}
}

/* The host takes nothing off the ring; the bound is far off. */
static void leave(struct link *link)
{
	CHECK_EQ(link_stage(link, ROAM_MSG_CANCEL, 1, 0, NULL, 0, NULL, 0), ROAM_OK);
	link_commit(link);
	link_leave(link, NULL, INT64_MAX);
}

static const struct death deaths[] = {
	{ "on the doorbell", SOCK_STREAM, false, wait_for_it },
	{ "lingering", SOCK_STREAM, false, linger },
	{ "walked up", 0, false, wait_for_it },
	{ "of a foreign host", SOCK_STREAM, true, wait_for_it },
	{ "of a host with a datagram pair", SOCK_DGRAM, true, wait_for_it },
	{ "of our host with a datagram pair", SOCK_DGRAM, false, wait_for_it },
	{ "in a loop", SOCK_STREAM, false, wait_in_a_loop },
	{ "in a loop with a datagram pair", SOCK_DGRAM, true, wait_in_a_loop },
	{ "in a loop, walked up", 0, false, wait_in_a_loop },
	{ "leaving", SOCK_STREAM, false, leave },
	{ "leaving, walked up", 0, false, leave },
	{ "leaving a host with a datagram pair", SOCK_DGRAM, true, leave },
};

static void kill_host(struct deed *deed)
{
	host_kill(deed->host);
}

static struct link *attach(const struct death *death, struct host *host, int bell, const struct counting *memory)
{
	struct link *link = NULL;

	if (death->bell_type == 0)
		CHECK_EQ(link_walk_up(host->path, &memory->allocator, &link, NULL), 0);
	else
		link = host_attach(host, bell, &memory->allocator);
	return link;
}

static void die(const struct death *death)
{
	struct held before = held_now();
	struct counting memory;
	struct host host;
	struct deed deed = { .host = &host, .flags = asleep, .act = kill_host };
	char folder[64];
	int bell;

	counting_init(&memory);
	folder_create(folder);
	host_fork(&host, small_config(), death->bell_type == 0 ? folder : NULL, death->bell_type, &bell);
	if (death->foreign)
		host_peer(&host, 1)->host_flags = 0;
	deed.link = attach(death, &host, bell, &memory);
	if (deed.link != NULL) {
		struct roam_failure failure;

		deed_begin(&deed);
		death->sleep(deed.link);
		deed_end(&deed);
		if (death->sleep != leave) {
			CHECK_EQ(link_look(deed.link, &failure), ROAM_ERR_HOST_DIED);
			CHECK(strstr(failure.text, "the host died") != NULL);
		}
		link_close(deed.link);
	}
	host_destroy(&host);
	folder_remove(folder);
	CHECK_EQ(memory.live, 0);
	if (!CHECK(held_same(before)))
		fprintf(stderr, "  %s\n", death->name);
}

static void test_death_is_noticed_in_every_sleep(void)
{
	for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++)
		die(&deaths[i]);
}

/* A host that is gone before the guest has come so far. */
static void test_host_that_is_gone_already(void)
{
	struct host host;
	struct ticket_args args;
	struct counting memory;
	struct link *link = NULL;
	struct roam_failure failure;
	int bell;

	counting_init(&memory);
	host_fork(&host, small_config(), NULL, SOCK_STREAM, &bell);
	host_ticket(&host, 1, bell, 7, &args);
	host_kill(&host);
	CHECK(waitpid(host.pid, NULL, 0) == host.pid);
	CHECK_EQ(link_attach(args.argc, args.argv, &memory.allocator, &link, &failure), ROAM_ERR_NO_HOST);
	CHECK_EQ(failure.system_errno, ENOENT);
	CHECK_EQ(memory.live, 0);
	host_destroy(&host);
}

/* ---- Without futex_waitv ---------------------------------------------------------------------------------------- */

/* From here on the kernel has no futex_waitv for this process. */
static bool hide_waitv(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex_waitv, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void send_message(struct deed *deed)
{
	CHECK(host_send(deed->host, ROAM_MSG_CANCEL, 1, NULL, 0));
}

static bool has_message(struct link *link)
{
	return link_pending(link);
}

static void interrupt(struct deed *deed)
{
	link_interrupt(deed->link);
}

static void sleep_without_waitv(void)
{
	for (enum bed bed = first_bed; bed <= last_bed; bed++) {
		struct host host;
		struct deed deed = { .host = &host, .act = send_message };

		deed.link = bed_open(&host, bed, small_config());
		CHECK(!deed.link->has_waitv);
		deed.flags = bed_flag(bed);
		deed_begin(&deed);
		sleep_until(deed.link, has_message);
		deed_end(&deed);
		CHECK_EQ(link_receive(deed.link, &(struct roam_message){ 0 }, 1, NULL, 0).count, 1);
		deed.act = interrupt;
		deed_begin(&deed);
		while (!deed_begun(&deed)) /* on words sleeps are short now */
			link_wait(deed.link, true, -1);
		deed_end(&deed);
		CHECK(bed_close(&host, deed.link));
	}
	test_death_is_noticed_in_every_sleep();
}

/* In a process of its own, since nothing brings the call back. */
static void test_kernel_without_futex_waitv(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		alarm(300);
		tests.broken = false;
		if (CHECK(hide_waitv()))
			sleep_without_waitv();
		_exit(tests.broken ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(void)
{
	alarm(300); /* a hang */
	RUN(test_death_is_noticed_in_every_sleep);
	RUN(test_host_that_is_gone_already);
	RUN(test_kernel_without_futex_waitv);
	return finished();
}
