/*
 * service.h: which methods this side has. Internal.
 */
#ifndef ROAM_SERVICE_H
#define ROAM_SERVICE_H

#include "../roam/guest.h"

struct service_method {
	uint64_t id;
	const struct roam_method *method;
	const struct roam_service *service; /* the copy */
};

/* struct services: copies of the services, and their methods by id. Constant once made. */
struct services {
	struct roam_service *all;
	struct service_method *methods;
	size_t count;
};

/* ROAM_ERR_ARGUMENT: a method without a handler, or an id that two methods have; ROAM_ERR_NO_MEMORY. */
int service_init(struct services *services, const struct roam_allocator *allocator, const struct roam_service *given,
		 size_t count, struct roam_failure *failure);
void service_free(struct services *services, const struct roam_allocator *allocator);

/* NULL when no service has the method. */
const struct service_method *service_find(const struct services *services, uint64_t id);

#endif
