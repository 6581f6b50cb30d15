/* What docs/services.md shows: a service in C, and calls of one. */

#include "small_roam.h"

#include <stdio.h>
#include <stdlib.h>

struct store {
	const char *key;
	struct small_value value;
};

static int get(struct roam_request *request, const struct small_store_get_arguments *arguments,
	       struct small_value *result, struct small_missing *failure)
{
	struct store *store = roam_request_user(request);

	if (!roam_string_equal(arguments->key, roam_string_of(store->key))) {
		struct roam_string *similar = roam_request_alloc(request, sizeof(*similar));

		if (similar == NULL)
			return ROAM_ERR_NO_MEMORY;
		*similar = roam_string_of(store->key);
		failure->similar.items = similar;
		failure->similar.count = 1;
		return ROAM_ERR_USER;
	}
	*result = store->value;
	return 0;
}

static int watch(struct roam_request *request, const struct small_store_watch_arguments *arguments,
		 struct small_store_watch_results *result)
{
	struct store *store = roam_request_user(request);
	struct small_change change = { .key = roam_string_of(store->key) };
	int error = 0;

	while (error == 0 && result->sent < 10) {
		error = small_change_send(arguments->changes, &change);
		result->sent += error == 0;
	}
	return error == ROAM_ERR_RESET ? 0 : error;
}

static const struct small_store_handlers handlers = { .get = get, .watch = watch };

static int print_value(struct roam_guest *guest, const char *key)
{
	struct small_store_get_arguments arguments = { .key = roam_string_of(key) };
	struct small_value value;
	struct small_missing missing;
	struct roam_call *call;
	int error = small_store_get_call(guest, NULL, &arguments, &value, &missing, &call);

	if (error == 0 && value.tag == SMALL_VALUE_TEXT)
		printf("%.*s\n", (int)value.as.text.len, value.as.text.data);
	else if (error == ROAM_ERR_USER && missing.similar.count > 0)
		printf("did you mean %.*s?\n", (int)missing.similar.items[0].len, missing.similar.items[0].data);
	roam_call_free(call);
	return error;
}

static int print_changes(struct roam_guest *guest)
{
	struct small_store_watch_arguments_caller arguments = { .filter.prefix = { true, roam_string_of("a") } };
	struct small_store_watch_results counts;
	struct small_change change;
	struct roam_call *call;
	int error = small_store_watch_begin(guest, NULL, &arguments, &call);

	if (error != 0)
		return error;
	while ((error = small_change_recv(arguments.changes, &change)) == 0)
		printf("%.*s changed\n", (int)change.key.len, change.key.data);
	if (error == ROAM_ERR_END)
		error = small_store_watch_end(call, &counts);
	roam_tx_free(arguments.filter.stop);
	roam_rx_free(arguments.changes);
	roam_call_free(call);
	return error;
}

int main(int argc, char **argv)
{
	struct store store = { .key = "answer", .value = { .tag = SMALL_VALUE_NUMBER, .as.number = 42 } };
	struct roam_service service = small_store_service(&handlers, &store);
	struct roam_options options;
	struct roam_failure failure;
	struct roam_guest *guest;
	int error;

	roam_options_init(&options);
	options.services = &service;
	options.service_count = 1;
	if (roam_guest_attach(argc, argv, &options, &guest, &failure) != 0) {
		fprintf(stderr, "%s\n", failure.text);
		return EXIT_FAILURE;
	}
	error = print_value(guest, "question");
	if (error == 0 || error == ROAM_ERR_USER)
		error = print_changes(guest);
	if (error == 0)
		error = roam_guest_run(guest);
	roam_guest_free(guest);
	return error == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
