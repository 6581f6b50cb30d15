/* Metadata: made, split off, checked, looked up. */

#include "check.h"
#include "guest/metadata.h"

static struct roam_metadata text_entry(const char *key, const char *value)
{
	return (struct roam_metadata){ .key = roam_string_of(key), .kind = ROAM_METADATA_STRING,
				       .string = roam_string_of(value) };
}

static void list_comes_back_in_order(void)
{
	static const uint8_t raw[] = { 0xff, 0 };
	struct roam_metadata entries[] = {
		text_entry("a", "first"), text_entry("b", ""), text_entry("a", "again"),
		{ .key = roam_string_of("raw"), .kind = ROAM_METADATA_BYTES, .bytes = { raw, 2 } },
		{ .key = roam_string_of("n"), .kind = ROAM_METADATA_U64, .u64 = UINT64_MAX },
	};
	struct metadata_builder builder;
	struct metadata_fault fault;
	struct roam_metadata entry;
	struct roam_writer payload;
	struct roam_bytes list, rest;

	metadata_begin(&builder, &roam_default_allocator);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(metadata_add(&builder, &entries[i]), 0);
	roam_writer_init(&payload, NULL);
	metadata_write(&builder, &payload);
	CHECK_EQ(payload.len, metadata_size(&builder));
	roam_write_raw(&payload, "rest", 4);
	CHECK(metadata_split(payload.data, payload.len, &list, &rest));
	CHECK(rest.len == 4 && memcmp(rest.data, "rest", 4) == 0);
	CHECK(metadata_check(list, &fault));
	for (size_t i = 0; i < 5; i++) {
		CHECK(metadata_at(list, i, &entry));
		CHECK(roam_string_equal(entry.key, entries[i].key) && entry.kind == entries[i].kind);
	}
	CHECK(!metadata_at(list, 5, &entry));
	CHECK(metadata_find(list, "a", &entry) && roam_string_equal(entry.string, roam_string_of("first")));
	CHECK(metadata_find(list, "n", &entry) && entry.u64 == UINT64_MAX);
	CHECK(metadata_find(list, "raw", &entry) && entry.bytes.len == 2 && entry.bytes.data[0] == 0xff);
	CHECK(!metadata_find(list, "none", &entry));
	roam_writer_free(&payload);
	metadata_free(&builder);
}

static void limits_are_those_of_the_protocol(void)
{
	static char key[METADATA_KEY + 1], value[METADATA_VALUE + 1];
	struct roam_metadata entry = { .kind = ROAM_METADATA_STRING };
	struct metadata_builder builder;

	memset(key, 'k', sizeof(key));
	memset(value, 'v', sizeof(value));
	metadata_begin(&builder, &roam_default_allocator);
	entry.key = (struct roam_string){ key, METADATA_KEY + 1 };
	CHECK_EQ(metadata_add(&builder, &entry), ROAM_ERR_TOO_MANY);
	entry.key.len = 0;
	entry.string = (struct roam_string){ value, METADATA_VALUE + 1 };
	CHECK_EQ(metadata_add(&builder, &entry), ROAM_ERR_TOO_MANY);
	entry.string.len = METADATA_VALUE;
	for (int i = 0; i < 4; i++)
		CHECK_EQ(metadata_add(&builder, &entry), 0);
	entry.string.len = 1;
	CHECK_EQ(metadata_add(&builder, &entry), ROAM_ERR_TOO_MANY); /* 65,536 in all */
	entry.string.len = 0;
	for (int i = 4; i < METADATA_ENTRIES; i++)
		CHECK_EQ(metadata_add(&builder, &entry), 0);
	CHECK_EQ(metadata_add(&builder, &entry), ROAM_ERR_TOO_MANY);
	metadata_reset(&builder);
	CHECK_EQ(metadata_add(&builder, &entry), 0);
	metadata_free(&builder);
}

static void what_is_no_entry_is_refused(void)
{
	struct roam_metadata entry = text_entry("k", "\xff");
	struct metadata_builder builder;

	metadata_begin(&builder, &roam_default_allocator);
	CHECK_EQ(metadata_add(&builder, &entry), ROAM_ERR_ARGUMENT);
	entry = text_entry("\xc0", "v");
	CHECK_EQ(metadata_add(&builder, &entry), ROAM_ERR_ARGUMENT);
	entry = text_entry("k", "v");
	entry.kind = (enum roam_metadata_kind)3;
	CHECK_EQ(metadata_add(&builder, &entry), ROAM_ERR_ARGUMENT);
	CHECK_EQ(builder.count, 0);
	entry = text_entry("k", "v");
	CHECK_EQ(metadata_add(&builder, &entry), 0); /* nothing of those stayed */
	CHECK_EQ(metadata_size(&builder), 1 + 1 + 2 + 1 + 2);
	metadata_free(&builder);
}

static void *no_memory(void *context, size_t size)
{
	(void)context;
	(void)size;
	return NULL;
}

static void no_memory_adds_nothing(void)
{
	struct roam_allocator none = roam_default_allocator;
	struct roam_metadata entry = text_entry("k", "v");
	struct metadata_builder builder;

	none.allocate = no_memory;
	metadata_begin(&builder, &none);
	CHECK_EQ(metadata_add(&builder, &entry), ROAM_ERR_NO_MEMORY);
	CHECK_EQ(builder.count, 0);
	metadata_free(&builder);
}

static void split_takes_every_form_of_none(void)
{
	static const uint8_t forms[][2] = { { 1, 0 }, { 0, 9 } };
	struct metadata_fault fault;
	struct roam_metadata entry;
	struct roam_bytes list, rest;

	CHECK(metadata_split(NULL, 0, &list, &rest) && list.len == 0 && rest.len == 0);
	for (int i = 0; i < 2; i++) {
		CHECK(metadata_split(forms[i], 2, &list, &rest));
		CHECK(metadata_check(list, &fault));
		CHECK(!metadata_at(list, 0, &entry) && !metadata_find(list, "k", &entry));
	}
	CHECK_EQ(rest.len, 1);
	CHECK(!metadata_split((const uint8_t[]){ 2, 0 }, 2, &list, &rest));
	CHECK(!metadata_split((const uint8_t[]){ 0xff, 0xff }, 2, &list, &rest));
}

int main(void)
{
	RUN(list_comes_back_in_order);
	RUN(limits_are_those_of_the_protocol);
	RUN(what_is_no_entry_is_refused);
	RUN(no_memory_adds_nothing);
	RUN(split_takes_every_form_of_none);
	return finished();
}
