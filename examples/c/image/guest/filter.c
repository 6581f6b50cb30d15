#include "filter.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS 4       /* red, green, blue, alpha: whatever the picture was, libpng gives these */
#define MAX_SIDE 16384   /* pixels, of the width and the height */
#define WRITE_SIZE 32768 /* bytes that libpng writes at once */

/* struct filter: one picture on its way. libpng leaves its functions by longjmp when something fails, so all that has
 * to be freed stands here. */
struct filter {
	const struct filter_stream *stream;
	struct filter_result *result;
	int error; /* what filter_picture returns */
	png_structp reader, writer;
	png_infop read_info, write_info;
	unsigned char *rows[3]; /* the rows above, at and below the one that is written */
	unsigned char *out;
};

/* ---- What libpng calls ------------------------------------------------------------------------------------------ */

static void on_error(png_structp png, png_const_charp message)
{
	struct filter *filter = png_get_error_ptr(png);

	if (filter->error == 0) {
		filter->error = FILTER_NO_PICTURE;
		snprintf(filter->result->reason, sizeof filter->result->reason, "%s", message);
	}
	png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
	(void)png;
	(void)message;
}

static void on_read(png_structp png, png_bytep data, png_size_t size)
{
	struct filter *filter = png_get_io_ptr(png);

	while (size > 0) {
		size_t got = 0;

		filter->error = filter->stream->read(filter->stream->context, data, size, &got);
		if (filter->error != 0 || got == 0)
			png_error(png, "it ends too early");
		data += got;
		size -= got;
	}
}

static void on_write(png_structp png, png_bytep data, png_size_t size)
{
	struct filter *filter = png_get_io_ptr(png);

	filter->error = filter->stream->write(filter->stream->context, data, size);
	if (filter->error != 0)
		png_error(png, "it cannot be written");
}

static void on_flush(png_structp png)
{
	(void)png;
}

/* ---- Effects ---------------------------------------------------------------------------------------------------- */

/* The pixel at x of row, or the one at the border that is nearest. */
static const unsigned char *pixel(const unsigned char *row, int64_t x, int64_t width)
{
	if (x < 0)
		x = 0;
	if (x >= width)
		x = width - 1;
	return row + x * CHANNELS;
}

static int brightness(const unsigned char *pixel)
{
	return (pixel[0] * 77 + pixel[1] * 150 + pixel[2] * 29) >> 8;
}

static unsigned char clamp(int value)
{
	return (unsigned char)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* What each of the three by three pixels counts. */
static const int soft[3][3] = { { 1, 2, 1 }, { 2, 4, 2 }, { 1, 2, 1 } };
static const int across[3][3] = { { -1, 0, 1 }, { -2, 0, 2 }, { -1, 0, 1 } };
static const int down[3][3] = { { -1, -2, -1 }, { 0, 0, 0 }, { 1, 2, 1 } };
static const int lit[3][3] = { { -2, -1, 0 }, { -1, 0, 1 }, { 0, 1, 2 } };

/* The sum of the pixels around x, weighted; of one channel, or of the brightness when that is negative. */
static int weigh(const struct filter *filter, const int weights[3][3], int64_t x, int channel)
{
	int sum = 0;

	for (int row = 0; row < 3; row++) {
		for (int column = 0; column < 3; column++) {
			const unsigned char *at = pixel(filter->rows[row], x + column - 1, filter->result->width);

			sum += weights[row][column] * (channel < 0 ? brightness(at) : at[channel]);
		}
	}
	return sum;
}

static void blur_at(const struct filter *filter, int64_t x)
{
	for (int channel = 0; channel < 3; channel++)
		filter->out[x * CHANNELS + channel] = clamp(weigh(filter, soft, x, channel) / 16);
}

static void sketch_at(const struct filter *filter, int64_t x)
{
	int edge = abs(weigh(filter, across, x, -1)) + abs(weigh(filter, down, x, -1));

	memset(filter->out + x * CHANNELS, clamp(255 - edge), 3);
}

static void emboss_at(const struct filter *filter, int64_t x)
{
	memset(filter->out + x * CHANNELS, clamp(128 + weigh(filter, lit, x, -1) / 4), 3);
}

static void (*const effects[])(const struct filter *filter, int64_t x) = {
	[FILTER_BLUR] = blur_at,
	[FILTER_SKETCH] = sketch_at,
	[FILTER_EMBOSS] = emboss_at,
};

/* ---- The picture ------------------------------------------------------------------------------------------------ */

/* Reads what stands before the rows, and has libpng make the same kind of pixels of every picture. */
static void begin_reading(struct filter *filter)
{
	png_structp png = filter->reader;
	png_infop info = filter->read_info;

	png_set_user_limits(png, MAX_SIDE, MAX_SIDE);
	png_set_read_fn(png, filter, on_read);
	png_read_info(png, info);
	if (png_get_interlace_type(png, info) != PNG_INTERLACE_NONE)
		png_error(png, "it is interlaced");
	png_set_expand(png);
	png_set_strip_16(png);
	png_set_gray_to_rgb(png);
	png_set_add_alpha(png, 0xFF, PNG_FILLER_AFTER);
	png_read_update_info(png, info);
	filter->result->width = png_get_image_width(png, info);
	filter->result->height = png_get_image_height(png, info);
}

static void begin_writing(struct filter *filter)
{
	png_structp png = filter->writer;

	png_set_write_fn(png, filter, on_write, on_flush);
	png_set_compression_buffer_size(png, WRITE_SIZE);
	png_set_IHDR(png, filter->write_info, filter->result->width, filter->result->height, 8, PNG_COLOR_TYPE_RGB_ALPHA,
		     PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(png, filter->write_info);
}

static void make_rows(struct filter *filter)
{
	size_t size = (size_t)filter->result->width * CHANNELS;

	for (int i = 0; i < 3; i++) {
		filter->rows[i] = malloc(size);
		if (filter->rows[i] == NULL)
			png_error(filter->reader, "there is no memory for it");
	}
	filter->out = malloc(size);
	if (filter->out == NULL)
		png_error(filter->reader, "there is no memory for it");
}

/* Moves the window of three rows down by one, the lowest of which is then row number y; below the last one that
 * again. */
static void advance(struct filter *filter, uint32_t y)
{
	unsigned char *above = filter->rows[0];

	filter->rows[0] = filter->rows[1];
	filter->rows[1] = filter->rows[2];
	filter->rows[2] = above;
	if (y < filter->result->height)
		png_read_row(filter->reader, above, NULL);
	else
		memcpy(above, filter->rows[1], (size_t)filter->result->width * CHANNELS);
}

static void pass(struct filter *filter, enum filter_effect effect)
{
	begin_reading(filter);
	make_rows(filter);
	begin_writing(filter);
	advance(filter, 0);
	memcpy(filter->rows[1], filter->rows[2], (size_t)filter->result->width * CHANNELS); /* above the first one */
	for (uint32_t y = 0; y < filter->result->height; y++) {
		advance(filter, y + 1);
		for (uint32_t x = 0; x < filter->result->width; x++) {
			effects[effect](filter, x);
			filter->out[x * CHANNELS + 3] = filter->rows[1][x * CHANNELS + 3];
		}
		png_write_row(filter->writer, filter->out);
	}
	png_read_end(filter->reader, NULL);
	png_write_end(filter->writer, NULL);
}

/* A function of its own: of the one that calls setjmp, variables may be lost. */
static void pass_or_fail(struct filter *filter, enum filter_effect effect)
{
	if (setjmp(png_jmpbuf(filter->reader)) == 0 && setjmp(png_jmpbuf(filter->writer)) == 0)
		pass(filter, effect);
}

int filter_picture(enum filter_effect effect, const struct filter_stream *stream, struct filter_result *result)
{
	struct filter filter = { .stream = stream, .result = result };

	memset(result, 0, sizeof *result);
	filter.reader = png_create_read_struct(PNG_LIBPNG_VER_STRING, &filter, on_error, on_warning);
	filter.writer = png_create_write_struct(PNG_LIBPNG_VER_STRING, &filter, on_error, on_warning);
	if (filter.reader != NULL)
		filter.read_info = png_create_info_struct(filter.reader);
	if (filter.writer != NULL)
		filter.write_info = png_create_info_struct(filter.writer);
	if (filter.read_info == NULL || filter.write_info == NULL) {
		filter.error = FILTER_NO_PICTURE;
		snprintf(result->reason, sizeof result->reason, "there is no memory for it");
	} else {
		pass_or_fail(&filter, effect);
	}
	png_destroy_read_struct(&filter.reader, &filter.read_info, NULL);
	png_destroy_write_struct(&filter.writer, &filter.write_info);
	for (int i = 0; i < 3; i++)
		free(filter.rows[i]);
	free(filter.out);
	return filter.error;
}
