// Floor measures what two C processes can do over shared memory: the least that any
// transport of calls or streams takes on this machine, now.
//
//   floor spin|futex PAYLOAD ITEMS GAP_NS|half FOR_NS
//
// ITEMS 1: a message of PAYLOAD bytes goes to the other process, which copies it out
// and one back in; GAP_NS apart, or 0 for one after the other, or in an open loop at half
// of the rate of one after the other. More ITEMS: a stream of so many, each copied in and out
// again. Who waits spins, or sleeps on a futex. After a fifth of the time as a warm-up it
// prints one line of JSON: the operations, the seconds, the CPU time of both processes,
// and the durations as pairs of a step (histogram.go has the same steps) and its count.

#define _GNU_SOURCE
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

static void pause_cpu(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

enum { SPINS_BEFORE_YIELD = 200 };

// A word that one side counts up and the other waits for, alone on its cache line but
// for the first bytes of what it announces: 32 B of payload cost no second line.
struct lane {
  _Alignas(64) _Atomic uint32_t count;
  uint32_t pad[3];
  unsigned char data[];
};

static int sleeps;         // wait on a futex rather than spin
static size_t payload;     // bytes of a message or item
static uint32_t items;     // of a stream; 1 is a call
static struct lane *there; // messages to the guest
static struct lane *back;  // messages to the host; of a stream, the count alone
static unsigned char *mine;

static void futex(_Atomic uint32_t *word, int op, uint32_t value) {
  syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

// announce makes what was written before it visible to who waits for count.
static void announce(struct lane *l, uint32_t count) {
  atomic_store_explicit(&l->count, count, memory_order_release);
  if (sleeps) futex(&l->count, FUTEX_WAKE, 1);
}

// await returns when the lane's count has come to count; counts wrap.
static void await(struct lane *l, uint32_t count) {
  for (uint32_t spins = 0;; spins++) {
    uint32_t now = atomic_load_explicit(&l->count, memory_order_acquire);
    if ((int32_t)(now - count) >= 0) return;
    if (sleeps) {
      futex(&l->count, FUTEX_WAIT, now);
    } else if (spins % SPINS_BEFORE_YIELD == SPINS_BEFORE_YIELD - 1) {
      sched_yield(); // the other side may wait for this CPU
    } else {
      pause_cpu();
    }
  }
}

static void call(uint32_t n) {
  memcpy(there->data, mine, payload);
  announce(there, n);
  await(back, n);
  memcpy(mine, back->data, payload);
}

static void answer(uint32_t n) {
  await(there, n);
  memcpy(mine, there->data, payload);
  memcpy(back->data, mine, payload);
  announce(back, n);
}

// send_items streams items; n counts all items so far. Each lies in the other process
// before the next is begun: the time of two copies, which a transport that lets them
// overlap may even better.
static void send_items(uint32_t n) {
  for (uint32_t i = 1; i <= items; i++) {
    memcpy(there->data, mine, payload);
    announce(there, n + i);
    await(back, n + i);
  }
}

static void take_item(uint32_t n) {
  await(there, n);
  memcpy(mine, there->data, payload);
  announce(back, n);
}

static void guest(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL); // it has no other end
  for (uint32_t n = 1;; n++) items > 1 ? take_item(n) : answer(n);
}

static void operation(uint64_t done) {
  if (items > 1) {
    send_items((uint32_t)(done * items));
  } else {
    call((uint32_t)(done + 1));
  }
}

static void *shared(size_t size) {
  void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (p == MAP_FAILED) fail("mmap");
  return p;
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fputs("usage: floor spin|futex PAYLOAD ITEMS GAP_NS|half FOR_NS\n", stderr);
    return 2;
  }
  sleeps = strcmp(argv[1], "futex") == 0;
  payload = strtoull(argv[2], NULL, 10);
  items = (uint32_t)strtoul(argv[3], NULL, 10);

  there = shared(sizeof *there + payload);
  back = shared(sizeof *back + payload);
  if (!(mine = calloc(1, payload))) fail("calloc");

  pid_t child = fork();
  if (child < 0) fail("fork");
  keep_off(child == 0 ? 1 : 0);
  if (child == 0) guest();
  measure(child, argv[4], strtoull(argv[5], NULL, 10));

  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  return 0;
}
