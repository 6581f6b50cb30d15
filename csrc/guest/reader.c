/* The reader: values taken from bytes, none of which is trusted. */

#include "../roam/guest.h"
#include "utf8.h"

#include <string.h>

/* Items without bytes, of all lists of one reader: the bytes left do not bound those, and a list of lists of them would
 * multiply whatever one list were allowed. */
enum { MOST_EMPTY_ITEMS = 65536 };

void roam_reader_init(struct roam_reader *reader, const void *data, size_t len)
{
	const uint8_t *at = len > 0 ? data : NULL;

	*reader = (struct roam_reader){ .at = at, .end = len > 0 ? at + len : NULL };
}

void roam_reader_memory(struct roam_reader *reader, void *(*allocate)(void *context, size_t size), void *context)
{
	reader->allocate = allocate;
	reader->context = context;
}

size_t roam_reader_left(const struct roam_reader *reader)
{
	return (size_t)(reader->end - reader->at);
}

/* The first error stays. Nothing is left after it: what reads sees an end, and needs no look at error. */
static void fail(struct roam_reader *reader, int error)
{
	if (reader->error == 0)
		reader->error = error;
	reader->at = reader->end;
}

void roam_reader_fail(struct roam_reader *reader)
{
	fail(reader, ROAM_ERR_DECODE);
}

int roam_reader_finish(struct roam_reader *reader)
{
	if (roam_reader_left(reader) > 0)
		roam_reader_fail(reader);
	return reader->error;
}

void *roam_reader_alloc(struct roam_reader *reader, size_t count, size_t size)
{
	void *memory = NULL;

	if (reader->error != 0 || count == 0 || size == 0)
		return NULL;
	if (reader->allocate != NULL && count <= SIZE_MAX / size)
		memory = reader->allocate(reader->context, count * size);
	if (memory == NULL)
		fail(reader, ROAM_ERR_NO_MEMORY);
	else
		memset(memory, 0, count * size);
	return memory;
}

const uint8_t *roam_read_raw(struct roam_reader *reader, size_t len)
{
	const uint8_t *data = reader->at;

	if (reader->error != 0 || len > roam_reader_left(reader)) {
		roam_reader_fail(reader);
		return NULL;
	}
	if (len > 0)
		reader->at += len;
	return data;
}

static uint8_t next(struct roam_reader *reader)
{
	if (reader->at == reader->end) {
		roam_reader_fail(reader);
		return 0;
	}
	return *reader->at++;
}

/*
 * A varint of a type with so many bits. bits is no multiple of seven, so the last byte of the longest encoding has bits
 * to spare, and its highest among them: one comparison finds what overflows and what is too long.
 */
static uint64_t read_varint(struct roam_reader *reader, unsigned bits)
{
	uint64_t value = 0;

	for (unsigned shift = 0;; shift += 7) {
		unsigned free = bits - shift;
		uint8_t byte = next(reader);

		if (free < 7 && byte >> free != 0) {
			roam_reader_fail(reader);
			return 0;
		}
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return reader->error == 0 ? value : 0;
	}
}

static struct roam_u128 read_varint128(struct roam_reader *reader)
{
	struct roam_u128 value = { 0, 0 };

	for (unsigned shift = 0;; shift += 7) {
		unsigned free = 128 - shift;
		uint8_t byte = next(reader);
		uint64_t group = byte & 0x7f;

		if (free < 7 && byte >> free != 0) {
			roam_reader_fail(reader);
			return (struct roam_u128){ 0, 0 };
		}
		if (shift >= 64) {
			value.high |= group << (shift - 64);
		} else {
			value.low |= group << shift;
			if (shift > 57)
				value.high |= group >> (64 - shift); /* what the shift above pushed out */
		}
		if (byte < 0x80)
			return reader->error == 0 ? value : (struct roam_u128){ 0, 0 };
	}
}

static int64_t unzigzag(uint64_t value)
{
	return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

/* 0 or 1. */
static bool read_tag(struct roam_reader *reader)
{
	uint8_t byte = next(reader);

	if (byte > 1)
		roam_reader_fail(reader);
	return byte == 1;
}

bool roam_read_bool(struct roam_reader *reader)
{
	return read_tag(reader);
}

bool roam_read_option(struct roam_reader *reader)
{
	return read_tag(reader);
}

uint8_t roam_read_u8(struct roam_reader *reader)
{
	return next(reader);
}

uint16_t roam_read_u16(struct roam_reader *reader)
{
	return (uint16_t)read_varint(reader, 16);
}

uint32_t roam_read_u32(struct roam_reader *reader)
{
	return (uint32_t)read_varint(reader, 32);
}

uint64_t roam_read_u64(struct roam_reader *reader)
{
	return read_varint(reader, 64);
}

struct roam_u128 roam_read_u128(struct roam_reader *reader)
{
	return read_varint128(reader);
}

int8_t roam_read_i8(struct roam_reader *reader)
{
	return (int8_t)next(reader);
}

int16_t roam_read_i16(struct roam_reader *reader)
{
	return (int16_t)unzigzag(read_varint(reader, 16));
}

int32_t roam_read_i32(struct roam_reader *reader)
{
	return (int32_t)unzigzag(read_varint(reader, 32));
}

int64_t roam_read_i64(struct roam_reader *reader)
{
	return unzigzag(read_varint(reader, 64));
}

struct roam_i128 roam_read_i128(struct roam_reader *reader)
{
	struct roam_u128 value = read_varint128(reader);
	uint64_t sign = 0 - (value.low & 1);

	return (struct roam_i128){
		.low = (value.low >> 1 | value.high << 63) ^ sign,
		.high = (int64_t)(value.high >> 1 ^ sign),
	};
}

static uint64_t read_fixed(struct roam_reader *reader, size_t len)
{
	const uint8_t *bytes = roam_read_raw(reader, len);
	uint64_t bits = 0;

	for (size_t i = 0; bytes != NULL && i < len; i++)
		bits |= (uint64_t)bytes[i] << 8 * i;
	return bits;
}

float roam_read_f32(struct roam_reader *reader)
{
	uint32_t bits = (uint32_t)read_fixed(reader, sizeof(bits));
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

double roam_read_f64(struct roam_reader *reader)
{
	uint64_t bits = read_fixed(reader, sizeof(bits));
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

uint32_t roam_read_char(struct roam_reader *reader)
{
	struct roam_bytes text = roam_read_bytes(reader);
	uint32_t scalar = 0;

	if (reader->error != 0)
		return 0;
	if (text.len == 0 || utf8_decode(text.data, text.len, &scalar) != text.len) {
		roam_reader_fail(reader);
		return 0;
	}
	return scalar;
}

struct roam_string roam_read_string(struct roam_reader *reader)
{
	struct roam_bytes text = roam_read_bytes(reader);

	if (!utf8_valid(text.data, text.len)) {
		roam_reader_fail(reader);
		return (struct roam_string){ NULL, 0 };
	}
	return (struct roam_string){ (const char *)text.data, text.len };
}

struct roam_bytes roam_read_bytes(struct roam_reader *reader)
{
	uint64_t len = read_varint(reader, 64);

	if (len > roam_reader_left(reader)) { /* also where size_t is smaller than it */
		roam_reader_fail(reader);
		return (struct roam_bytes){ NULL, 0 };
	}
	return (struct roam_bytes){ roam_read_raw(reader, (size_t)len), (size_t)len };
}

size_t roam_read_count(struct roam_reader *reader, size_t item_size)
{
	uint64_t count = read_varint(reader, 64);
	uint64_t most = item_size > 0 ? roam_reader_left(reader) / item_size : MOST_EMPTY_ITEMS - reader->empty_items;

	if (reader->error == 0 && count > most)
		roam_reader_fail(reader);
	if (reader->error != 0)
		return 0;
	if (item_size == 0)
		reader->empty_items += (uint32_t)count;
	return (size_t)count;
}

uint32_t roam_read_variant(struct roam_reader *reader, uint32_t variants)
{
	uint32_t index = (uint32_t)read_varint(reader, 32);

	if (index >= variants) {
		roam_reader_fail(reader);
		return 0;
	}
	return index;
}
