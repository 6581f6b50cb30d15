/* Futex words of this process alone. */

#define _DEFAULT_SOURCE /* syscall */

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "word.h"

void word_wake(uint32_t *word)
{
	(void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

void word_wait(uint32_t *word, uint32_t seen, int64_t timeout)
{
	struct timespec span = clock_span(timeout);

	(void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, &span, NULL, 0);
}
