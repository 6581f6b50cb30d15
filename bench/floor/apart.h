// What the C programs of the benchmarks do to be measured on a CPU of their own. Include it
// after _GNU_SOURCE is defined.

#include <sched.h>
#include <stdlib.h>

// keep_off has the calling thread, and those that it will make, stay on the n-th CPU that it
// may use, where this process is told to keep apart from its peer.
static inline void keep_off(int n) {
  cpu_set_t all, one;

  if (getenv("ROAM_BENCH_APART") == NULL || sched_getaffinity(0, sizeof all, &all) != 0) return;
  for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (CPU_ISSET(cpu, &all) && n-- == 0) {
      CPU_ZERO(&one);
      CPU_SET(cpu, &one);
      (void)sched_setaffinity(0, sizeof one, &one);
    }
  }
}
