/*
 * filter.h: changes a picture while it passes by, three rows of it in memory. It knows PNG, and nothing of roam.
 */
#ifndef FILTER_H
#define FILTER_H

#include <stddef.h>
#include <stdint.h>

enum filter_effect {
	FILTER_BLUR,
	FILTER_SKETCH,
	FILTER_EMBOSS
};

/* struct filter_stream: where the picture comes from and goes to. Both functions return 0, or an error that
 * filter_picture then returns. */
struct filter_stream {
	/* Gives up to size bytes, *got of them; 0 bytes at the end. */
	int (*read)(void *context, void *data, size_t size, size_t *got);
	int (*write)(void *context, const void *data, size_t size);
	void *context;
};

/* struct filter_result: the picture's size, or why it was none. */
struct filter_result {
	uint32_t width;
	uint32_t height;
	char reason[128];
};

#define FILTER_NO_PICTURE 1 /* what came is no picture that can be read: result.reason says why */

/* 0, FILTER_NO_PICTURE, or an error of the stream. */
int filter_picture(enum filter_effect effect, const struct filter_stream *stream, struct filter_result *result);

#endif
