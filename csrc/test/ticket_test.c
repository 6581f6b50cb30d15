/* The ticket of a spawned guest: arguments, environment, and what makes no sense in them. */

#define _GNU_SOURCE

#include "check.h"
#include "guest/ticket.h"

enum { MOST = 8 };

static const char *const variables[] = { "ROAM_HUB_PATH", "ROAM_PEER_ID", "ROAM_DOORBELL_FD", "ROAM_EPOCH" };

/* struct tried: arguments, ended by NULL, and the variables as above, NULL for one that is not set. */
struct tried {
	const char *arguments[MOST];
	const char *environment[4];
};

static int parse(const struct tried *tried, struct ticket *ticket, struct roam_failure *failure)
{
	static char name[] = "guest";
	static char texts[MOST][64]; /* the ticket points into them */
	char *argv[MOST + 1] = { name };
	int argc = 1;

	for (; argc <= MOST && tried->arguments[argc - 1] != NULL; argc++) {
		snprintf(texts[argc - 1], sizeof(texts[0]), "%s", tried->arguments[argc - 1]);
		argv[argc] = texts[argc - 1];
	}
	for (size_t i = 0; i < 4; i++) {
		unsetenv(variables[i]);
		if (tried->environment[i] != NULL)
			setenv(variables[i], tried->environment[i], 1);
	}
	*failure = (struct roam_failure){ 0 };
	return ticket_parse(argc, argv, ticket, failure);
}

#define GOOD "--hub-path=/seg", "--peer-id=3", "--doorbell-fd=5"

static void test_good_tickets(void)
{
	static const struct {
		struct tried tried;
		uint32_t peer, epoch;
		int doorbell;
		bool has_epoch;
	} table[] = {
		{ { { GOOD }, { 0 } }, 3, 0, 5, false },
		{ { { GOOD, "--epoch=9" }, { 0 } }, 3, 9, 5, true },
		{ { { GOOD, "--epoch=4294967295" }, { 0 } }, 3, UINT32_MAX, 5, true },
		{ { { "-v", "file", GOOD, "--peer-identity=8", "--epoch=0" }, { 0 } }, 3, 0, 5, true },
		{ { { 0 }, { "/seg", "255", "2147483647", "1" } }, 255, 1, INT32_MAX, true },
		{ { { 0 }, { "/seg", "1", "0", NULL } }, 1, 0, 0, false },
		{ { { GOOD }, { "/other", "x", "y", "7" } }, 3, 7, 5, true },      /* arguments win */
		{ { { "--peer-id=0", GOOD }, { 0 } }, 3, 0, 5, false },            /* the last of a name counts */
		{ { { "--peer-id=", "--epoch", GOOD, "--epoch=1" }, { 0 } }, 3, 1, 5, true },
		{ { { "--peer-id=004" }, { "/seg", NULL, "5", NULL } }, 4, 0, 5, false },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct ticket ticket;
		struct roam_failure failure;

		if (!CHECK_EQ(parse(&table[i].tried, &ticket, &failure), 0)) {
			fprintf(stderr, "  ticket %zu: %s\n", i, failure.text);
			continue;
		}
		CHECK(strcmp(ticket.path, "/seg") == 0);
		CHECK_EQ(ticket.peer_id, table[i].peer);
		CHECK_EQ(ticket.doorbell, table[i].doorbell);
		CHECK_EQ(ticket.has_epoch, table[i].has_epoch);
		if (ticket.has_epoch)
			CHECK_EQ(ticket.epoch, table[i].epoch);
	}
}

static void test_bad_tickets_say_what_and_why(void)
{
	static const struct {
		struct tried tried;
		int error;
		const char *text;
	} table[] = {
		{ { { 0 }, { 0 } }, ROAM_ERR_NO_TICKET, "neither argument --hub-path nor environment variable ROAM_HUB_PATH is set" },
		{ { { "--hub-path=/seg" }, { 0 } }, ROAM_ERR_NO_TICKET, "--peer-id" },
		{ { { "--hub-path=/seg", "--peer-id=1" }, { 0 } }, ROAM_ERR_NO_TICKET, "ROAM_DOORBELL_FD" },
		{ { { GOOD, "--hub-path=" }, { 0 } }, ROAM_ERR_ARGUMENT, "argument --hub-path is empty" },
		{ { { GOOD, "--hub-path" }, { 0 } }, ROAM_ERR_ARGUMENT,
		  "argument --hub-path stands alone, must be given as --hub-path=VALUE" },
		{ { { GOOD, "--peer-id" }, { 0 } }, ROAM_ERR_ARGUMENT, "--peer-id stands alone" },
		{ { { GOOD, "--peer-id=" }, { 0 } }, ROAM_ERR_ARGUMENT, "--peer-id is empty" },
		{ { { GOOD, "--peer-id=0" }, { 0 } }, ROAM_ERR_ARGUMENT, "argument --peer-id is \"0\", must be a number, 1 to 255" },
		{ { { GOOD, "--peer-id=256" }, { 0 } }, ROAM_ERR_ARGUMENT, "1 to 255" },
		{ { { GOOD, "--peer-id=-1" }, { 0 } }, ROAM_ERR_ARGUMENT, "\"-1\"" },
		{ { { GOOD, "--peer-id=+1" }, { 0 } }, ROAM_ERR_ARGUMENT, "\"+1\"" },
		{ { { GOOD, "--peer-id= 1" }, { 0 } }, ROAM_ERR_ARGUMENT, "\" 1\"" },
		{ { { GOOD, "--peer-id=1x" }, { 0 } }, ROAM_ERR_ARGUMENT, "\"1x\"" },
		{ { { GOOD, "--peer-id=0x1" }, { 0 } }, ROAM_ERR_ARGUMENT, "\"0x1\"" },
		{ { { GOOD, "--peer-id=18446744073709551617" }, { 0 } }, ROAM_ERR_ARGUMENT, "\"18446744073709551617\"" },
		{ { { GOOD, "--doorbell-fd=2147483648" }, { 0 } }, ROAM_ERR_ARGUMENT,
		  "--doorbell-fd is \"2147483648\", must be a number, 0 to 2147483647" },
		{ { { GOOD, "--doorbell-fd=a" }, { 0 } }, ROAM_ERR_ARGUMENT, "--doorbell-fd" },
		{ { { GOOD, "--epoch=4294967296" }, { 0 } }, ROAM_ERR_ARGUMENT,
		  "--epoch is \"4294967296\", must be a number, 0 to 4294967295" },
		{ { { GOOD, "--epoch=" }, { 0 } }, ROAM_ERR_ARGUMENT, "--epoch is empty" },
		{ { { GOOD, "--epoch" }, { 0 } }, ROAM_ERR_ARGUMENT, "--epoch stands alone" },
		{ { { 0 }, { "", "1", "1", NULL } }, ROAM_ERR_ARGUMENT, "environment variable ROAM_HUB_PATH is empty" },
		{ { { 0 }, { "/seg", "many", "1", NULL } }, ROAM_ERR_ARGUMENT,
		  "environment variable ROAM_PEER_ID is \"many\", must be a number" },
		{ { { 0 }, { "/seg", "1", "", NULL } }, ROAM_ERR_ARGUMENT, "ROAM_DOORBELL_FD is empty" },
		{ { { 0 }, { "/seg", "1", "1", "e" } }, ROAM_ERR_ARGUMENT, "ROAM_EPOCH" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct ticket ticket;
		struct roam_failure failure;

		if (!CHECK_EQ(parse(&table[i].tried, &ticket, &failure), table[i].error))
			fprintf(stderr, "  ticket %zu\n", i);
		CHECK_EQ(failure.error, table[i].error);
		if (!CHECK(strstr(failure.text, table[i].text) != NULL))
			fprintf(stderr, "  ticket %zu: %s, want %s\n", i, failure.text, table[i].text);
	}
}

/* Neither a program without arguments nor one that does not care why is a special case. */
static void test_no_arguments_and_no_failure(void)
{
	struct ticket ticket;

	for (size_t i = 0; i < 4; i++)
		unsetenv(variables[i]);
	CHECK_EQ(ticket_parse(0, NULL, &ticket, NULL), ROAM_ERR_NO_TICKET);
	setenv("ROAM_HUB_PATH", "/seg", 1);
	setenv("ROAM_PEER_ID", "2", 1);
	setenv("ROAM_DOORBELL_FD", "4", 1);
	CHECK_EQ(ticket_parse(0, NULL, &ticket, NULL), 0);
	CHECK_EQ(ticket.peer_id, 2);
}

/* A value of any length makes a text that ends. */
static void test_long_value_is_cut(void)
{
	static char name[] = "guest";
	static char value[4096] = "--hub-path=";
	char *argv[] = { name, value };
	struct ticket ticket;
	struct roam_failure failure;

	unsetenv("ROAM_PEER_ID");
	memset(value + strlen(value), 'x', sizeof(value) - strlen(value) - 1);
	CHECK_EQ(ticket_parse(2, argv, &ticket, &failure), ROAM_ERR_NO_TICKET);
	memcpy(value, "--peer-id=xx", strlen("--peer-id=xx"));
	setenv("ROAM_HUB_PATH", "/seg", 1);
	CHECK_EQ(ticket_parse(2, argv, &ticket, &failure), ROAM_ERR_ARGUMENT);
	CHECK(memchr(failure.text, '\0', sizeof(failure.text)) != NULL);
	CHECK(strstr(failure.text, "must be a number, 1 to 255") != NULL);
}

int main(void)
{
	RUN(test_good_tickets);
	RUN(test_bad_tickets_say_what_and_why);
	RUN(test_no_arguments_and_no_failure);
	RUN(test_long_value_is_cut);
	return finished();
}
