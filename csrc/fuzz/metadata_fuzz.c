/*
 * Payloads of Requests and Responses: the metadata in front, and each of its entries. Nothing outside the bytes is
 * read, what is accepted keeps to the limits, and the same entries, written again, are accepted and the same.
 */

#include "guest/metadata.h"
#include "input.h"

static bool same_bytes(const void *a, size_t a_len, const void *b, size_t b_len)
{
	return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static void check_same(const struct roam_metadata *a, const struct roam_metadata *b)
{
	HOLDS(a->kind == b->kind && a->u64 == b->u64);
	HOLDS(roam_string_equal(a->key, b->key));
	HOLDS(roam_string_equal(a->string, b->string));
	HOLDS(same_bytes(a->bytes.data, a->bytes.len, b->bytes.data, b->bytes.len));
}

/* Copies a list into a builder; how many entries it has. */
static size_t copy(struct roam_bytes list, struct metadata_builder *builder)
{
	struct roam_metadata entry;
	size_t count = 0;

	while (metadata_at(list, count, &entry)) {
		HOLDS(entry.key.len <= METADATA_KEY);
		HOLDS(entry.string.len <= METADATA_VALUE && entry.bytes.len <= METADATA_VALUE);
		HOLDS(metadata_add(builder, &entry) == 0);
		count++;
	}
	HOLDS(count <= METADATA_ENTRIES);
	return count;
}

static void check_found(struct roam_bytes list, size_t count)
{
	struct roam_metadata entry, found;
	char key[METADATA_KEY + 1];

	for (size_t i = 0; i < count; i++) {
		HOLDS(metadata_at(list, i, &entry));
		if (memchr(entry.key.data, 0, entry.key.len) != NULL || entry.key.len == 0)
			continue;
		memcpy(key, entry.key.data, entry.key.len);
		key[entry.key.len] = 0;
		HOLDS(metadata_find(list, key, &found));
		HOLDS(roam_string_equal(found.key, entry.key));
	}
}

/* A list that was accepted. */
static void accepted(struct roam_bytes list)
{
	struct metadata_builder builder;
	struct roam_writer writer;
	struct roam_bytes again, rest;
	struct metadata_fault fault;
	struct roam_metadata a, b;
	size_t count;

	metadata_begin(&builder, &roam_default_allocator);
	roam_writer_init(&writer, NULL);
	count = copy(list, &builder);
	check_found(list, count);
	metadata_write(&builder, &writer);
	HOLDS(writer.error == 0 && writer.len == metadata_size(&builder));
	HOLDS(metadata_split(writer.data, writer.len, &again, &rest) && rest.len == 0);
	HOLDS(metadata_check(again, &fault));
	for (size_t i = 0; i < count; i++) {
		HOLDS(metadata_at(list, i, &a) && metadata_at(again, i, &b));
		check_same(&a, &b);
	}
	HOLDS(!metadata_at(again, count, &b));
	roam_writer_free(&writer);
	metadata_free(&builder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact = calloc(1, size > 0 ? size : 1);
	struct roam_bytes list, rest;
	struct metadata_fault fault;

	HOLDS(exact != NULL);
	if (size > 0)
		memcpy(exact, data, size);
	if (metadata_split(exact, size, &list, &rest)) {
		HOLDS(size == 0 || (rest.data >= exact && rest.data + rest.len == exact + size));
		HOLDS(list.len + rest.len <= size);
		if (metadata_check(list, &fault))
			accepted(list);
		else
			HOLDS(strcmp(fault.rule, "message.decode-error") == 0 ||
			      strcmp(fault.rule, "unary.metadata.limits") == 0);
	}
	free(exact);
	return 0;
}
