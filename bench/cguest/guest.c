// Guest serves in C what bed.go's service serves in Go, for the host of the benchmarks.
// On the socket that ROAM_BENCH_CONTROL names it tells, for each byte that comes, how
// often it has asked for memory: control.go.

#define _GNU_SOURCE
#include <err.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../floor/apart.h"
#include "testbed_roam.h"

static _Atomic uint64_t mallocs;

static void *counted_allocate(void *unused, size_t size) {
  (void)unused;
  atomic_fetch_add_explicit(&mallocs, 1, memory_order_relaxed);
  return malloc(size);
}

static void *counted_resize(void *unused, void *memory, size_t size) {
  (void)unused;
  atomic_fetch_add_explicit(&mallocs, 1, memory_order_relaxed);
  return realloc(memory, size);
}

static void released(void *unused, void *memory) {
  (void)unused;
  free(memory);
}

static int add(struct roam_request *request, const struct testbed_add_arguments *arguments, uint64_t *result) {
  (void)request;
  *result = arguments->a + arguments->b;
  return 0;
}

static int small(struct roam_request *request, const struct testbed_small_arguments *arguments,
                 struct testbed_array32_u8 *result) {
  (void)request;
  *result = arguments->data;
  return 0;
}

static int lent(struct roam_request *request, const struct testbed_lent_arguments *arguments,
                struct roam_bytes *result) {
  (void)request;
  *result = arguments->data; // it lies in the request, which lives until it is answered
  return 0;
}

static int nest(struct roam_request *request, const struct testbed_nest_arguments *arguments, uint32_t *result) {
  if (arguments->depth == 0) {
    *result = 1;
    return 0;
  }
  const struct roam_call_options options = {.within = request};
  const struct testbed_nest_arguments below = {.depth = arguments->depth - 1};
  int error = testbed_nest_call(roam_request_guest(request), &options, &below, result, NULL);
  *result += 1;
  return error;
}

static int drain(struct roam_request *request, const struct testbed_drain_arguments *arguments, uint64_t *result) {
  (void)request;
  uint64_t total = 0;
  struct roam_bytes item;
  int error;
  while ((error = testbed_bytes_recv(arguments->data, &item)) == 0) total += item.len;
  *result = total;
  return error == ROAM_ERR_END ? 0 : error;
}

static int flood(struct roam_request *request, const struct testbed_flood_arguments *arguments) {
  uint8_t *chunk = roam_request_alloc(request, arguments->size);
  if (chunk == NULL) return ROAM_ERR_NO_MEMORY;
  memset(chunk, 0, arguments->size);
  uint64_t left = arguments->total;
  while (left > 0) {
    size_t len = left < arguments->size ? (size_t)left : arguments->size;
    int error = testbed_bytes_send(arguments->data, (struct roam_bytes){.data = chunk, .len = len});
    if (error != 0) return error;
    left -= len;
  }
  return 0;
}

// answer_control tells until the host hangs up.
static void *answer_control(void *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) err(1, "%s", (char *)path);
  for (char ask; read(fd, &ask, 1) == 1;)
    dprintf(fd, "{\"pid\":%ld,\"mallocs\":%" PRIu64 "}\n", (long)getpid(), atomic_load(&mallocs));
  close(fd);
  return NULL;
}

int main(int argc, char **argv) {
  keep_off(1);
  const struct testbed_handlers handlers = {
      .add = add, .small = small, .lent = lent, .nest = nest, .drain = drain, .flood = flood};
  const struct roam_service service = testbed_service(&handlers, NULL);
  struct roam_options options;
  roam_options_init(&options);
  options.services = &service;
  options.service_count = 1;
  options.allocator =
      (struct roam_allocator){.allocate = counted_allocate, .resize = counted_resize, .release = released};

  pthread_t control;
  char *path = getenv("ROAM_BENCH_CONTROL");
  if (path != NULL && pthread_create(&control, NULL, answer_control, path) != 0) errx(1, "no thread for the control");

  struct roam_guest *guest;
  struct roam_failure failure;
  if (roam_guest_attach(argc, argv, &options, &guest, &failure) != 0) errx(1, "%s", failure.text);
  int error = roam_guest_run(guest);
  roam_guest_failure(guest, &failure);
  roam_guest_free(guest);
  if (error != 0) errx(1, "%s", failure.text);
  return 0;
}
