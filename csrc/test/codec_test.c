/* Values in postcard: the shared vectors (the first argument), what is refused, and how writers and readers fail. */

#include "check.h"

#include "roam/guest.h"

static const char *vectors;

/* ---- The vectors ------------------------------------------------------------------------------------------------ */

/* struct vector: "name": "hex". The name says the value, such as i16_neg1. */
struct vector {
	char name[32];
	uint8_t bytes[64];
	size_t len;
};

/* Reads the next vector of the text; false after the last. */
static bool next_vector(const char **at, struct vector *vector)
{
	char hex[2 * sizeof(vector->bytes) + 1] = "";

	while (**at != '\0') {
		const char *line = *at;
		int end = 0;

		*at += strcspn(line, "\n");
		*at += **at == '\n';
		if (sscanf(line, " \"%31[^\"]\": \"%n", vector->name, &end) != 1 || end == 0)
			continue;
		if (strcmp(vector->name, "note") == 0)
			continue;
		hex[0] = '\0';
		sscanf(line + end, "%128[0-9a-f]", hex);
		vector->len = strlen(hex) / 2;
		for (size_t i = 0; i < vector->len; i++) {
			unsigned byte;

			sscanf(hex + 2 * i, "%2x", &byte);
			vector->bytes[i] = (uint8_t)byte;
		}
		return true;
	}
	return false;
}

/* The number that a name ends with: 128, neg1, 0_25; max and min are of so many bits. */
static double decimal(const char *text)
{
	char number[32];
	size_t n = 0;
	bool negative = strncmp(text, "neg", 3) == 0;

	for (text += negative ? 3 : 0; *text != '\0'; text++)
		number[n++] = *text == '_' ? '.' : *text;
	number[n] = '\0';
	return negative ? -strtod(number, NULL) : strtod(number, NULL);
}

static uint64_t unsigned_of(const char *text, unsigned bits)
{
	return strcmp(text, "max") == 0 ? UINT64_MAX >> (64 - bits) : (uint64_t)decimal(text);
}

static int64_t signed_of(const char *text, unsigned bits)
{
	int64_t max = (int64_t)(UINT64_MAX >> (65 - bits));

	return strcmp(text, "max") == 0 ? max : strcmp(text, "min") == 0 ? -max - 1 : (int64_t)decimal(text);
}

/* Each handles the vectors of one kind: writes the value that the name says, and reads it and compares. */
#define NUMBER(kind, type, value)                                                     \
	static bool vector_##kind(const char *text, struct roam_writer *w, struct roam_reader *r) \
	{                                                                             \
		type want = (type)(value);                                            \
		roam_write_##kind(w, want);                                           \
		type got = roam_read_##kind(r);                                       \
		return memcmp(&got, &want, sizeof(got)) == 0;                         \
	}
NUMBER(bool, bool, strcmp(text, "true") == 0)
NUMBER(u8, uint8_t, unsigned_of(text, 8))
NUMBER(u16, uint16_t, unsigned_of(text, 16))
NUMBER(u32, uint32_t, unsigned_of(text, 32))
NUMBER(u64, uint64_t, unsigned_of(text, 64))
NUMBER(i8, int8_t, signed_of(text, 8))
NUMBER(i16, int16_t, signed_of(text, 16))
NUMBER(i32, int32_t, signed_of(text, 32))
NUMBER(i64, int64_t, signed_of(text, 64))
NUMBER(f32, float, decimal(text))
NUMBER(f64, double, decimal(text))

static bool reads_text(struct roam_reader *r, const char *want)
{
	return roam_string_equal(roam_read_string(r), roam_string_of(want));
}

static bool vector_string(const char *text, struct roam_writer *w, struct roam_reader *r)
{
	const char *value = strcmp(text, "hello") == 0	 ? "hello world" :
			    strcmp(text, "unicode") == 0 ? "h\u00e9llo \u4e16\u754c \U0001f980" :
							   "";

	roam_write_string(w, roam_string_of(value));
	return reads_text(r, value);
}

static bool vector_bytes(const char *text, struct roam_writer *w, struct roam_reader *r)
{
	struct roam_bytes want = { (const uint8_t *)"\xde\xad\xbe\xef", strcmp(text, "empty") == 0 ? 0 : 4 };
	struct roam_bytes got = roam_read_bytes(r);

	roam_write_bytes(w, want);
	return got.len == want.len && (got.len == 0 || memcmp(got.data, want.data, got.len) == 0);
}

static bool vector_option(const char *text, struct roam_writer *w, struct roam_reader *r)
{
	bool some = strncmp(text, "some", 4) == 0;

	roam_write_option(w, some);
	if (roam_read_option(r) != some)
		return false;
	if (!some)
		return true;
	if (strcmp(text, "some_string") == 0) {
		roam_write_string(w, roam_string_of("hello"));
		return reads_text(r, "hello");
	}
	roam_write_u32(w, 42);
	return roam_read_u32(r) == 42;
}

static bool vector_result(const char *text, struct roam_writer *w, struct roam_reader *r)
{
	bool err = strncmp(text, "err", 3) == 0;
	const char *value = err ? "error message" : "hello";

	roam_write_variant(w, err);
	if (roam_read_variant(r, 2) != (uint32_t)err)
		return false;
	if (strcmp(text, "ok_i64_42") == 0) {
		roam_write_i64(w, 42);
		return roam_read_i64(r) == 42;
	}
	roam_write_string(w, roam_string_of(value));
	return reads_text(r, value);
}

static bool vector_tuple(const char *text, struct roam_writer *w, struct roam_reader *r)
{
	if (strcmp(text, "i32_string") == 0) {
		roam_write_i32(w, 42);
		roam_write_string(w, roam_string_of("hello"));
		return roam_read_i32(r) == 42 && reads_text(r, "hello");
	}
	roam_write_string(w, roam_string_of("hello"));
	roam_write_i32(w, 42);
	return reads_text(r, "hello") && roam_read_i32(r) == 42;
}

static bool vector_vec(const char *text, struct roam_writer *w, struct roam_reader *r)
{
	size_t count = strcmp(text, "empty_u32") == 0 ? 0 : strcmp(text, "string") == 0 ? 2 : 3;
	bool equal = roam_read_count(r, 1) == count;

	roam_write_count(w, count);
	for (uint8_t i = 0; i < count && equal; i++) {
		char letter[] = { (char)('a' + i), '\0' };

		if (strcmp(text, "string") == 0) {
			roam_write_string(w, roam_string_of(letter));
			equal = reads_text(r, letter);
		} else if (strcmp(text, "i32_neg1_0_1") == 0) {
			roam_write_i32(w, i - 1);
			equal = roam_read_i32(r) == i - 1;
		} else {
			roam_write_u32(w, i + 1U);
			equal = roam_read_u32(r) == i + 1U;
		}
	}
	return equal;
}

static const struct {
	const char *kind;
	bool (*handle)(const char *text, struct roam_writer *w, struct roam_reader *r);
} kinds[] = {
	{ "bool", vector_bool },     { "u8", vector_u8 },	    { "u16", vector_u16 },   { "u32", vector_u32 },
	{ "u64", vector_u64 },	     { "i8", vector_i8 },	    { "i16", vector_i16 },   { "i32", vector_i32 },
	{ "i64", vector_i64 },	     { "f32", vector_f32 },	    { "f64", vector_f64 },   { "string", vector_string },
	{ "bytes", vector_bytes },   { "option", vector_option },   { "result", vector_result },
	{ "tuple", vector_tuple },   { "vec", vector_vec },
};

static bool holds(const struct vector *vector)
{
	const char *text = strchr(vector->name, '_');
	uint8_t out[sizeof(vector->bytes)];
	struct roam_writer writer;
	struct roam_reader reader;

	roam_writer_fixed(&writer, out, sizeof(out));
	roam_reader_init(&reader, vector->bytes, vector->len);
	for (size_t i = 0; text != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t len = strlen(kinds[i].kind);

		if (len == (size_t)(text - vector->name) && strncmp(kinds[i].kind, vector->name, len) == 0)
			return kinds[i].handle(text + 1, &writer, &reader) && roam_reader_finish(&reader) == 0 &&
			       writer.error == 0 && writer.len == vector->len &&
			       memcmp(out, vector->bytes, vector->len) == 0;
	}
	return false;
}

static void test_vectors(void)
{
	struct vector vector;
	const char *at = vectors;
	unsigned count = 0;

	for (; next_vector(&at, &vector); count++)
		if (!CHECK(holds(&vector)))
			fprintf(stderr, "  %s\n", vector.name);
	CHECK_EQ(count, 84);
}

/* ---- 128 bits, characters --------------------------------------------------------------------------------------- */

static void check_u128(uint64_t high, uint64_t low, size_t len, const char *bytes)
{
	uint8_t out[32];
	struct roam_writer writer;
	struct roam_reader reader;
	struct roam_u128 got;

	roam_writer_fixed(&writer, out, sizeof(out));
	roam_write_u128(&writer, (struct roam_u128){ .low = low, .high = high });
	CHECK(writer.len == len && memcmp(out, bytes, len) == 0);
	roam_reader_init(&reader, out, writer.len);
	got = roam_read_u128(&reader);
	CHECK_EQ(roam_reader_finish(&reader), 0);
	CHECK_EQ(got.low, low);
	CHECK_EQ(got.high, high);
}

static void check_i128(int64_t high, uint64_t low, size_t len, const char *bytes)
{
	uint8_t out[32];
	struct roam_writer writer;
	struct roam_reader reader;
	struct roam_i128 got;

	roam_writer_fixed(&writer, out, sizeof(out));
	roam_write_i128(&writer, (struct roam_i128){ .low = low, .high = high });
	CHECK(writer.len == len && memcmp(out, bytes, len) == 0);
	roam_reader_init(&reader, out, writer.len);
	got = roam_read_i128(&reader);
	CHECK_EQ(roam_reader_finish(&reader), 0);
	CHECK_EQ(got.low, low);
	CHECK_EQ(got.high, high);
}

#define ONES "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"

static void test_integers_of_128_bits(void)
{
	check_u128(0, 0, 1, "\x00");
	check_u128(0, 300, 2, "\xac\x02");
	check_u128(0, UINT64_MAX, 10, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
	check_u128(1, 0, 10, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02");
	check_u128(UINT64_MAX, UINT64_MAX, 19, ONES "\xff\x03");
	check_i128(0, 0, 1, "\x00");
	check_i128(-1, UINT64_MAX, 1, "\x01");
	check_i128(0, 1, 1, "\x02");
	check_i128(INT64_MAX, UINT64_MAX, 19, "\xfe" ONES "\x03");
	check_i128(INT64_MIN, 0, 19, ONES "\xff\x03");
}

static void test_every_character_goes_both_ways(void)
{
	uint8_t out[8];
	struct roam_writer writer;
	struct roam_reader reader;
	unsigned broken = 0;

	for (uint32_t c = 0; c <= 0x110000; c++) {
		bool scalar = c < 0x110000 && !(c >= 0xd800 && c <= 0xdfff);

		roam_writer_fixed(&writer, out, sizeof(out));
		roam_write_char(&writer, c);
		roam_reader_init(&reader, out, writer.len);
		if (scalar)
			broken += writer.error != 0 || roam_read_char(&reader) != c || roam_reader_finish(&reader) != 0;
		else
			broken += writer.error != ROAM_ERR_ARGUMENT || writer.len != 0;
	}
	CHECK_EQ(broken, 0);
}

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

static void test_strings_are_equal_by_their_bytes(void)
{
	struct roam_string none = { NULL, 0 };

	CHECK(roam_string_equal(none, roam_string_of("")));
	CHECK(roam_string_equal(roam_string_of("abc"), (struct roam_string){ "abcd", 3 }));
	CHECK(!roam_string_equal(roam_string_of("abc"), roam_string_of("abd")));
	CHECK(!roam_string_equal(roam_string_of("abc"), none));
}

static char *read_all(const char *path)
{
	static char text[1 << 16];
	FILE *file = fopen(path, "r");
	size_t len;

	if (file == NULL) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s postcard.json\n", argv[0]);
		return EXIT_FAILURE;
	}
	vectors = read_all(argv[1]);
	RUN(test_vectors);
	RUN(test_integers_of_128_bits);
	RUN(test_every_character_goes_both_ways);
	RUN(test_refusals);
	RUN(test_nothing_is_read_after_an_error);
	RUN(test_writers_grow_until_there_is_no_memory);
	RUN(test_writers_take_any_size);
	RUN(test_fixed_writers_keep_within_their_memory);
	RUN(test_what_is_no_value_is_not_written);
	RUN(test_readers_take_memory_from_where_they_are_told);
	RUN(test_strings_are_equal_by_their_bytes);
	return finished();
}
