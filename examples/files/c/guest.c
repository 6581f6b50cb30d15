/*
 * The demo's guest in C: it serves Files as the one in Go does, gzip by zlib. files_roam.h is generated from the
 * service.
 *
 * The library runs each call's handler in a thread that waits in it for the stream, so both read like a program that
 * reads a file. What they keep of a stream does not grow with it.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ZLIB_CONST /* zlib only reads what it compresses */
#include <zlib.h>

#include "files_roam.h"
#include "sha256.h"

/* ---- Digest ----------------------------------------------------------------------------------------------------- */

static uint64_t count_lines(struct roam_bytes data)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < data.len; i++)
		lines += data.data[i] == '\n';
	return lines;
}

static int digest(struct roam_request *request, const struct files_digest_arguments *arguments,
		  struct files_digest *result)
{
	struct sha256 hash;
	struct roam_bytes item;
	int error;

	(void)request;
	sha256_begin(&hash);
	while ((error = files_bytes_recv(arguments->content, &item)) == 0) {
		sha256_add(&hash, item.data, item.len);
		result->lines += count_lines(item);
		result->bytes += item.len;
	}
	sha256_end(&hash, result->sha256.items);
	return error == ROAM_ERR_END ? 0 : error;
}

/* ---- Compress --------------------------------------------------------------------------------------------------- */

#define ITEM_SIZE (60 << 10)         /* bytes in an item: with its length it fits a slot of the default size */
#define GZIP_WINDOW (MAX_WBITS + 16) /* zlib's word for gzip around what it compresses */
#define ZIP_MEMORY 8                 /* zlib's default */

/* struct packer: a compressor, and the item that it fills. */
struct packer {
	z_stream zip;
	struct roam_tx *packed;
	uint8_t item[ITEM_SIZE];
};

static void empty_item(struct packer *packer)
{
	packer->zip.next_out = packer->item;
	packer->zip.avail_out = sizeof(packer->item);
}

/* Sends what the compressor wrote. */
static int send_item(struct packer *packer)
{
	const struct roam_bytes item = { .data = packer->item, .len = sizeof(packer->item) - packer->zip.avail_out };

	empty_item(packer);
	return item.len == 0 ? 0 : files_bytes_send(packer->packed, item);
}

/* Has the compressor take in data, the last or more to follow, and sends each item that it fills. */
static int pack(struct packer *packer, struct roam_bytes data, int flush)
{
	int error = 0;

	packer->zip.next_in = data.data;
	packer->zip.avail_in = (uInt)data.len; /* at most the credit of a channel, a uint32_t */
	while (error == 0) {
		(void)deflate(&packer->zip, flush); /* fails only when nothing is left to do */
		if (packer->zip.avail_out > 0)
			break; /* it has room, so it has done all */
		error = send_item(packer);
	}
	return error;
}

/* Compresses what comes on content until it ends. */
static int pack_all(struct packer *packer, struct roam_rx *content)
{
	const struct roam_bytes nothing = { .data = NULL, .len = 0 };
	struct roam_bytes item;
	int error;

	while ((error = files_bytes_recv(content, &item)) == 0) {
		error = pack(packer, item, Z_NO_FLUSH);
		if (error != 0)
			return error;
	}
	if (error == ROAM_ERR_END)
		error = pack(packer, nothing, Z_FINISH);
	return error != 0 ? error : send_item(packer);
}

static int compress_file(struct roam_request *request, const struct files_compress_arguments *arguments)
{
	struct packer *packer = roam_request_alloc(request, sizeof(*packer)); /* lives until the answer is sent */
	int error;

	if (packer == NULL)
		return ROAM_ERR_NO_MEMORY;
	memset(&packer->zip, 0, sizeof(packer->zip)); /* zlib takes memory by malloc */
	packer->packed = arguments->packed;
	empty_item(packer);
	/* The fastest level, so that the connection is not hidden behind the compressor. */
	if (deflateInit2(&packer->zip, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, ZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		return roam_request_fail(request, "zlib does not start: out of memory");
	error = pack_all(packer, arguments->content);
	(void)deflateEnd(&packer->zip); /* fails when the stream was cut off */
	return error;
}

/* ---- The process ------------------------------------------------------------------------------------------------ */

/* That the host is gone is news to nobody: it may end at any time, also while its guests start. */
static int report(const struct roam_failure *failure)
{
	switch (failure->error) {
	case ROAM_ERR_HOST_DIED:
	case ROAM_ERR_HOST_LEAVING:
	case ROAM_ERR_NO_HOST:
		break;
	default:
		fprintf(stderr, "demo: guest %ld: %s\n", (long)getpid(), failure->text);
	}
	return 1;
}

int main(int argc, char **argv)
{
	const struct files_handlers handlers = { .digest = digest, .compress = compress_file };
	const struct roam_service service = files_service(&handlers, NULL);
	struct roam_options options;
	struct roam_guest *guest;
	struct roam_failure failure;
	int status = 0;

	roam_options_init(&options);
	options.services = &service;
	options.service_count = 1;
	if (roam_guest_attach(argc, argv, &options, &guest, &failure) != 0)
		return report(&failure);
	if (roam_guest_run(guest) != 0) { /* until the host leaves */
		roam_guest_failure(guest, &failure);
		status = report(&failure);
	}
	roam_guest_free(guest);
	return status;
}
