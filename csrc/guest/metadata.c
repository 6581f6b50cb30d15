/* Metadata as it is read: split off, checked, looked up. */

#include "metadata.h"

#include <stdio.h>
#include <string.h>

enum { LEAST_ENTRY = 3 /* bytes: an empty key, a variant index, the shortest value */ };

bool metadata_split(const uint8_t *payload, size_t len, struct roam_bytes *list, struct roam_bytes *rest)
{
	struct roam_reader reader;

	*list = (struct roam_bytes){ NULL, 0 };
	*rest = *list;
	if (len == 0)
		return true;
	roam_reader_init(&reader, payload, len);
	*list = roam_read_bytes(&reader);
	*rest = (struct roam_bytes){ reader.at, roam_reader_left(&reader) };
	return reader.error == 0;
}

static void read_entry(struct roam_reader *reader, struct roam_metadata *entry)
{
	*entry = (struct roam_metadata){ .key = roam_read_string(reader) };
	entry->kind = (enum roam_metadata_kind)roam_read_variant(reader, ROAM_METADATA_U64 + 1);
	switch (entry->kind) {
	case ROAM_METADATA_STRING:
		entry->string = roam_read_string(reader);
		break;
	case ROAM_METADATA_BYTES:
		entry->bytes = roam_read_bytes(reader);
		break;
	case ROAM_METADATA_U64:
		entry->u64 = roam_read_u64(reader);
		break;
	}
}

/* What a value counts: a number its size, not that of its encoding. */
static size_t value_size(const struct roam_metadata *entry)
{
	switch (entry->kind) {
	case ROAM_METADATA_STRING:
		return entry->string.len;
	case ROAM_METADATA_BYTES:
		return entry->bytes.len;
	case ROAM_METADATA_U64:
		break;
	}
	return sizeof(entry->u64);
}

/* Notes the first limit that is exceeded. */
static void limit(struct metadata_fault *fault, const char *what, size_t size, size_t most)
{
	if (size <= most || fault->rule != NULL)
		return;
	fault->rule = "unary.metadata.limits";
	(void)snprintf(fault->text, sizeof(fault->text), "metadata has %zu %s, limit %zu", size, what, most);
}

bool metadata_check(struct roam_bytes list, struct metadata_fault *fault)
{
	struct roam_reader reader;
	struct roam_metadata entry;
	size_t count, total = 0;

	fault->rule = NULL;
	if (list.len == 0)
		return true;
	roam_reader_init(&reader, list.data, list.len);
	count = roam_read_count(&reader, LEAST_ENTRY);
	limit(fault, "entries", count, METADATA_ENTRIES);
	for (size_t i = 0; i < count && reader.error == 0; i++) {
		read_entry(&reader, &entry);
		limit(fault, "bytes of a key", entry.key.len, METADATA_KEY);
		limit(fault, "bytes of a value", value_size(&entry), METADATA_VALUE);
		total += entry.key.len + value_size(&entry);
	}
	limit(fault, "bytes of keys and values", total, METADATA_TOTAL);
	if (roam_reader_finish(&reader) != 0) {
		fault->rule = "message.decode-error";
		(void)snprintf(fault->text, sizeof(fault->text), "metadata of %zu bytes does not decode", list.len);
	}
	return fault->rule == NULL;
}

bool metadata_at(struct roam_bytes list, size_t index, struct roam_metadata *entry)
{
	struct roam_reader reader;
	size_t count;

	*entry = (struct roam_metadata){ 0 };
	if (list.len == 0)
		return false;
	roam_reader_init(&reader, list.data, list.len);
	count = roam_read_count(&reader, LEAST_ENTRY);
	if (index >= count)
		return false;
	for (size_t i = 0; i <= index; i++)
		read_entry(&reader, entry);
	return true;
}

bool metadata_find(struct roam_bytes list, const char *key, struct roam_metadata *entry)
{
	struct roam_string wanted = roam_string_of(key);
	struct roam_reader reader;
	size_t count = 0;

	roam_reader_init(&reader, list.data, list.len);
	if (list.len > 0)
		count = roam_read_count(&reader, LEAST_ENTRY);
	for (; count > 0; count--) {
		read_entry(&reader, entry);
		if (roam_string_equal(entry->key, wanted))
			return true;
	}
	*entry = (struct roam_metadata){ 0 };
	return false;
}

/* ---- Making a list ---------------------------------------------------------------------------------------------- */

void metadata_begin(struct metadata_builder *builder, const struct roam_allocator *allocator)
{
	*builder = (struct metadata_builder){ .count = 0 };
	roam_writer_init(&builder->entries, allocator);
}

void metadata_reset(struct metadata_builder *builder)
{
	roam_writer_reset(&builder->entries);
	builder->count = 0;
	builder->total = 0;
}

void metadata_free(struct metadata_builder *builder)
{
	roam_writer_free(&builder->entries);
}

static void write_entry(struct roam_writer *writer, const struct roam_metadata *entry)
{
	roam_write_string(writer, entry->key);
	roam_write_variant(writer, (uint32_t)entry->kind);
	switch (entry->kind) {
	case ROAM_METADATA_STRING:
		roam_write_string(writer, entry->string);
		break;
	case ROAM_METADATA_BYTES:
		roam_write_bytes(writer, entry->bytes);
		break;
	case ROAM_METADATA_U64:
		roam_write_u64(writer, entry->u64);
		break;
	}
}

int metadata_add(struct metadata_builder *builder, const struct roam_metadata *entry)
{
	size_t before = builder->entries.len, value;
	int error;

	if ((unsigned)entry->kind > ROAM_METADATA_U64)
		return ROAM_ERR_ARGUMENT;
	value = value_size(entry);
	if (builder->count >= METADATA_ENTRIES || entry->key.len > METADATA_KEY || value > METADATA_VALUE ||
	    builder->total + entry->key.len + value > METADATA_TOTAL)
		return ROAM_ERR_TOO_MANY;
	write_entry(&builder->entries, entry);
	error = builder->entries.error;
	if (error != 0) {
		builder->entries.error = 0;
		builder->entries.len = before;
		return error;
	}
	builder->count++;
	builder->total += (uint32_t)(entry->key.len + value);
	return 0;
}

static size_t varint_size(size_t value)
{
	size_t n = 1;

	for (; value >= 0x80; value >>= 7)
		n++;
	return n;
}

/* Bytes of the list itself. */
static size_t list_size(const struct metadata_builder *builder)
{
	return varint_size(builder->count) + builder->entries.len;
}

size_t metadata_size(const struct metadata_builder *builder)
{
	return varint_size(list_size(builder)) + list_size(builder);
}

void metadata_write(const struct metadata_builder *builder, struct roam_writer *writer)
{
	roam_write_count(writer, list_size(builder));
	roam_write_count(writer, builder->count);
	roam_write_raw(writer, builder->entries.data, builder->entries.len);
}
