/* A guest's link: messages both ways over a segment that a host in this process made. */

#define _GNU_SOURCE

#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "guest/link.h"
#include "host.h"

static struct counting memory;

/* A spawned guest of a fresh host. */
static struct link *attach(struct host *host)
{
	struct ticket_args args;
	struct roam_failure failure = { 0 };
	struct link *link = NULL;

	counting_init(&memory);
	host_create(host, small_config());
	host_reserve(host, 1, 7);
	host_ticket(host, 1, host_doorbell(host, SOCK_STREAM), 7, &args);
	if (!CHECK_EQ(link_attach(args.argc, args.argv, &memory.allocator, &link, &failure), 0)) {
		fprintf(stderr, "%s\n", failure.text);
		exit(EXIT_FAILURE);
	}
	host_attach_end(host, 1);
	return link;
}

static void test_message_goes_each_way(void)
{
	struct host host;
	struct link *link = attach(&host);
	struct roam_message message;
	char arena[512];
	char text[100] = "a text that is too long for a descriptor, so that it lies in a slot";

	CHECK_EQ(link_stage(link, ROAM_MSG_REQUEST, 1, 99, "ab", 2, text, sizeof(text)), ROAM_OK);
	link_commit(link);
	link_notify(link);
	CHECK_EQ(roam_end_receive(&host.end, &message, 1, arena, sizeof(arena)).count, 1);
	CHECK_EQ(message.type, ROAM_MSG_REQUEST);
	CHECK_EQ(message.method, 99);
	CHECK_EQ(message.len, 2 + sizeof(text));
	CHECK(memcmp(arena + 2, text, sizeof(text)) == 0);

	CHECK(!link_pending(link));
	CHECK(host_send(&host, ROAM_MSG_RESPONSE, 1, "pong", 4));
	CHECK(link_pending(link));
	link_wait(link, false, -1);
	CHECK_EQ(link_receive(link, &message, 1, arena, sizeof(arena)).count, 1);
	CHECK_EQ(message.len, 4);
	CHECK_EQ(message.seq, link_head(link));
	link_close(link);
	CHECK_EQ(fixture_peer(&host.segment, 1)->state, ROAM_STATE_GOODBYE);
	CHECK_EQ(memory.live, 0);
	host_destroy(&host);
}

int main(void)
{
	RUN(test_message_goes_each_way);
	return finished();
}
