/* What readers refuse, and how they and writers fail. */

#include "check.h"

#include "roam/guest.h"

/* ---- What is refused -------------------------------------------------------------------------------------------- */

/* Each reads one value and drops it. */
#define READ(kind)                                          \
	static void read_##kind(struct roam_reader *reader) \
	{                                                   \
		(void)roam_read_##kind(reader);             \
	}
READ(bool)
READ(option)
READ(u8)
READ(i8)
READ(u16)
READ(i16)
READ(u32)
READ(i32)
READ(u64)
READ(i64)
READ(u128)
READ(i128)
READ(f32)
READ(f64)
READ(char)
READ(string)
READ(bytes)

static void read_pairs(struct roam_reader *reader)
{
	(void)roam_read_count(reader, 2);
}

static void read_units(struct roam_reader *reader)
{
	(void)roam_read_count(reader, 0);
	(void)roam_read_count(reader, 0);
}

static void read_variant(struct roam_reader *reader)
{
	(void)roam_read_variant(reader, 3);
}

static void read_array(struct roam_reader *reader)
{
	(void)roam_read_raw(reader, 3);
}

#define BYTES(text) text, sizeof(text) - 1
#define NINES "\x80\x80\x80\x80\x80\x80\x80\x80\x80"

static const struct {
	void (*read)(struct roam_reader *reader);
	const char *bytes;
	size_t len;
	bool fine;
} readings[] = {
	{ read_bool, BYTES(""), false },
	{ read_bool, BYTES("\x02"), false },
	{ read_option, BYTES("\xff"), false },
	{ read_u8, BYTES(""), false },
	{ read_i8, BYTES(""), false },
	{ read_u8, BYTES("\x01\x02"), false }, /* one left over */
	{ read_u16, BYTES("\x80"), false },
	{ read_u16, BYTES("\x80\x80\x04"), false },
	{ read_u16, BYTES("\xff\xff\x03"), true },
	{ read_u16, BYTES("\x80\x80\x00"), true }, /* longer than it has to be */
	{ read_u16, BYTES("\x80\x80\x80\x00"), false },
	{ read_i16, BYTES("\x80\x80\x04"), false },
	{ read_u32, BYTES("\xff\xff\xff\xff\x0f"), true },
	{ read_u32, BYTES("\xff\xff\xff\xff\x10"), false },
	{ read_i32, BYTES("\xff\xff\xff\xff\x1f"), false },
	{ read_u64, BYTES(NINES "\x01"), true },
	{ read_u64, BYTES(NINES "\x02"), false },
	{ read_u64, BYTES(NINES "\x80\x00"), false },
	{ read_i64, BYTES(NINES), false },
	{ read_u128, BYTES(NINES NINES "\x03"), true },
	{ read_u128, BYTES(NINES NINES "\x04"), false },
	{ read_u128, BYTES(NINES NINES "\x80\x00"), false },
	{ read_i128, BYTES(NINES NINES), false },
	{ read_f32, BYTES("\x00\x00\x00"), false },
	{ read_f64, BYTES("\x00\x00\x00\x00\x00\x00\x00"), false },
	{ read_char, BYTES("\x00"), false },
	{ read_char, BYTES("\x02" "ab"), false },
	{ read_char, BYTES("\x02\xc3\xa9"), true },
	{ read_char, BYTES("\x01\xc3"), false },
	{ read_string, BYTES("\x02" "a"), false },
	{ read_string, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" "a"), false },
	{ read_string, BYTES("\x01\x80"), false },
	{ read_string, BYTES("\x02\xc0\x80"), false },		      /* two bytes for a zero */
	{ read_string, BYTES("\x03\xe0\x9f\xbf"), false },	      /* three for U+07FF */
	{ read_string, BYTES("\x03\xe0\xa0\x80"), true },
	{ read_string, BYTES("\x03\xed\xa0\x80"), false },	      /* a surrogate */
	{ read_string, BYTES("\x04\xf0\x8f\xbf\xbf"), false },	      /* four for U+FFFF */
	{ read_string, BYTES("\x04\xf4\x8f\xbf\xbf"), true },
	{ read_string, BYTES("\x04\xf4\x90\x80\x80"), false },	      /* over U+10FFFF */
	{ read_string, BYTES("\x05\xf8\x88\x80\x80\x80"), false },
	{ read_string, BYTES("\x0a" "abcdefgh\xc3\xa9"), true },
	{ read_string, BYTES("\x0a" "abcdefghi\xc3"), false },	      /* ends within a character */
	{ read_string, BYTES("\x11" "abcdefgh\xff" "abcdefgh"), false }, /* between words */
	{ read_bytes, BYTES("\x03" "ab"), false },
	{ read_bytes, BYTES("\x03\x80\xff\x00"), true },
	{ read_pairs, BYTES("\x02" "abc"), false },
	{ read_pairs, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), false },
	{ read_pairs, BYTES("\x00"), true },
	{ read_units, BYTES("\xff\xff\x03\x01"), true },
	{ read_units, BYTES("\xff\xff\x03\x02"), false }, /* 65,537 in two lists */
	{ read_units, BYTES("\x81\x80\x04\x00"), false },
	{ read_variant, BYTES("\x02"), true },
	{ read_variant, BYTES("\x03"), false },
	{ read_variant, BYTES("\xff\xff\xff\xff\x1f"), false },
	{ read_array, BYTES("ab"), false },
	{ read_array, BYTES("abc"), true },
};

/* The bytes stand at the very end of their memory, so that the address sanitizer sees a step too far. */
static void test_refusals(void)
{
	for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
		uint8_t *exact = malloc(readings[i].len > 0 ? readings[i].len : 1);
		struct roam_reader reader;
		int error;

		if (!CHECK(exact != NULL))
			return;
		memcpy(exact, readings[i].bytes, readings[i].len);
		roam_reader_init(&reader, exact, readings[i].len);
		readings[i].read(&reader);
		error = roam_reader_finish(&reader);
		if (!CHECK(error == (readings[i].fine ? 0 : ROAM_ERR_DECODE)))
			fprintf(stderr, "  reading %zu gives %d\n", i, error);
		free(exact);
	}
}

static void test_nothing_is_read_after_an_error(void)
{
	uint8_t bytes[] = { 2, 1, 1, 1, 1, 1, 1, 1, 1 };
	struct roam_reader reader;

	roam_reader_init(&reader, bytes, sizeof(bytes));
	CHECK(!roam_read_bool(&reader));
	CHECK_EQ(reader.error, ROAM_ERR_DECODE);
	CHECK_EQ(roam_reader_left(&reader), 0);
	CHECK_EQ(roam_read_u8(&reader), 0);
	CHECK_EQ(roam_read_u64(&reader), 0);
	CHECK_EQ(roam_read_i128(&reader).low, 0);
	CHECK(roam_read_f64(&reader) == 0);
	CHECK_EQ(roam_read_string(&reader).len, 0);
	CHECK_EQ(roam_read_char(&reader), 0);
	CHECK_EQ(roam_read_count(&reader, 1), 0);
	CHECK(roam_read_raw(&reader, 0) == NULL);
	CHECK(roam_reader_alloc(&reader, 1, 1) == NULL);
	CHECK_EQ(roam_reader_finish(&reader), ROAM_ERR_DECODE);
}

/* ---- Memory ----------------------------------------------------------------------------------------------------- */

/* An allocator that has so many allocations left, and counts what is held. */
struct meagre {
	unsigned left, held;
};

static void *meagre_allocate(void *context, size_t size)
{
	struct meagre *meagre = context;

	if (meagre->left == 0)
		return NULL;
	meagre->left--;
	meagre->held++;
	return malloc(size);
}

static void *meagre_resize(void *context, void *memory, size_t size)
{
	struct meagre *meagre = context;

	if (meagre->left == 0)
		return NULL;
	meagre->left--;
	return realloc(memory, size);
}

static void meagre_release(void *context, void *memory)
{
	struct meagre *meagre = context;

	meagre->held--;
	free(memory);
}

static void test_writers_grow_until_there_is_no_memory(void)
{
	struct meagre meagre = { .left = 3 };
	struct roam_allocator allocator = { meagre_allocate, meagre_resize, meagre_release, &meagre };
	struct roam_writer writer;
	unsigned broken = 0;

	roam_writer_init(&writer, &allocator);
	while (writer.error == 0)
		roam_write_u8(&writer, (uint8_t)writer.len);
	CHECK_EQ(writer.error, ROAM_ERR_NO_MEMORY);
	CHECK_EQ(writer.len, writer.capacity);
	for (size_t i = 0; i < writer.len; i++)
		broken += writer.data[i] != (uint8_t)i;
	CHECK_EQ(broken, 0);

	roam_writer_reset(&writer); /* keeps its memory: needs none of the allocator */
	roam_write_string(&writer, roam_string_of("again"));
	CHECK_EQ(writer.error, 0);
	CHECK_EQ(writer.len, 6);
	CHECK_EQ(meagre.held, 1);
	roam_writer_free(&writer);
	CHECK_EQ(meagre.held, 0);
	CHECK(roam_writer_extend(&writer, 1) == NULL);
	CHECK_EQ(writer.error, ROAM_ERR_NO_MEMORY);
}

static void test_writers_take_any_size(void)
{
	struct roam_writer writer;
	uint8_t *room;

	roam_writer_init(&writer, NULL);
	roam_write_u8(&writer, 7);
	room = roam_writer_extend(&writer, 1 << 20);
	if (CHECK(room != NULL))
		memset(room, 9, 1 << 20);
	CHECK_EQ(writer.len, (1 << 20) + 1);
	CHECK(writer.data[0] == 7 && writer.data[1 << 20] == 9);
	CHECK(roam_writer_extend(&writer, SIZE_MAX) == NULL);
	CHECK_EQ(writer.error, ROAM_ERR_TOO_LARGE);
	CHECK(roam_writer_extend(&writer, 0) == NULL);
	roam_writer_free(&writer);
}

static void test_fixed_writers_keep_within_their_memory(void)
{
	uint8_t memory[6] = { 0, 0, 0, 0, 0, 0xee };
	struct roam_writer writer;

	roam_writer_fixed(&writer, memory, 5);
	roam_write_string(&writer, roam_string_of("four"));
	CHECK_EQ(writer.error, 0);
	roam_write_bytes(&writer, (struct roam_bytes){ NULL, 0 });
	CHECK_EQ(writer.error, ROAM_ERR_TOO_LARGE);
	CHECK_EQ(writer.len, 5);
	CHECK_EQ(memory[5], 0xee);
	roam_write_char(&writer, 0xd800); /* the first error stays */
	CHECK_EQ(writer.error, ROAM_ERR_TOO_LARGE);
	roam_writer_free(&writer);
	CHECK_EQ(writer.len, 5);
}

static void test_what_is_no_value_is_not_written(void)
{
	uint8_t memory[32];
	struct roam_writer writer;

	roam_writer_fixed(&writer, memory, sizeof(memory));
	roam_write_string(&writer, roam_string_of("\xff"));
	CHECK_EQ(writer.error, ROAM_ERR_ARGUMENT);
	roam_writer_reset(&writer);
	roam_write_string(&writer, (struct roam_string){ NULL, 3 });
	CHECK_EQ(writer.error, ROAM_ERR_ARGUMENT);
	roam_writer_reset(&writer);
	roam_write_raw(&writer, NULL, 3);
	CHECK_EQ(writer.error, ROAM_ERR_ARGUMENT);
	roam_writer_reset(&writer);
	roam_writer_fail(&writer);
	roam_write_u8(&writer, 1);
	CHECK_EQ(writer.error, ROAM_ERR_ARGUMENT);
	CHECK_EQ(writer.len, 0);
}

static void test_readers_take_memory_from_where_they_are_told(void)
{
	struct meagre meagre = { .left = 1 };
	struct roam_reader reader;
	uint64_t *items;

	roam_reader_init(&reader, "", 1);
	roam_reader_memory(&reader, meagre_allocate, &meagre);
	CHECK(roam_reader_alloc(&reader, 0, 8) == NULL);
	CHECK_EQ(reader.error, 0);
	items = roam_reader_alloc(&reader, 2, sizeof(*items));
	if (CHECK(items != NULL))
		CHECK_EQ(items[0] | items[1], 0);
	CHECK(roam_reader_alloc(&reader, 1, 1) == NULL);
	CHECK_EQ(reader.error, ROAM_ERR_NO_MEMORY);
	CHECK_EQ(roam_reader_finish(&reader), ROAM_ERR_NO_MEMORY);
	free(items);

	meagre.left = 1;
	roam_reader_init(&reader, NULL, 0);
	roam_reader_memory(&reader, meagre_allocate, &meagre);
	CHECK(roam_reader_alloc(&reader, SIZE_MAX / 4, 8) == NULL); /* more than there are addresses */
	CHECK_EQ(reader.error, ROAM_ERR_NO_MEMORY);
	CHECK_EQ(meagre.left, 1);

	roam_reader_init(&reader, NULL, 0);
	CHECK(roam_reader_alloc(&reader, 1, 1) == NULL);
	CHECK_EQ(reader.error, ROAM_ERR_NO_MEMORY);
}

int main(void)
{
	RUN(test_refusals);
	RUN(test_nothing_is_read_after_an_error);
	RUN(test_writers_grow_until_there_is_no_memory);
	RUN(test_writers_take_any_size);
	RUN(test_fixed_writers_keep_within_their_memory);
	RUN(test_what_is_no_value_is_not_written);
	RUN(test_readers_take_memory_from_where_they_are_told);
	return finished();
}
