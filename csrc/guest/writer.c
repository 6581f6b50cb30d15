/* The writer: values appended to bytes. */

#include "../roam/guest.h"
#include "utf8.h"

#include <string.h>

enum {
	LEAST_CAPACITY = 64,
	LONGEST_VARINT = 10,
	LONGEST_VARINT128 = 19
};

void roam_writer_init(struct roam_writer *writer, const struct roam_allocator *allocator)
{
	*writer = (struct roam_writer){ .allocator = allocator != NULL ? allocator : &roam_default_allocator };
}

void roam_writer_fixed(struct roam_writer *writer, void *memory, size_t size)
{
	*writer = (struct roam_writer){ .data = memory, .capacity = size };
}

void roam_writer_reset(struct roam_writer *writer)
{
	writer->len = 0;
	writer->error = 0;
}

void roam_writer_free(struct roam_writer *writer)
{
	if (writer->allocator == NULL)
		return;
	if (writer->data != NULL)
		writer->allocator->release(writer->allocator->context, writer->data);
	roam_writer_init(writer, writer->allocator);
}

static void fail(struct roam_writer *writer, int error)
{
	if (writer->error == 0)
		writer->error = error;
}

void roam_writer_fail(struct roam_writer *writer)
{
	fail(writer, ROAM_ERR_ARGUMENT);
}

/* Has room for more bytes made, twice as much as before at least: so each byte is copied a few times at most. */
static bool grow(struct roam_writer *writer, size_t more)
{
	const struct roam_allocator *allocator = writer->allocator;
	size_t capacity = writer->capacity < LEAST_CAPACITY ? LEAST_CAPACITY : writer->capacity;
	uint8_t *data;

	if (allocator == NULL || more > SIZE_MAX / 2 - writer->len) {
		fail(writer, ROAM_ERR_TOO_LARGE);
		return false;
	}
	while (capacity - writer->len < more)
		capacity *= 2; /* no overflow: below what is needed, which is at most SIZE_MAX / 2 */
	data = writer->data == NULL ? allocator->allocate(allocator->context, capacity) :
				      allocator->resize(allocator->context, writer->data, capacity);
	if (data == NULL) {
		fail(writer, ROAM_ERR_NO_MEMORY);
		return false;
	}
	writer->data = data;
	writer->capacity = capacity;
	return true;
}

uint8_t *roam_writer_extend(struct roam_writer *writer, size_t len)
{
	uint8_t *room;

	if (writer->error != 0)
		return NULL;
	if ((writer->capacity - writer->len < len || writer->data == NULL) && !grow(writer, len))
		return NULL;
	room = writer->data + writer->len;
	writer->len += len;
	return room;
}

void roam_write_raw(struct roam_writer *writer, const void *data, size_t len)
{
	uint8_t *room;

	if (len == 0)
		return;
	if (data == NULL) {
		roam_writer_fail(writer);
		return;
	}
	room = roam_writer_extend(writer, len);
	if (room != NULL)
		memcpy(room, data, len);
}

static size_t put_varint(uint8_t *out, uint64_t value)
{
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		out[n++] = (uint8_t)(value | 0x80);
	out[n++] = (uint8_t)value;
	return n;
}

static void write_long_varint(struct roam_writer *writer, uint64_t value)
{
	uint8_t bytes[LONGEST_VARINT];

	roam_write_raw(writer, bytes, put_varint(bytes, value));
}

static void write_varint(struct roam_writer *writer, uint64_t value)
{
	if (value < 0x80)
		roam_write_u8(writer, (uint8_t)value);
	else
		write_long_varint(writer, value);
}

static void write_varint128(struct roam_writer *writer, uint64_t low, uint64_t high)
{
	uint8_t bytes[LONGEST_VARINT128];
	size_t n = 0;

	while (high != 0) {
		bytes[n++] = (uint8_t)(low | 0x80);
		low = low >> 7 | high << 57;
		high >>= 7;
	}
	n += put_varint(bytes + n, low);
	roam_write_raw(writer, bytes, n);
}

void roam_write_bool(struct roam_writer *writer, bool value)
{
	roam_write_u8(writer, value ? 1 : 0);
}

void roam_write_u8(struct roam_writer *writer, uint8_t value)
{
	uint8_t *room = roam_writer_extend(writer, 1);

	if (room != NULL)
		*room = value;
}

void roam_write_u16(struct roam_writer *writer, uint16_t value)
{
	write_varint(writer, value);
}

void roam_write_u32(struct roam_writer *writer, uint32_t value)
{
	write_varint(writer, value);
}

void roam_write_u64(struct roam_writer *writer, uint64_t value)
{
	write_varint(writer, value);
}

void roam_write_u128(struct roam_writer *writer, struct roam_u128 value)
{
	write_varint128(writer, value.low, value.high);
}

void roam_write_i8(struct roam_writer *writer, int8_t value)
{
	roam_write_u8(writer, (uint8_t)value);
}

/* Zigzag of a smaller type is the same number. */
void roam_write_i16(struct roam_writer *writer, int16_t value)
{
	roam_write_i64(writer, value);
}

void roam_write_i32(struct roam_writer *writer, int32_t value)
{
	roam_write_i64(writer, value);
}

void roam_write_i64(struct roam_writer *writer, int64_t value)
{
	uint64_t sign = value < 0 ? UINT64_MAX : 0;

	write_varint(writer, (uint64_t)value << 1 ^ sign);
}

void roam_write_i128(struct roam_writer *writer, struct roam_i128 value)
{
	uint64_t sign = value.high < 0 ? UINT64_MAX : 0;

	write_varint128(writer, value.low << 1 ^ sign, ((uint64_t)value.high << 1 | value.low >> 63) ^ sign);
}

static void write_fixed(struct roam_writer *writer, uint64_t bits, size_t len)
{
	uint8_t *room = roam_writer_extend(writer, len);

	for (size_t i = 0; room != NULL && i < len; i++)
		room[i] = (uint8_t)(bits >> 8 * i);
}

void roam_write_f32(struct roam_writer *writer, float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	write_fixed(writer, bits, sizeof(bits));
}

void roam_write_f64(struct roam_writer *writer, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	write_fixed(writer, bits, sizeof(bits));
}

void roam_write_char(struct roam_writer *writer, uint32_t scalar)
{
	uint8_t text[4];
	size_t len = utf8_encode(scalar, text);

	if (len == 0)
		roam_writer_fail(writer);
	roam_write_bytes(writer, (struct roam_bytes){ text, len });
}

void roam_write_string(struct roam_writer *writer, struct roam_string value)
{
	const uint8_t *data = (const uint8_t *)value.data;

	if (value.len > 0 && (data == NULL || !utf8_valid(data, value.len)))
		roam_writer_fail(writer);
	roam_write_bytes(writer, (struct roam_bytes){ data, value.len });
}

void roam_write_bytes(struct roam_writer *writer, struct roam_bytes value)
{
	write_varint(writer, value.len);
	roam_write_raw(writer, value.data, value.len);
}

void roam_write_count(struct roam_writer *writer, size_t count)
{
	write_varint(writer, count);
}

void roam_write_option(struct roam_writer *writer, bool some)
{
	roam_write_bool(writer, some);
}

void roam_write_variant(struct roam_writer *writer, uint32_t index)
{
	write_varint(writer, index);
}
