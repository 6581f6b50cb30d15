/* Locks on bytes of the segment's file. */

#define _GNU_SOURCE /* F_OFD_SETLK */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lock.h"

static struct flock one_byte(uint32_t byte, short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
}

int lock_take(int fd, uint32_t byte)
{
	struct flock lock = one_byte(byte, F_WRLCK);

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	return errno == EACCES ? -EAGAIN : -errno;
}

void lock_give_back(int fd, uint32_t byte)
{
	struct flock lock = one_byte(byte, F_UNLCK);

	(void)fcntl(fd, F_OFD_SETLK, &lock); /* one that stays goes with the description, which is closed soon */
}

bool lock_held(int fd, uint32_t byte)
{
	struct flock lock = one_byte(byte, F_WRLCK);

	return fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}
