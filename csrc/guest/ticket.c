/* The ticket: arguments and environment of a spawned guest. */

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../roam/layout.h"
#include "failure.h"
#include "ticket.h"

/* struct part: one value of the ticket, by its two names. */
struct part {
	const char *argument, *variable;
	uint64_t least, most; /* of a number */
};

static const struct part path_part = { .argument = "--hub-path", .variable = "ROAM_HUB_PATH" };
static const struct part peer_part = { "--peer-id", "ROAM_PEER_ID", 1, ROAM_MAX_GUESTS };
static const struct part doorbell_part = { "--doorbell-fd", "ROAM_DOORBELL_FD", 0, INT_MAX };
static const struct part epoch_part = { "--epoch", "ROAM_EPOCH", 0, UINT32_MAX };

/* struct found: a value and where it was found, for errors. value is NULL when there is none. */
struct found {
	const char *value;
	const char *kind, *name;
};

/* Whether argument is --name or --name=value; *value is then NULL or the value. */
static bool is_argument(const char *argument, const char *name, const char **value)
{
	size_t length = strlen(name);

	if (argument == NULL || strncmp(argument, name, length) != 0)
		return false;
	*value = argument[length] == '=' ? argument + length + 1 : NULL;
	return argument[length] == '=' || argument[length] == '\0';
}

static int find(int argc, char *const *argv, const struct part *part, struct found *found, struct roam_failure *failure)
{
	*found = (struct found){ .kind = "argument", .name = part->argument };
	for (int i = argc - 1; i >= 1; i--) {
		if (!is_argument(argv[i], part->argument, &found->value))
			continue;
		if (found->value == NULL)
			return failure_set(failure, ROAM_ERR_ARGUMENT,
					   "argument %s stands alone, must be given as %s=VALUE", part->argument,
					   part->argument);
		break;
	}
	if (found->value == NULL)
		*found = (struct found){ getenv(part->variable), "environment variable", part->variable };
	if (found->value != NULL && found->value[0] == '\0')
		return failure_set(failure, ROAM_ERR_ARGUMENT, "%s %s is empty, must have a value", found->kind, found->name);
	return 0;
}

static int missing(const struct part *part, struct roam_failure *failure)
{
	return failure_set(failure, ROAM_ERR_NO_TICKET, "neither argument %s nor environment variable %s is set",
			   part->argument, part->variable);
}

/* Digits alone, without overflow. */
static bool parse_decimal(const char *text, uint64_t *number)
{
	uint64_t n = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(n, 10U, &n) || __builtin_add_overflow(n, (unsigned)(*text - '0'), &n))
			return false;
	*number = n;
	return *text == '\0';
}

/* A number that was found. */
static int number(const struct part *part, const struct found *found, uint64_t *n, struct roam_failure *failure)
{
	if (parse_decimal(found->value, n) && *n >= part->least && *n <= part->most)
		return 0;
	return failure_set(failure, ROAM_ERR_ARGUMENT,
			   "%s %s is \"%.60s\", must be a number, %" PRIu64 " to %" PRIu64, found->kind, found->name,
			   found->value, part->least, part->most);
}

static int find_number(int argc, char *const *argv, const struct part *part, bool required, bool *there, uint64_t *n,
		       struct roam_failure *failure)
{
	struct found found;
	int error = find(argc, argv, part, &found, failure);

	if (error != 0)
		return error;
	*there = found.value != NULL;
	if (!*there)
		return required ? missing(part, failure) : 0;
	return number(part, &found, n, failure);
}

int ticket_parse(int argc, char *const *argv, struct ticket *ticket, struct roam_failure *failure)
{
	struct found path;
	uint64_t peer = 0, doorbell = 0, epoch = 0;
	bool there;
	int error = find(argc, argv, &path_part, &path, failure);

	if (error == 0 && path.value == NULL)
		error = missing(&path_part, failure);
	if (error == 0)
		error = find_number(argc, argv, &peer_part, true, &there, &peer, failure);
	if (error == 0)
		error = find_number(argc, argv, &doorbell_part, true, &there, &doorbell, failure);
	if (error == 0)
		error = find_number(argc, argv, &epoch_part, false, &there, &epoch, failure);
	if (error == 0)
		*ticket = (struct ticket){ path.value, (uint32_t)peer, (int)doorbell, (uint32_t)epoch, there };
	return error;
}
