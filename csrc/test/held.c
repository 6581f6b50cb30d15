#define _GNU_SOURCE /* gettid by syscall */

#include "held.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool may_take(struct counting *counting)
{
	uint32_t taken = __atomic_add_fetch(&counting->taken, 1, __ATOMIC_RELAXED);

	return counting->fails == 0 || taken < counting->fails;
}

static void *allocate(void *context, size_t size)
{
	struct counting *counting = context;
	void *memory = may_take(counting) ? malloc(size) : NULL;

	if (memory != NULL)
		__atomic_fetch_add(&counting->live, 1, __ATOMIC_RELAXED);
	return memory;
}

static void *resize(void *context, void *memory, size_t size)
{
	struct counting *counting = context;
	bool fresh = memory == NULL;
	void *moved = may_take(counting) ? realloc(memory, size) : NULL;

	if (fresh && moved != NULL)
		__atomic_fetch_add(&counting->live, 1, __ATOMIC_RELAXED);
	return moved;
}

static void release(void *context, void *memory)
{
	struct counting *counting = context;

	if (memory != NULL)
		__atomic_fetch_sub(&counting->live, 1, __ATOMIC_RELAXED);
	free(memory);
}

void counting_init(struct counting *counting)
{
	*counting = (struct counting){ .allocator = { allocate, resize, release, counting } };
}

static unsigned entries(const char *path)
{
	DIR *folder = opendir(path);
	unsigned count = 0;

	if (folder == NULL) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

static unsigned mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[1024];
	unsigned count = 0;

	if (maps == NULL) {
		perror("/proc/self/maps");
		exit(EXIT_FAILURE);
	}
	while (fgets(line, sizeof(line), maps) != NULL)
		count += strstr(line, "roam-test") != NULL;
	fclose(maps);
	return count;
}

static void *note_id(void *id)
{
	*(long *)id = syscall(SYS_gettid);
	return NULL;
}

/* A thread that was joined is listed for a moment yet. */
static void await_unlisted(long thread)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%ld", thread);
	while (access(path, F_OK) == 0)
		sched_yield();
}

struct held held_now(void)
{
	pthread_t thread;
	long id = 0;

	/* The thread sanitizer starts one of its own with the first. */
	if (pthread_create(&thread, NULL, note_id, &id) == 0) {
		pthread_join(thread, NULL);
		await_unlisted(id);
	}
	return (struct held){ entries("/proc/self/fd"), mappings(), entries("/proc/self/task") };
}

bool held_same(struct held before)
{
	struct held now = held_now();
	bool same;

	/* So are those that somebody else has joined. */
	for (uint32_t looks = 0; now.threads > before.threads && looks < 10000; looks++) {
		sched_yield();
		now = held_now();
	}
	same = now.descriptors == before.descriptors && now.mappings == before.mappings &&
	       now.threads <= before.threads;
	if (!same)
		fprintf(stderr, "  descriptors %u, were %u; mappings %u, were %u; threads %u, were %u\n", now.descriptors,
			before.descriptors, now.mappings, before.mappings, now.threads, before.threads);
	return same;
}
