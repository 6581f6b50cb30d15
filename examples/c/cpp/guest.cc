// A guest in C++: an object serves Greeter, the service of examples/hello.
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "hello_roam.h"

namespace {

// Greeter knows nothing of roam.
class Greeter {
public:
	explicit Greeter(std::size_t limit) : limit_(limit) {}

	std::size_t limit() const { return limit_; }

	std::string greet(std::string_view name) const { return "Hello, " + std::string(name) + " from C++!"; }

private:
	std::size_t limit_; // the longest name that it greets, bytes
};

// A copy of text that lives until the request is answered.
roam_string keep(roam_request *request, const std::string &text)
{
	auto *memory = static_cast<char *>(roam_request_alloc(request, text.size() + 1));

	if (memory == nullptr)
		throw std::bad_alloc();
	std::memcpy(memory, text.data(), text.size());
	return {memory, text.size()};
}

// A handler is called by C, which exceptions must not pass.
int greet(roam_request *request, const hello_greeter_greet_arguments *arguments, roam_string *result,
	  hello_too_long_error *failure)
try {
	const auto &greeter = *static_cast<const Greeter *>(roam_request_user(request));

	if (arguments->name.len > greeter.limit()) {
		failure->limit = static_cast<std::uint32_t>(greeter.limit());
		return ROAM_ERR_USER;
	}
	*result = keep(request, greeter.greet({arguments->name.data, arguments->name.len}));
	return 0;
} catch (const std::exception &e) {
	return roam_request_fail(request, "%s", e.what());
}

struct Free {
	void operator()(roam_guest *guest) const { roam_guest_free(guest); }
};

} // namespace

int main(int argc, char **argv)
{
	Greeter greeter(64);
	hello_greeter_handlers handlers{};
	handlers.greet = greet;
	const roam_service service = hello_greeter_service(&handlers, &greeter);
	roam_options options;
	roam_options_init(&options);
	options.services = &service;
	options.service_count = 1;

	roam_guest *attached;
	roam_failure failure;
	if (roam_guest_attach(argc, argv, &options, &attached, &failure) != 0) {
		std::cerr << argv[0] << ": " << failure.text << '\n';
		return EXIT_FAILURE;
	}
	const std::unique_ptr<roam_guest, Free> guest(attached);
	const int error = roam_guest_run(guest.get());
	if (error != 0) {
		roam_guest_failure(guest.get(), &failure);
		std::cerr << argv[0] << ": " << failure.text << '\n';
	}
	return error == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
