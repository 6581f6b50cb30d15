/* Opening, mapping and unmapping a segment. */

#define _DEFAULT_SOURCE /* O_CLOEXEC, S_IFMT */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../shared.h"
#include "failure.h"
#include "header.h"
#include "segment.h"

int segment_open(const char *path, struct segment *segment, struct roam_failure *failure)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return failure_system(failure, errno == ENOENT ? ROAM_ERR_NO_HOST : ROAM_ERR_SYSTEM, errno,
				      "open the segment");
	return segment_map(fd, segment, failure);
}

/* Tests that the file can hold a segment, and gives its size. */
static int check_file(int fd, uint64_t *size, struct roam_failure *failure)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return failure_system(failure, ROAM_ERR_SYSTEM, errno, "look at the segment's file");
	if (!S_ISREG(info.st_mode))
		return failure_set(failure, ROAM_ERR_NOT_SEGMENT, "segment: the file is of type %#o, must be a regular file",
				   (unsigned)(info.st_mode & S_IFMT));
	if (info.st_size <= 0)
		return failure_set(failure, ROAM_ERR_NOT_SEGMENT, "segment: the file is empty, must have a segment in it");
	*size = (uint64_t)info.st_size;
	return 0;
}

static int map(struct segment *segment, struct roam_failure *failure)
{
	void *base;
	int error = check_file(segment->fd, &segment->size, failure);

	if (error != 0)
		return error;
	base = mmap(NULL, segment->size, PROT_READ | PROT_WRITE, MAP_SHARED, segment->fd, 0);
	if (base == MAP_FAILED)
		return failure_system(failure, ROAM_ERR_SYSTEM, errno, "map the segment of %" PRIu64 " bytes", segment->size);
	segment->base = base;
	return header_check(segment, failure);
}

int segment_map(int fd, struct segment *segment, struct roam_failure *failure)
{
	int error;

	*segment = (struct segment){ .fd = fd };
	error = map(segment, failure);
	if (error != 0)
		segment_close(segment);
	return error;
}

void segment_close(struct segment *segment)
{
	if (segment->base != NULL)
		(void)munmap(segment->base, segment->size);
	if (segment->fd >= 0)
		(void)close(segment->fd);
	segment->base = NULL;
	segment->fd = -1;
}

struct roam_header *segment_header(const struct segment *segment)
{
	return (struct roam_header *)(void *)segment->base;
}

struct roam_peer *segment_entry(const struct segment *segment, uint32_t peer_id)
{
	return (struct roam_peer *)(void *)(segment->base + segment->layout.peer_table_offset) + (peer_id - 1);
}

bool segment_host_leaving(const struct segment *segment)
{
	return load_ordered32(&segment_header(segment)->host_goodbye) != 0;
}
