/*
 * shared.h: access to words that other processes change at the same time. Internal.
 *
 * Each name says what the access orders. The "ordered" ones are sequentially consistent: all of them, on all words,
 * have one order in which every process sees them. That is what wait and wake need (roam/shm.h, "Wait and wake"), and
 * it costs nothing over a fence: one locked instruction for a store on x86, plain loads; stlr and ldar on arm64. An
 * ordered store is also a release and an ordered load an acquire.
 */
#ifndef ROAM_SHARED_H
#define ROAM_SHARED_H

#include <stdbool.h>
#include <stdint.h>

/* Reads a word once, whole; orders nothing. */
static inline uint32_t load_once32(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline uint64_t load_once64(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* Writes a word whole; orders nothing. */
static inline void store_whole32(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static inline uint32_t load_acquire32(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void store_release32(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static inline uint32_t load_ordered32(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static inline uint64_t load_ordered64(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static inline void store_ordered32(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

static inline void add_ordered32(uint32_t *word, uint32_t value)
{
	(void)__atomic_fetch_add(word, value, __ATOMIC_SEQ_CST);
}

/*
 * Has the processor fetch a line to write to it, while the caller goes on: a line that the other process has read takes
 * as long to come back as one to read. It is a hint, and touches nothing.
 */
static inline void own_line(const void *at)
{
#if defined(__x86_64__)
	__asm__ volatile("prefetchw %0" : : "m"(*(const char *)at)); /* of the builtin the compiler makes a read */
#else
	__builtin_prefetch(at, 1);
#endif
}

/* The bits that were set before. */
static inline uint64_t or_ordered64(uint64_t *word, uint64_t bits)
{
	return __atomic_fetch_or(word, bits, __ATOMIC_SEQ_CST);
}

#endif
