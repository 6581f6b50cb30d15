/* What values are made of: memory by default, and strings. */

#include "../roam/codec.h"

#include <stdlib.h>
#include <string.h>

static void *default_allocate(void *context, size_t size)
{
	(void)context;
	return malloc(size);
}

static void *default_resize(void *context, void *memory, size_t size)
{
	(void)context;
	return realloc(memory, size);
}

static void default_release(void *context, void *memory)
{
	(void)context;
	free(memory);
}

const struct roam_allocator roam_default_allocator = { default_allocate, default_resize, default_release, NULL };

struct roam_string roam_string_of(const char *text)
{
	return (struct roam_string){ text, strlen(text) };
}

bool roam_string_equal(struct roam_string a, struct roam_string b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}
