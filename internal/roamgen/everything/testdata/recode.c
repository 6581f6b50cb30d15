/*
 * recode: decodes values and encodes them again. Each request on standard input is three numbers of 32 bits, this
 * machine's byte order: which method's arguments, how many allocations there are, and how many bytes follow. Each answer
 * is an error, 1 for a value that takes too much memory, and how many bytes follow. After the methods comes one that
 * answers with their ids.
 */

#include "everything_roam.c"

#include <stdio.h>
#include <stdlib.h>

/* Bytes of memory for each byte that was read, and for the value in the midst of which they end: a peer must not ask for
 * much with little. */
enum {
	MOST_MEMORY = 72,
	MOST_AT_END = sizeof(struct everything_shape_large)
};

/* Memory for one value: blocks of their own, so that the address sanitizer sees a step beside one. */
static struct {
	void *blocks[1 << 16];
	uint32_t count, most;
	size_t bytes;
} memory;

static void *allocate(void *context, size_t size)
{
	(void)context;
	if (memory.count == memory.most || memory.count == sizeof(memory.blocks) / sizeof(memory.blocks[0]))
		return NULL;
	memory.blocks[memory.count] = malloc(size);
	if (memory.blocks[memory.count] == NULL)
		abort();
	memory.bytes += size;
	return memory.blocks[memory.count++];
}

static void release(void)
{
	while (memory.count > 0)
		free(memory.blocks[--memory.count]);
	memory.bytes = 0;
}

/* What a value is read into is full of bytes that are no values. */
#define RECODE(method)                                                                       \
	static int recode_##method(struct roam_reader *reader, struct roam_writer *writer)   \
	{                                                                                    \
		struct everything_##method##_arguments value;                                \
		memset(&value, 0xa5, sizeof(value));                                         \
		everything_##method##_arguments_read(reader, &value);                        \
		if (roam_reader_finish(reader) == 0)                                         \
			everything_##method##_arguments_write(writer, &value);               \
		return reader->error != 0 ? reader->error : writer->error;                   \
	}
#include "methods.h"
#undef RECODE

static int (*const recoders[])(struct roam_reader *reader, struct roam_writer *writer) = {
#define RECODE(method) recode_##method,
#include "methods.h"
#undef RECODE
};

static void write_ids(struct roam_writer *writer)
{
	struct roam_service service = everything_service(NULL, NULL);

	for (size_t i = 0; i < service.method_count; i++) {
		roam_write_u64(writer, service.methods[i].id);
		roam_write_string(writer, roam_string_of(service.methods[i].name));
		roam_write_u32(writer, service.methods[i].flags);
	}
}

static void get(void *data, size_t len)
{
	if (len > 0 && fread(data, 1, len, stdin) != len)
		exit(feof(stdin) ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void put(const void *data, size_t len)
{
	if (len > 0 && fwrite(data, 1, len, stdout) != len)
		exit(EXIT_FAILURE);
}

static void serve(uint32_t method, uint8_t *bytes, uint32_t len)
{
	struct roam_reader reader;
	struct roam_writer writer;
	uint32_t answer[2];

	roam_reader_init(&reader, bytes, len);
	roam_reader_memory(&reader, allocate, NULL);
	roam_writer_init(&writer, NULL);
	answer[0] = 0;
	if (method < sizeof(recoders) / sizeof(recoders[0]))
		answer[0] = (uint32_t)recoders[method](&reader, &writer);
	else
		write_ids(&writer);
	if (memory.bytes > MOST_MEMORY * len + MOST_AT_END)
		answer[0] = 1;
	answer[1] = answer[0] == 0 ? (uint32_t)writer.len : 0;
	put(answer, sizeof(answer));
	put(writer.data, answer[1]);
	fflush(stdout);
	roam_writer_free(&writer);
}

int main(void)
{
	uint32_t request[3];

	for (;;) {
		uint8_t *bytes;

		get(request, sizeof(request));
		memory.most = request[1];
		bytes = malloc(request[2]);
		get(bytes, request[2]);
		serve(request[0], bytes, request[2]);
		release();
		free(bytes);
	}
}
