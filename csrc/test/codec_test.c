/* Values in postcard: the shared vectors (the first argument), numbers of 128 bits, characters. */

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
	{ "bool", vector_bool },
	{ "u8", vector_u8 },
	{ "u16", vector_u16 },
	{ "u32", vector_u32 },
	{ "u64", vector_u64 },
	{ "i8", vector_i8 },
	{ "i16", vector_i16 },
	{ "i32", vector_i32 },
	{ "i64", vector_i64 },
	{ "f32", vector_f32 },
	{ "f64", vector_f64 },
	{ "string", vector_string },
	{ "bytes", vector_bytes },
	{ "option", vector_option },
	{ "result", vector_result },
	{ "tuple", vector_tuple },
	{ "vec", vector_vec },
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

/* ---- Strings ------------------------------------------------------------------------------------------------- */

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
	RUN(test_strings_are_equal_by_their_bytes);
	return finished();
}
