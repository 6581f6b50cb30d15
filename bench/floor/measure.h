// What the C programs of the benchmarks have in common: they repeat an operation, and
// print how long it took as one line of JSON: the operations, the seconds, the CPU time
// of both processes, and the durations as pairs of a step (histogram.go has the same
// steps) and its count.

#include "apart.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#define HALF "half" // for a gap: an open loop at half load (process.go says it)

enum { STEP_BITS = 7, STEPS = (64 - STEP_BITS + 1) << STEP_BITS };

// Durations by their step.
typedef uint64_t histogram[STEPS];

static histogram counts;

// operation is the program's; done is how many there have been.
static void operation(uint64_t done);

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static uint64_t clock_ns(clockid_t clock) {
  struct timespec t;
  if (clock_gettime(clock, &t) != 0) fail("clock_gettime");
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void count_duration(uint64_t ns) {
  int bits = ns == 0 ? 0 : 64 - __builtin_clzll(ns);
  int shift = bits > STEP_BITS + 1 ? bits - STEP_BITS - 1 : 0;
  counts[((uint64_t)shift << STEP_BITS) + (ns >> shift)]++;
}

// run repeats the operation until ns have passed and returns how many it has been in
// all.
static uint64_t run(uint64_t done, uint64_t gap, uint64_t ns) {
  const struct timespec nap = {.tv_sec = (time_t)(gap / 1000000000u), .tv_nsec = (long)(gap % 1000000000u)};
  uint64_t began = clock_ns(CLOCK_MONOTONIC), start = began;
  do {
    if (gap > 0) {
      nanosleep(&nap, NULL);
      start = clock_ns(CLOCK_MONOTONIC);
    }
    operation(done++);
    uint64_t end = clock_ns(CLOCK_MONOTONIC);
    count_duration(end - start);
    start = end;
  } while (start - began < ns);
  return done;
}

static void print(uint64_t ops, uint64_t ns, uint64_t cpu) {
  printf("{\"ops\":%" PRIu64 ",\"seconds\":%.9f,\"cpu_ns\":%" PRIu64 ",\"times\":[", ops, (double)ns / 1e9, cpu);
  const char *between = "";
  for (int i = 0; i < STEPS; i++) {
    if (counts[i] == 0) continue;
    printf("%s%d,%" PRIu64, between, i, counts[i]);
    between = ",";
  }
  puts("]}");
}

// keep_schedule has an operation due every interval, for twice ns, and returns how many there
// have been in all. What counts are the durations of the second half, from when they were due.
static uint64_t keep_schedule(uint64_t done, uint64_t interval, uint64_t ns) {
  uint64_t began = clock_ns(CLOCK_MONOTONIC);
  for (uint64_t due = 0; due < 2 * ns; due += interval) {
    while (clock_ns(CLOCK_MONOTONIC) - began < due) {
    }
    operation(done++);
    if (due >= ns) count_duration(clock_ns(CLOCK_MONOTONIC) - began - due);
  }
  return done;
}

// measure prints what operations take in ns, after a fifth of that as a warm-up. They are
// gap ns apart, of which 0 is one after the other. For HALF they are due half as often as
// they followed each other in ns before; what is counted then are all of them, but the
// durations are those of the second half. child is the other process.
static void measure(pid_t child, const char *gap_text, uint64_t ns) {
  const bool half = strcmp(gap_text, HALF) == 0;
  const uint64_t gap = half ? 0 : strtoull(gap_text, NULL, 10);
  clockid_t its_clock;
  if (clock_getcpuclockid(child, &its_clock) != 0) fail("clock_getcpuclockid");
  uint64_t warm = run(0, gap, ns / 5), interval = 0;
  if (half) {
    uint64_t saturated = run(warm, 0, ns);
    interval = 2 * ns / (saturated - warm);
    if (interval > ns) interval = ns;
    warm = saturated;
  }
  memset(counts, 0, sizeof counts);
  uint64_t began = clock_ns(CLOCK_MONOTONIC);
  uint64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID) + clock_ns(its_clock);
  uint64_t done = half ? keep_schedule(warm, interval, ns) : run(warm, gap, ns);
  cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID) + clock_ns(its_clock) - cpu;
  print(done - warm, clock_ns(CLOCK_MONOTONIC) - began, cpu);
}
