/* Received items as bytes: a varint of the length, then the item; 0 stands for a run of empty ones, with a count. */

#include "items.h"

#include <string.h>

enum {
	COUNT_SIZE = 8,
	LONGEST_LENGTH = 10,
	LEAST_CAPACITY = 64
};

bool items_empty(const struct items *items)
{
	return items->in.len == 0 && items->at == items->out.len;
}

/* Has room for more bytes made, twice as much as before at least. */
static bool reserve(struct items_buffer *buffer, const struct roam_allocator *allocator, size_t more)
{
	size_t capacity = buffer->capacity < LEAST_CAPACITY ? LEAST_CAPACITY : buffer->capacity;
	uint8_t *data;

	if (buffer->capacity - buffer->len >= more)
		return true;
	if (more > SIZE_MAX / 4 - buffer->len)
		return false;
	while (capacity - buffer->len < more)
		capacity *= 2;
	data = buffer->data == NULL ? allocator->allocate(allocator->context, capacity) :
				      allocator->resize(allocator->context, buffer->data, capacity);
	if (data == NULL)
		return false;
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

static void add_to_run(struct items_buffer *buffer, uint64_t by)
{
	uint64_t count = 0;

	memcpy(&count, buffer->data + buffer->run, COUNT_SIZE);
	count += by;
	memcpy(buffer->data + buffer->run, &count, COUNT_SIZE);
}

/* Begins a run, for whose record there is room. */
static void begin_run(struct items_buffer *buffer)
{
	buffer->data[buffer->len++] = 0;
	buffer->run = buffer->len;
	memset(buffer->data + buffer->len, 0, COUNT_SIZE);
	buffer->len += COUNT_SIZE;
}

static void append(struct items_buffer *buffer, const void *data, size_t len)
{
	size_t left = len;

	for (; left >= 0x80; left >>= 7)
		buffer->data[buffer->len++] = (uint8_t)(left | 0x80);
	buffer->data[buffer->len++] = (uint8_t)left;
	memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
	buffer->run = 0;
}

bool items_push(struct items *items, const struct roam_allocator *allocator, const void *data, size_t len)
{
	struct items_buffer *buffer = &items->in;

	if (len == 0 && buffer->run > 0) {
		add_to_run(buffer, 1);
		return true;
	}
	if (len > SIZE_MAX / 4 || !reserve(buffer, allocator, LONGEST_LENGTH + len))
		return false;
	if (len > 0) {
		append(buffer, data, len);
	} else {
		begin_run(buffer);
		add_to_run(buffer, 1);
	}
	return true;
}

/* Lets the buffers change places when all of the second was taken. */
static void turn(struct items *items)
{
	struct items_buffer taken = items->out;

	if (items->at < items->out.len)
		return;
	taken.len = 0;
	taken.run = 0;
	items->out = items->in;
	items->in = taken;
	items->at = 0;
}

static uint64_t take_of_run(uint8_t *count)
{
	uint64_t left = 0;

	memcpy(&left, count, COUNT_SIZE);
	left--;
	memcpy(count, &left, COUNT_SIZE);
	return left;
}

struct roam_bytes items_pop(struct items *items)
{
	size_t at, len = 0;

	turn(items);
	at = items->at;
	for (unsigned shift = 0;; shift += 7) {
		uint8_t byte = items->out.data[at++];

		len |= (size_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			break;
	}
	if (len > 0)
		items->at = at + len;
	else if (take_of_run(items->out.data + at) == 0)
		items->at = at + COUNT_SIZE;
	return (struct roam_bytes){ len > 0 ? items->out.data + at : NULL, len };
}

static void release(struct items_buffer *buffer, const struct roam_allocator *allocator)
{
	if (buffer->data != NULL)
		allocator->release(allocator->context, buffer->data);
	*buffer = (struct items_buffer){ 0 };
}

void items_drop(struct items *items, const struct roam_allocator *allocator)
{
	release(&items->in, allocator);
	items->at = items->out.len;
}

void items_free(struct items *items, const struct roam_allocator *allocator)
{
	items_drop(items, allocator);
	release(&items->out, allocator);
	items->at = 0;
}
