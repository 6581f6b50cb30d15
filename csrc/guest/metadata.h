/*
 * metadata.h: the metadata of Requests and Responses, and how it lies in front of their payload: the length of the
 * encoded list, then the list. Internal.
 */
#ifndef ROAM_METADATA_H
#define ROAM_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../roam/guest.h"

enum {
	METADATA_ENTRIES = 128,
	METADATA_KEY = 256,     /* bytes of one key */
	METADATA_VALUE = 16384, /* bytes of one text or bytes value */
	METADATA_TOTAL = 65536, /* bytes of all keys and values; a number counts as 8 */
	METADATA_PREFIX = 2     /* bytes that stand for no metadata: 1, 0 */
};

/* Keys that this library knows. */
#define METADATA_ERROR "roam.error"
#define METADATA_TIMEOUT "roam.timeout-ns"

/* struct metadata_fault: why a list is refused. */
struct metadata_fault {
	const char *rule;
	char text[96];
};

/* Splits a payload into the encoded list and what follows; both lie in payload. false: the length does not fit. */
bool metadata_split(const uint8_t *payload, size_t len, struct roam_bytes *list, struct roam_bytes *rest);

/* Checks an encoded list, shape and limits. No bytes at all are no metadata. */
bool metadata_check(struct roam_bytes list, struct metadata_fault *fault);

/* The entry with this index, or the first one with this key, of a list that was checked. */
bool metadata_at(struct roam_bytes list, size_t index, struct roam_metadata *entry);
bool metadata_find(struct roam_bytes list, const char *key, struct roam_metadata *entry);

/* struct metadata_builder: a list that is being made. */
struct metadata_builder {
	struct roam_writer entries;
	uint32_t count;
	uint32_t total; /* bytes of keys and values */
};

void metadata_begin(struct metadata_builder *builder, const struct roam_allocator *allocator);
void metadata_reset(struct metadata_builder *builder);
void metadata_free(struct metadata_builder *builder);

/* Adds a copy of an entry: ROAM_ERR_TOO_MANY, ROAM_ERR_NO_MEMORY, ROAM_ERR_ARGUMENT. Nothing is added then. */
int metadata_add(struct metadata_builder *builder, const struct roam_metadata *entry);

/* Bytes of the list with its length in front. */
size_t metadata_size(const struct metadata_builder *builder);

/* Appends the list with its length in front. */
void metadata_write(const struct metadata_builder *builder, struct roam_writer *writer);

#endif
