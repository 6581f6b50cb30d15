/*
 * thread.h: threads of the library. Internal.
 */
#ifndef ROAM_GUEST_THREAD_H
#define ROAM_GUEST_THREAD_H

#include <pthread.h>

/* As pthread_create; the thread takes no signal, since handlers of those are for the program's own threads to run. */
int thread_start(pthread_t *thread, void *(*run)(void *argument), void *argument);

#endif
