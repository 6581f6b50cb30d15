/* A guest in C: it serves Greeter, the service of examples/hello. */
#include <err.h>
#include <stdio.h>

#include "hello_roam.h"

#define MAX_NAME 64 /* bytes: the longest name that is greeted */
#define TEXT_SIZE (MAX_NAME + sizeof("Hello, !"))

static struct roam_string make_greeting(char *text, struct roam_string name)
{
	int len = snprintf(text, TEXT_SIZE, "Hello, %.*s!", (int)name.len, name.data);
	return (struct roam_string){ .data = text, .len = (size_t)len };
}

static int greet(struct roam_request *request, const struct hello_greeter_greet_arguments *arguments,
		 struct roam_string *result, struct hello_too_long_error *failure)
{
	char *text = roam_request_alloc(request, TEXT_SIZE); /* lives until the request is answered */
	if (text == NULL)
		return ROAM_ERR_NO_MEMORY;
	failure->limit = MAX_NAME;
	if (arguments->name.len > MAX_NAME)
		return ROAM_ERR_USER;
	*result = make_greeting(text, arguments->name);
	return 0;
}

static int greet_all(struct roam_request *request, const struct hello_greeter_greet_all_arguments *arguments)
{
	char text[TEXT_SIZE];
	struct roam_string name;
	int error;
	while ((error = hello_string_recv(arguments->names, &name)) == 0) {
		if (name.len > MAX_NAME)
			return roam_request_fail(request, "the name is over %d bytes", MAX_NAME);
		error = hello_string_send(arguments->greetings, make_greeting(text, name));
		if (error != 0)
			return error;
	}
	return error == ROAM_ERR_END ? 0 : error;
}

int main(int argc, char **argv)
{
	const struct hello_greeter_handlers handlers = { .greet = greet, .greet_all = greet_all };
	const struct roam_service service = hello_greeter_service(&handlers, NULL);
	struct roam_options options;
	struct roam_guest *guest;
	struct roam_failure failure;
	roam_options_init(&options);
	options.services = &service;
	options.service_count = 1;
	if (roam_guest_attach(argc, argv, &options, &guest, &failure) != 0)
		errx(1, "%s", failure.text);
	int error = roam_guest_run(guest); /* until the host leaves */
	roam_guest_free(guest);
	return error != 0;
}
