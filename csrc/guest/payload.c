/* Payloads that are kept: copied, or in memory that changes hands. */

#include "payload.h"

#include <string.h>

int payloads_init(struct payloads *payloads, const struct roam_allocator *allocator, size_t most)
{
	*payloads = (struct payloads){ .arena_len = most > PAYLOAD_SMALL ? most : PAYLOAD_SMALL };
	payloads->arena = allocator->allocate(allocator->context, payloads->arena_len);
	return payloads->arena != NULL ? 0 : ROAM_ERR_NO_MEMORY;
}

void payloads_free(struct payloads *payloads, const struct roam_allocator *allocator)
{
	if (payloads->arena != NULL)
		allocator->release(allocator->context, payloads->arena);
	if (payloads->large != NULL)
		allocator->release(allocator->context, payloads->large);
	*payloads = (struct payloads){ 0 };
}

/* Has memory for so many bytes, whose content does not matter; false when there is none. */
static bool reserve(uint8_t **memory, size_t *capacity, const struct roam_allocator *allocator, size_t size)
{
	uint8_t *fresh;

	if (size <= *capacity)
		return true;
	fresh = allocator->allocate(allocator->context, size);
	if (fresh == NULL)
		return false;
	if (*memory != NULL)
		allocator->release(allocator->context, *memory);
	*memory = fresh;
	*capacity = size;
	return true;
}

bool payloads_reserve(struct payloads *payloads, const struct roam_allocator *allocator, size_t size)
{
	return reserve(&payloads->large, &payloads->capacity, allocator, size);
}

/* Takes the memory that the message lies in, and gives its own for the next. */
static void change_hands(struct payload *payload, struct payloads *payloads, const struct core_arrival *arrival)
{
	uint8_t *memory = payload->memory;
	size_t capacity = payload->capacity;

	payload->memory = payloads->large;
	payload->capacity = payloads->capacity;
	payloads->large = memory;
	payloads->capacity = capacity;
	payload->metadata = (struct roam_bytes){ arrival->metadata, arrival->metadata_len };
	payload->body = (struct roam_bytes){ arrival->body, arrival->body_len };
}

bool payload_keep(struct payload *payload, struct payloads *payloads, const struct roam_allocator *allocator,
		  const struct core_arrival *arrival)
{
	size_t len = arrival->metadata_len + arrival->body_len;
	uint8_t *body;

	if (payloads->is_large) {
		change_hands(payload, payloads, arrival);
		return true;
	}
	if (!reserve(&payload->memory, &payload->capacity, allocator, len))
		return false;
	body = len > 0 ? payload->memory + arrival->metadata_len : NULL;
	if (arrival->metadata_len > 0)
		memcpy(payload->memory, arrival->metadata, arrival->metadata_len);
	if (arrival->body_len > 0)
		memcpy(body, arrival->body, arrival->body_len);
	payload->metadata = (struct roam_bytes){ payload->memory, arrival->metadata_len };
	payload->body = (struct roam_bytes){ body, arrival->body_len };
	return true;
}

void payload_trim(struct payload *payload, const struct roam_allocator *allocator, size_t most)
{
	payload->metadata = payload->body = (struct roam_bytes){ NULL, 0 };
	if (payload->capacity <= most)
		return;
	allocator->release(allocator->context, payload->memory);
	payload->memory = NULL;
	payload->capacity = 0;
}
