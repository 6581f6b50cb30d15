//go:build linux && cgo && !purego

/* Sleeping on words of the segment, and waking those who do. */

#define _DEFAULT_SOURCE /* syscall */

#include <errno.h>
#include <limits.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "roam/shm.h"

/* The kernel headers may be older than the kernel; the number is the same on every architecture. */
#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

/* Operations of SYS_futex, as in linux/futex.h: musl is built against without the kernel's headers. */
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1

#define NANOSECONDS INT64_C(1000000000)

/* The futex calls take the timespec of a 64-bit kernel; a 32-bit one would read another. */
ROAM_STATIC_ASSERT(sizeof(long) == 8, "timeouts are those of a 64-bit system");

void roam_futex_wake(uint32_t *word)
{
	/* Not PRIVATE: the sleepers are other processes. It can only fail on a word that is not mapped. */
	(void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* What a sleep came back with, for its caller. */
static int outcome(long result)
{
	/* The word has changed already, or a signal came: the caller looks again. */
	if (result >= 0 || errno == EAGAIN || errno == EINTR)
		return 0;
	return -errno;
}

int roam_futex_wait(uint32_t *word, uint32_t seen, int64_t timeout)
{
	/* A span: FUTEX_WAIT counts from now. */
	struct timespec span = { .tv_sec = timeout / NANOSECONDS, .tv_nsec = timeout % NANOSECONDS };

	return outcome(syscall(SYS_futex, word, FUTEX_WAIT, seen, timeout > 0 ? &span : NULL, NULL, 0));
}

int roam_futex_waitv(const struct roam_futex *words, uint32_t count, int64_t timeout)
{
	struct timespec end; /* a point in time, unlike that of FUTEX_WAIT */
	int result;

	if (timeout > 0) {
		if (clock_gettime(CLOCK_MONOTONIC, &end) != 0)
			return -errno;
		end.tv_sec += timeout / NANOSECONDS;
		end.tv_nsec += timeout % NANOSECONDS;
		if (end.tv_nsec >= NANOSECONDS) {
			end.tv_sec++;
			end.tv_nsec -= NANOSECONDS;
		}
	}
	result = outcome(syscall(SYS_futex_waitv, words, count, 0, timeout > 0 ? &end : NULL, CLOCK_MONOTONIC));
	/* The call itself never reports EPERM: a seccomp filter that does not know it does. */
	return result == -EPERM ? -ENOSYS : result;
}
