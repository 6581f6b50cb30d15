/* Methods by id: a sorted array. */

#include "service.h"

#include <string.h>

#include "failure.h"

/* Puts a method behind the last of count that has no larger id. */
static void insert(struct service_method *methods, size_t count, struct service_method one)
{
	while (count > 0 && methods[count - 1].id > one.id) {
		methods[count] = methods[count - 1];
		count--;
	}
	methods[count] = one;
}

static size_t count_methods(const struct roam_service *given, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += given[i].method_count;
	return n;
}

static const char *name_of(const struct roam_method *method)
{
	return method->name != NULL ? method->name : "without a name";
}

/* Whether each method can be served, and no other has its id. */
static int check(const struct services *services, struct roam_failure *failure)
{
	for (size_t i = 0; i < services->count; i++) {
		const struct roam_method *method = services->methods[i].method;

		if (method->handle == NULL)
			return failure_set(failure, ROAM_ERR_ARGUMENT, "method %s has no handler", name_of(method));
		if (i > 0 && services->methods[i - 1].id == method->id)
			return failure_set(failure, ROAM_ERR_ARGUMENT, "methods %s and %s have the same id %016llx",
					   name_of(services->methods[i - 1].method), name_of(method),
					   (unsigned long long)method->id);
	}
	return 0;
}

int service_init(struct services *services, const struct roam_allocator *allocator, const struct roam_service *given,
		 size_t count, struct roam_failure *failure)
{
	size_t methods = count_methods(given, count), at = 0;

	*services = (struct services){ .count = methods };
	if (methods == 0)
		return 0;
	services->all = allocator->allocate(allocator->context, count * sizeof(*services->all));
	services->methods = allocator->allocate(allocator->context, methods * sizeof(*services->methods));
	if (services->all == NULL || services->methods == NULL)
		return failure_no_memory(failure, methods * sizeof(*services->methods), "the table of methods");
	memcpy(services->all, given, count * sizeof(*services->all));
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < given[i].method_count; k++)
			insert(services->methods, at++,
			       (struct service_method){ .id = given[i].methods[k].id,
							.method = &given[i].methods[k],
							.service = &services->all[i] });
	return check(services, failure);
}

void service_free(struct services *services, const struct roam_allocator *allocator)
{
	if (services->all != NULL)
		allocator->release(allocator->context, services->all);
	if (services->methods != NULL)
		allocator->release(allocator->context, services->methods);
	*services = (struct services){ 0 };
}

const struct service_method *service_find(const struct services *services, uint64_t id)
{
	size_t low = 0, high = services->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (services->methods[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < services->count && services->methods[low].id == id ? &services->methods[low] : NULL;
}
