/*
 * roam/codec.h: values as they travel, in postcard. Used by the code that roamgen -c writes, and by who writes it by
 * hand.
 *
 * A writer and a reader keep the first error they meet and do nothing after it: a sequence of calls needs one check, at
 * its end. Neither is for several threads at once. Nothing blocks; only a writer that grows allocates.
 */
#ifndef ROAM_CODEC_H
#define ROAM_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* struct roam_allocator: where a guest's memory comes from. The functions are malloc's, realloc's and free's with a
 * context in front; they may be called by several threads at once. */
struct roam_allocator {
	void *(*allocate)(void *context, size_t size);
	void *(*resize)(void *context, void *memory, size_t size);
	void (*release)(void *context, void *memory);
	void *context;
};

/* malloc, realloc and free. Lives for ever. */
extern const struct roam_allocator roam_default_allocator;

/* struct roam_bytes: len bytes, whose owner is whoever the comment of the function that gives them says. data may be
 * NULL when len is 0. */
struct roam_bytes {
	const uint8_t *data;
	size_t len;
};

/* struct roam_string: len bytes of UTF-8, not terminated by a zero. */
struct roam_string {
	const char *data;
	size_t len;
};

/* A string literal, or any text that ends with a zero; it is not copied. */
struct roam_string roam_string_of(const char *text);

/* Whether two strings have the same bytes. */
bool roam_string_equal(struct roam_string a, struct roam_string b);

/* struct roam_u128, roam_i128: integers of 128 bits in halves; of a negative one in two's complement. */
struct roam_u128 {
	uint64_t low, high;
};
struct roam_i128 {
	uint64_t low;
	int64_t high;
};

/* ---- Writing ---------------------------------------------------------------------------------------------------- */

/* struct roam_writer: bytes that are appended to. Its fields are to be read only. */
struct roam_writer {
	uint8_t *data;
	size_t len;
	size_t capacity;
	int error; /* 0, ROAM_ERR_NO_MEMORY, ROAM_ERR_TOO_LARGE or ROAM_ERR_ARGUMENT (not a value of the type) */
	const struct roam_allocator *allocator; /* NULL: data is of fixed size */
};

/* A writer that grows by allocator (NULL: the default one). roam_writer_free gives its memory back. */
void roam_writer_init(struct roam_writer *writer, const struct roam_allocator *allocator);

/* A writer into memory of its user; more than that is ROAM_ERR_TOO_LARGE. It has nothing to give back. */
void roam_writer_fixed(struct roam_writer *writer, void *memory, size_t size);

/* Empties a writer, its error included, and keeps its memory. */
void roam_writer_reset(struct roam_writer *writer);

void roam_writer_free(struct roam_writer *writer);

/* Makes the writer fail with ROAM_ERR_ARGUMENT: for a value that the type does not have. */
void roam_writer_fail(struct roam_writer *writer);

/* Appends room for len bytes, to be filled in before the next call; NULL after an error. */
uint8_t *roam_writer_extend(struct roam_writer *writer, size_t len);

void roam_write_raw(struct roam_writer *writer, const void *data, size_t len); /* no length in front: arrays of u8 */
void roam_write_bool(struct roam_writer *writer, bool value);
void roam_write_u8(struct roam_writer *writer, uint8_t value);
void roam_write_u16(struct roam_writer *writer, uint16_t value);
void roam_write_u32(struct roam_writer *writer, uint32_t value);
void roam_write_u64(struct roam_writer *writer, uint64_t value);
void roam_write_u128(struct roam_writer *writer, struct roam_u128 value);
void roam_write_i8(struct roam_writer *writer, int8_t value);
void roam_write_i16(struct roam_writer *writer, int16_t value);
void roam_write_i32(struct roam_writer *writer, int32_t value);
void roam_write_i64(struct roam_writer *writer, int64_t value);
void roam_write_i128(struct roam_writer *writer, struct roam_i128 value);
void roam_write_f32(struct roam_writer *writer, float value);
void roam_write_f64(struct roam_writer *writer, double value);
void roam_write_char(struct roam_writer *writer, uint32_t scalar); /* a Unicode scalar value, else ROAM_ERR_ARGUMENT */
void roam_write_string(struct roam_writer *writer, struct roam_string value);
void roam_write_bytes(struct roam_writer *writer, struct roam_bytes value);
void roam_write_count(struct roam_writer *writer, size_t count);     /* in front of the items of a list or map */
void roam_write_option(struct roam_writer *writer, bool some);       /* the value follows if some */
void roam_write_variant(struct roam_writer *writer, uint32_t index); /* in front of the variant's payload */

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

/* struct roam_reader: what is left of some bytes. Its fields are to be read only. */
struct roam_reader {
	const uint8_t *at;
	const uint8_t *end;
	int error;            /* 0, ROAM_ERR_DECODE or ROAM_ERR_NO_MEMORY */
	uint32_t empty_items; /* of lists whose items take no bytes, so many were announced */
	void *(*allocate)(void *context, size_t size);
	void *context;
};

void roam_reader_init(struct roam_reader *reader, const void *data, size_t len);

/* Says where roam_reader_alloc takes memory from: from allocate, which gives memory aligned for any type, or NULL. Who
 * set it frees it. For what is decoded within a request roam_request_alloc, with the request as context, does well. */
void roam_reader_memory(struct roam_reader *reader, void *(*allocate)(void *context, size_t size), void *context);

/* Memory for count values of size bytes each, all zero; NULL for a count of 0 and after an error. When there is none,
 * also because nobody said where from, the reader fails with ROAM_ERR_NO_MEMORY. */
void *roam_reader_alloc(struct roam_reader *reader, size_t count, size_t size);

/* Bytes that were not read yet. */
size_t roam_reader_left(const struct roam_reader *reader);

/* 0 when all was read without an error, else the error: bytes that are left over are ROAM_ERR_DECODE too. */
int roam_reader_finish(struct roam_reader *reader);

/* Makes the reader fail with ROAM_ERR_DECODE: for a value that the type does not have. */
void roam_reader_fail(struct roam_reader *reader);

/*
 * Each gives the next value; 0, false or empty after an error, and then reads nothing. Refused are a varint that does
 * not fit its type, a bool or option that is neither 0 nor 1, text that is not UTF-8, and lengths and counts over what
 * is left. Strings and bytes lie where the reader reads from, and live as long as that.
 */
const uint8_t *roam_read_raw(struct roam_reader *reader, size_t len); /* NULL after an error */
bool roam_read_bool(struct roam_reader *reader);
uint8_t roam_read_u8(struct roam_reader *reader);
uint16_t roam_read_u16(struct roam_reader *reader);
uint32_t roam_read_u32(struct roam_reader *reader);
uint64_t roam_read_u64(struct roam_reader *reader);
struct roam_u128 roam_read_u128(struct roam_reader *reader);
int8_t roam_read_i8(struct roam_reader *reader);
int16_t roam_read_i16(struct roam_reader *reader);
int32_t roam_read_i32(struct roam_reader *reader);
int64_t roam_read_i64(struct roam_reader *reader);
struct roam_i128 roam_read_i128(struct roam_reader *reader);
float roam_read_f32(struct roam_reader *reader);
double roam_read_f64(struct roam_reader *reader);
uint32_t roam_read_char(struct roam_reader *reader);
struct roam_string roam_read_string(struct roam_reader *reader);
struct roam_bytes roam_read_bytes(struct roam_reader *reader);
bool roam_read_option(struct roam_reader *reader);

/* The count in front of items that take at least item_size bytes each: at most as many as what is left can hold. Of
 * items without any bytes (0), which what is left does not bound, one reader takes at most 65,536 in all lists. */
size_t roam_read_count(struct roam_reader *reader, size_t item_size);

/* The index of a variant, below variants. */
uint32_t roam_read_variant(struct roam_reader *reader, uint32_t variants);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
