// Path measures calls of a guest in C by a host in C: what libroam and generated code add
// to floor.c's exchange of 32 bytes.
//
//   path spin PAYLOAD 1 0|half FOR_NS
//
// The host is nothing but the host's end of a segment, which polls; the guest is a whole
// one, in a process of its own. The arguments are those of floor.c, of which path has
// one case.

#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"
#include "testbed_roam.h"

#include "roam/shm.h"

enum { PAYLOAD = 32, PREFIX = 2, EPOCH = 1, PEER = 1 };

static struct roam_end end;
static int bell;
static unsigned char mine[PAYLOAD];

static int small(struct roam_request *request, const struct testbed_small_arguments *arguments,
                 struct testbed_array32_u8 *result) {
  (void)request;
  *result = arguments->data;
  return 0;
}

// guest serves as the process that a host has spawned.
static void guest(char **ticket) {
  const struct testbed_handlers handlers = {.small = small};
  const struct roam_service service = testbed_service(&handlers, NULL);
  struct roam_options options;
  struct roam_guest *self;
  struct roam_failure failure;
  prctl(PR_SET_PDEATHSIG, SIGKILL); // it has no other end
  roam_options_init(&options);
  options.services = &service;
  options.service_count = 1;
  if (roam_guest_attach(5, ticket, &options, &self, &failure) != 0) {
    fprintf(stderr, "path: %s\n", failure.text);
    _exit(1);
  }
  roam_guest_run(self);
  _exit(0);
}

static void operation(uint64_t done) {
  static const unsigned char no_metadata[PREFIX] = {1, 0};
  const struct roam_slot any = {.index = ROAM_INLINE_SLOT};
  struct roam_message answer;
  unsigned char arena[PREFIX + 1 + PAYLOAD];
  if (roam_end_stage(&end, ROAM_MSG_REQUEST, (uint32_t)done + 1, TESTBED_SMALL_ID, no_metadata, PREFIX, mine, PAYLOAD,
                     any) != ROAM_OK)
    fail("stage");
  if (roam_end_commit(&end)) roam_bell_ring(bell);
  roam_end_look_ahead(&end);
  while (!roam_end_spin(&end, 64)) { // until the answer is there
  }
  if (roam_end_receive(&end, &answer, 1, arena, sizeof arena).count != 1 || answer.type != ROAM_MSG_RESPONSE ||
      answer.len != sizeof arena || arena[PREFIX] != 0) {
    fputs("path: that is not the answer\n", stderr);
    exit(1);
  }
  memcpy(mine, arena + PREFIX + 1, PAYLOAD);
}

// create makes the segment and the host's end of it, and returns the file.
static int create(struct roam_peer **entry) {
  const struct roam_config config = {.max_payload_size = 4092, .initial_credit = 1 << 16, .max_guests = 1,
                                     .ring_size = 256, .slot_size = 4096, .slots_per_guest = 64, .max_channels = 16};
  struct roam_layout layout;
  struct roam_place place;
  struct roam_pool pool;
  int fd = memfd_create("roam-bench", MFD_CLOEXEC);
  if (roam_layout_compute(&config, &layout) != NULL || fd < 0 || ftruncate(fd, (off_t)layout.total_size) != 0)
    fail("segment");
  unsigned char *base = mmap(NULL, layout.total_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (base == MAP_FAILED) fail("mmap");
  for (uint64_t id = 0; id <= PEER; id++) {
    roam_pool_init(&pool, base + layout.slot_region_offset + id * layout.pool_size, layout.pool_header_size,
                   config.slot_size, config.slots_per_guest);
    roam_pool_clear(&pool);
  }
  *entry = (struct roam_peer *)(void *)(base + layout.peer_table_offset);
  **entry = (struct roam_peer){
      .state = ROAM_STATE_RESERVED, .epoch = EPOCH, .ring_offset = layout.guest_areas_offset,
      .slot_pool_offset = layout.slot_region_offset + layout.pool_size,
      .channel_table_offset = layout.guest_areas_offset + layout.channel_table,
      .host_flags = ROAM_FLAG_KEEPS | ROAM_FLAG_TABLE};
  *(struct roam_header *)(void *)base = (struct roam_header){
      .magic = ROAM_SEGMENT_MAGIC, .version = ROAM_VERSION, .header_size = sizeof(struct roam_header),
      .total_size = layout.total_size, .max_payload_size = config.max_payload_size,
      .initial_credit = config.initial_credit, .max_guests = config.max_guests, .ring_size = config.ring_size,
      .peer_table_offset = layout.peer_table_offset, .slot_region_offset = layout.slot_region_offset,
      .slot_size = config.slot_size, .slots_per_guest = config.slots_per_guest, .max_channels = config.max_channels,
      .current_size = layout.total_size, .features = ROAM_FEATURE_WAITER_FLAGS};
  roam_place_at(&place, base, &config, &layout, PEER, true);
  place.peer_table = true;
  roam_end_init(&end, &place);
  return fd;
}

int main(int argc, char **argv) {
  struct roam_peer *entry;
  int bells[2];
  char text[4][64], *ticket[] = {argv[0], text[0], text[1], text[2], text[3], NULL};
  if (argc != 6 || strtoul(argv[2], NULL, 10) != PAYLOAD) {
    fprintf(stderr, "usage: path spin %d 1 0|half FOR_NS\n", PAYLOAD);
    return 2;
  }
  int fd = create(&entry);
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, bells) != 0) fail("socketpair");
  snprintf(text[0], sizeof text[0], "--hub-path=/proc/%ld/fd/%d", (long)getpid(), fd);
  snprintf(text[1], sizeof text[1], "--peer-id=%d", PEER);
  snprintf(text[2], sizeof text[2], "--doorbell-fd=%d", bells[1]);
  snprintf(text[3], sizeof text[3], "--epoch=%d", EPOCH);

  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    close(bells[0]);
    guest(ticket);
  }
  close(bells[1]);
  bell = bells[0];
  while (__atomic_load_n(&entry->state, __ATOMIC_SEQ_CST) != ROAM_STATE_ATTACHED)
    if (waitpid(child, NULL, WNOHANG) == child) return 1; // it has said why

  measure(child, argv[4], strtoull(argv[5], NULL, 10));
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  return 0;
}
