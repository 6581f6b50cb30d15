/*
 * Decoders fed with any bytes. The first byte says of which type they are, the second how many allocations there are.
 * Whatever they are, nothing outside them is read and no more memory taken than they stand for; and when they are a
 * value, it is encoded to bytes that are the same value.
 */

#include "../../internal/roamgen/small/c/small_roam.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes of memory for each byte that is read, and for the value in the midst of which they end. */
enum {
	MOST_MEMORY = 72,
	MOST_AT_END = sizeof(struct small_image)
};

struct memory {
	void *blocks[256];
	size_t count, most, bytes;
};

static void *allocate(void *context, size_t size)
{
	struct memory *memory = context;

	if (memory->count == memory->most)
		return NULL;
	memory->blocks[memory->count] = malloc(size);
	if (memory->blocks[memory->count] == NULL)
		abort();
	memory->bytes += size;
	return memory->blocks[memory->count++];
}

static void release(struct memory *memory)
{
	while (memory->count > 0)
		free(memory->blocks[--memory->count]);
	memory->bytes = 0;
}

/* Each reads a value and, unless that fails, writes it. */
typedef void recode(struct roam_reader *reader, struct roam_writer *writer);

#define RECODE(kind, type)                                                             \
	static void recode_##kind(struct roam_reader *reader, struct roam_writer *writer) \
	{                                                                              \
		type value;                                                            \
		memset(&value, 0xa5, sizeof(value));                                   \
		small_##kind##_read(reader, &value);                                   \
		if (roam_reader_finish(reader) == 0)                                   \
			small_##kind##_write(writer, &value);                          \
	}
RECODE(value, struct small_value)
RECODE(image, struct small_image)
RECODE(missing, struct small_missing)
RECODE(change, struct small_change)

/* What the library reads by itself, each behind a byte that says which. */
static void recode_any(struct roam_reader *reader, struct roam_writer *writer)
{
	while (roam_reader_left(reader) > 0 && writer->error == 0) {
		uint8_t kind = roam_read_u8(reader);

		roam_write_u8(writer, kind);
#define KIND(number, name)                                              \
	case number:                                                    \
		roam_write_##name(writer, roam_read_##name(reader));    \
		break
		switch (kind) {
			KIND(0, bool);
			KIND(1, u8);
			KIND(2, u16);
			KIND(3, u32);
			KIND(4, u64);
			KIND(5, u128);
			KIND(6, i8);
			KIND(7, i16);
			KIND(8, i32);
			KIND(9, i64);
			KIND(10, i128);
			KIND(11, f32);
			KIND(12, f64);
			KIND(13, char);
			KIND(14, string);
			KIND(15, bytes);
			KIND(16, option);
		case 17:
			roam_write_count(writer, roam_read_count(reader, 0));
			break;
		case 18:
			roam_write_variant(writer, roam_read_variant(reader, 300));
			break;
		default:
			roam_reader_fail(reader);
		}
		if (reader->error != 0)
			roam_writer_reset(writer);
	}
}

static recode *const recoders[] = { recode_value, recode_image, recode_missing, recode_change, recode_any };

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* Recodes bytes that lie in memory of their very size; what comes out is left in the writer. */
static int recoded(recode *recoder, const uint8_t *data, size_t size, size_t allocations, struct roam_writer *writer)
{
	static struct memory memory;
	uint8_t *exact = malloc(size > 0 ? size : 1);
	struct roam_reader reader;

	check(exact != NULL);
	if (size > 0)
		memcpy(exact, data, size);
	memory.most = allocations;
	roam_reader_init(&reader, exact, size);
	roam_reader_memory(&reader, allocate, &memory);
	roam_writer_init(writer, NULL);
	recoder(&reader, writer);
	check(memory.bytes <= MOST_MEMORY * size + MOST_AT_END);
	check(writer->error == 0); /* what is read is a value */
	release(&memory);
	free(exact);
	return reader.error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct roam_writer first, second;
	recode *recoder;
	int error;

	if (size < 2)
		return 0;
	recoder = recoders[data[0] % (sizeof(recoders) / sizeof(recoders[0]))];
	error = recoded(recoder, data + 2, size - 2, data[1], &first);
	if (error == 0) {
		check(first.len <= size - 2); /* nothing is shorter than what is written */
		check(recoded(recoder, first.data, first.len, data[1], &second) == 0);
		check(second.len == first.len);
		check(first.len == 0 || memcmp(second.data, first.data, first.len) == 0);
		roam_writer_free(&second);
	} else {
		check(error == ROAM_ERR_DECODE || error == ROAM_ERR_NO_MEMORY);
	}
	roam_writer_free(&first);
	return 0;
}
