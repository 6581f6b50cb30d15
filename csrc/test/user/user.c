/* A program of somebody who has libroam: it has no host, and is told so. Also built as C++. */
#include <roam/guest.h>
#include <roam/shm.h>

#include <stdio.h>
#include <string.h>

/* The answer to attaching where no host started this process. */
static int attach(void)
{
	struct roam_options options;
	struct roam_guest *guest = NULL;
	struct roam_failure failure;
	int error;

	roam_options_init(&options);
	error = roam_guest_attach(0, NULL, &options, &guest, &failure);
	if (error == 0 || guest != NULL || failure.error != error) {
		roam_guest_free(guest);
		return 0;
	}
	printf("%s\n", failure.text);
	return error;
}

/* What was written is read. */
static bool codec_works(void)
{
	struct roam_writer writer;
	struct roam_reader reader;
	bool same;

	roam_writer_init(&writer, &roam_default_allocator);
	roam_write_string(&writer, roam_string_of("libroam"));
	roam_reader_init(&reader, writer.data, writer.len);
	same = roam_string_equal(roam_read_string(&reader), roam_string_of("libroam"));
	same = same && writer.error == 0 && roam_reader_finish(&reader) == 0;
	roam_writer_free(&writer);
	return same;
}

int main(void)
{
	if (strcmp(roam_version(), ROAM_VERSION_TEXT) != 0) {
		fprintf(stderr, "version %s, built with %s\n", roam_version(), ROAM_VERSION_TEXT);
		return 1;
	}
	if (roam_rule(ROAM_BAD_RING) == NULL || !codec_works()) {
		fprintf(stderr, "the library does not work\n");
		return 1;
	}
	if (attach() != ROAM_ERR_NO_TICKET) {
		fprintf(stderr, "attached where there is no host\n");
		return 1;
	}
	return 0;
}
