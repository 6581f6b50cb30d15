/* Counts the lines of its standard input, by the service of a host that it joins: count SOCKET <FILE. */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "hello_roam.h"

#define ITEM_SIZE 61440            /* bytes: with its length it fits a slot of the default size */
#define JOIN_NS INT64_C(5000000000) /* how long the host may take to admit this program */

/* Sends all of standard input, and closes the channel. */
static int send_input(struct roam_tx *content)
{
	static uint8_t buffer[ITEM_SIZE];
	struct roam_bytes item = { .data = buffer };
	ssize_t got;
	int error = 0;

	while (error == 0 && (got = read(STDIN_FILENO, buffer, sizeof buffer)) > 0) {
		item.len = (size_t)got;
		error = hello_bytes_send(content, item);
	}
	if (error == 0 && got < 0)
		err(1, "standard input");
	return error == 0 ? roam_tx_close(content) : error;
}

/* Streams the input into one call, and gives its result. */
static int count_lines(struct roam_guest *guest, uint64_t *lines)
{
	struct hello_logs_count_lines_arguments_caller arguments;
	struct roam_call *call;
	int error, sent;

	error = hello_logs_count_lines_begin(guest, NULL, &arguments, &call);
	if (error != 0)
		return error;
	sent = send_input(arguments.content);
	error = hello_logs_count_lines_end(call, lines); /* a host that wants no more says why here */
	roam_tx_free(arguments.content);
	roam_call_free(call);
	return error != 0 ? error : sent;
}

int main(int argc, char **argv)
{
	struct roam_guest *guest;
	struct roam_failure failure;
	uint64_t lines = 0;
	int error;

	if (argc != 2)
		errx(2, "usage: %s SOCKET <FILE", argv[0]);
	if (roam_guest_join(argv[1], JOIN_NS, NULL, &guest, &failure) != 0)
		errx(1, "%s", failure.text);
	error = count_lines(guest, &lines);
	if (error == 0)
		printf("%" PRIu64 "\n", lines);
	else
		warnx("%s", roam_strerror(error));
	roam_guest_free(guest);
	return error != 0;
}
