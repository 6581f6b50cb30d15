/* A guest that changes pictures: libpng runs here, where a fault of it cannot harm the host. */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "image_roam.h"

/* struct pictures: where a picture comes from and goes to, the two channels of a call. */
struct pictures {
	struct roam_rx *in;
	struct roam_tx *out;
	struct roam_bytes item; /* what is left of the one received last */
};

static int read_picture(void *context, void *data, size_t size, size_t *got)
{
	struct pictures *pictures = context;

	while (pictures->item.len == 0) {
		int error = image_bytes_recv(pictures->in, &pictures->item);

		if (error != 0) {
			*got = 0;
			return error == ROAM_ERR_END ? 0 : error;
		}
	}
	*got = size < pictures->item.len ? size : pictures->item.len;
	memcpy(data, pictures->item.data, *got);
	pictures->item.data += *got;
	pictures->item.len -= *got;
	return 0;
}

static int write_picture(void *context, const void *data, size_t size)
{
	struct pictures *pictures = context;

	return image_bytes_send(pictures->out, (struct roam_bytes){ .data = data, .len = size });
}

static int apply(struct roam_request *request, const struct image_filter_apply_arguments *arguments,
		 struct image_size *result, struct image_picture_error *failure)
{
	static const enum filter_effect effects[] = {
		[IMAGE_EFFECT_BLUR] = FILTER_BLUR,
		[IMAGE_EFFECT_SKETCH] = FILTER_SKETCH,
		[IMAGE_EFFECT_EMBOSS] = FILTER_EMBOSS,
	};
	struct pictures pictures = { .in = arguments->in, .out = arguments->out };
	const struct filter_stream stream = { .read = read_picture, .write = write_picture, .context = &pictures };
	struct filter_result *filtered = roam_request_alloc(request, sizeof(*filtered));
	int error;

	if (filtered == NULL)
		return ROAM_ERR_NO_MEMORY;
	error = filter_picture(effects[arguments->effect], &stream, filtered);
	if (error == FILTER_NO_PICTURE) {
		failure->reason = roam_string_of(filtered->reason);
		return ROAM_ERR_USER;
	}
	result->width = filtered->width;
	result->height = filtered->height;
	return error;
}

int main(int argc, char **argv)
{
	const struct image_filter_handlers handlers = { .apply = apply };
	const struct roam_service service = image_filter_service(&handlers, NULL);
	struct roam_options options;
	struct roam_guest *guest;
	struct roam_failure failure;
	int error;

	roam_options_init(&options);
	options.services = &service;
	options.service_count = 1;
	if (roam_guest_attach(argc, argv, &options, &guest, &failure) != 0)
		errx(1, "%s", failure.text);
	error = roam_guest_run(guest);
	if (error != 0) {
		roam_guest_failure(guest, &failure);
		warnx("%s", failure.text);
	}
	roam_guest_free(guest);
	return error != 0;
}
