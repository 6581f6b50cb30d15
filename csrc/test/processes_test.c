/* Two sides in two processes that map one memfd at different addresses. */

#define _GNU_SOURCE

#include <pthread.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "traffic.h"

enum { MESSAGES = 30000 };

static bool went_well(const void *failure, const char *who)
{
	if (failure != NULL)
		fprintf(stderr, "  %s: %s\n", who, (const char *)failure);
	return failure == NULL;
}

/* Both roles of one side, the receiving one in a thread of its own. */
static bool both_roles(struct traffic *side)
{
	pthread_t receiver;
	void *received = NULL;
	const void *sent;

	if (pthread_create(&receiver, NULL, traffic_receive, side) != 0)
		return false;
	sent = traffic_send(side);
	pthread_join(receiver, &received);
	return went_well(sent, side->out_channel == 2 ? "host sends" : "guest sends") &&
	       went_well(received, side->out_channel == 2 ? "host receives" : "guest receives");
}

static bool run_side(struct fixture *segment, bool host, enum sleep sleep, int bell)
{
	struct roam_end end;
	struct traffic side;

	fixture_map_again(segment);
	traffic_side(segment, host, &end, &side);
	side.messages = MESSAGES;
	side.sleep = sleep;
	side.bell = bell;
	if (sleep != SLEEP_BELL)
		return both_roles(&side);
	return host ? went_well(traffic_receive(&side), "host receives") : went_well(traffic_send(&side), "guest sends");
}

static void two_processes(enum sleep sleep)
{
	struct fixture segment;
	int bells[2];
	int status = -1;
	pid_t child;

	fixture_create_shared(&segment, small_config());
	traffic_prepare(&segment);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, bells), 0);
	child = fork();
	if (child == 0) {
		close(bells[0]);
		_exit(run_side(&segment, false, sleep, bells[1]) ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	CHECK(run_side(&segment, true, sleep, bells[0]));
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	CHECK(traffic_settled(&segment));
	close(bells[0]);
	close(bells[1]);
	fixture_destroy(&segment);
}

static void test_asleep_on_futexes(void)
{
	two_processes(SLEEP_FUTEX);
}

static void test_asleep_on_several_futexes(void)
{
	two_processes(SLEEP_WAITV);
}

static void test_asleep_on_the_doorbell(void)
{
	two_processes(SLEEP_BELL);
}

int main(void)
{
	RUN(test_asleep_on_futexes);
	RUN(test_asleep_on_several_futexes);
	RUN(test_asleep_on_the_doorbell);
	return finished();
}
