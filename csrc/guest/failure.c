/* Words for what went wrong. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"

int failure_set(struct roam_failure *failure, int error, const char *format, ...)
{
	va_list values;

	if (failure == NULL)
		return error;
	failure->error = error;
	failure->system_errno = 0;
	va_start(values, format);
	(void)vsnprintf(failure->text, sizeof(failure->text), format, values);
	va_end(values);
	return error;
}

int failure_system(struct roam_failure *failure, int error, int system_errno, const char *format, ...)
{
	va_list values;
	int length;

	if (failure == NULL)
		return error;
	failure->error = error;
	failure->system_errno = system_errno;
	va_start(values, format);
	length = vsnprintf(failure->text, sizeof(failure->text), format, values);
	va_end(values);
	if (length >= 0 && (size_t)length < sizeof(failure->text)) {
		errno = system_errno; /* which %m words, for any thread: strerror is not for all of them */
		(void)snprintf(failure->text + length, sizeof(failure->text) - (size_t)length, ": %m");
	}
	return error;
}

int failure_at(struct roam_failure *failure, int error, const char *tried, const char *path)
{
	char where[128];
	size_t length;

	if (failure == NULL || error == 0 || path == NULL || path[0] == '\0')
		return error;
	(void)snprintf(where, sizeof(where), "%s %.100s: ", tried, path);
	length = strlen(where);
	memmove(failure->text + length, failure->text, sizeof(failure->text) - length);
	memcpy(failure->text, where, length);
	failure->text[sizeof(failure->text) - 1] = '\0';
	return error;
}

int failure_no_memory(struct roam_failure *failure, size_t bytes, const char *what)
{
	return failure_set(failure, ROAM_ERR_NO_MEMORY, "no memory: %zu bytes for %s", bytes, what);
}
