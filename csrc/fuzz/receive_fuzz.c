/*
 * What a peer may do to one receiving end: write any descriptor, move its index anywhere, change the pool and take
 * slots back. Whatever it does, messages are delivered whole and in their order, within the arena, and every fault has
 * a rule.
 */

#include "input.h"
#include "roam/shm.h"
#include "test/fixture.h"

enum { BATCH = 8, ARENA = 600, UNTOUCHED = 0xa5 };

/* struct side: the receiving end, and where its peer writes. */
struct side {
	struct fixture segment;
	struct roam_end end;
	struct roam_peer *peer;
	struct roam_pool pool; /* the peer's */
	uint32_t *head;        /* that the peer writes */
	bool host;
	uint32_t received; /* index after the last message */
};

static struct side side_of(struct input *input)
{
	struct side side = { .host = (input_u8(input) & 1) != 0 };
	uint32_t start = input_u32(input);

	fixture_create(&side.segment, small_config());
	fixture_start_rings(&side.segment, 1, start);
	fixture_end(&side.segment, 1, side.host, &side.end);
	side.end.peer_table = (input_u8(input) & 1) != 0;
	side.peer = fixture_peer(&side.segment, 1);
	side.pool = side.end.peer_pool;
	side.head = side.host ? &side.peer->guest_to_host_head : &side.peer->host_to_guest_head;
	side.received = start;
	return side;
}

/* A descriptor of any bytes, at the head; more often than not with a slot that is out. */
static void write_desc(struct side *side, struct input *input, bool in_slot)
{
	struct roam_desc *desc = fixture_desc(&side->segment, 1, !side->host, *side->head);
	struct roam_slot slot = { .index = ROAM_INLINE_SLOT };
	size_t len;
	const uint8_t *bytes = input_bytes(input, sizeof(*desc), &len);

	memset(desc, 0, sizeof(*desc));
	memcpy(desc, bytes, len);
	if (!in_slot || !roam_pool_take(&side->pool, &slot))
		return;
	desc->payload_slot = slot.index;
	desc->payload_generation = slot.generation;
}

/* Any byte of the peer's pool: bitmap, generations, payloads. */
static void poke_pool(struct side *side, struct input *input)
{
	size_t at = input_u16(input) % side->segment.layout.pool_size;
	unsigned char *pool = side->segment.base + side->segment.layout.slot_region_offset +
			      (side->host ? side->segment.layout.pool_size : 0);

	pool[at] = input_u8(input);
}

static void check_message(const struct side *side, const struct roam_message *message, uint32_t *used, size_t arena)
{
	HOLDS(message->seq == side->received + 1);
	HOLDS(message->at == *used);
	HOLDS(message->len <= arena - *used);
	HOLDS(message->type >= ROAM_MSG_REQUEST && message->type <= ROAM_MSG_GOODBYE);
	if (message->type >= ROAM_MSG_DATA && message->type <= ROAM_MSG_RESET)
		HOLDS(message->id != 0 && (!side->end.peer_table || message->id < side->end.max_channels));
	*used += message->len;
}

/* Why it stopped; ahead is how far the head stood from the tail before. */
static void check_stop(const struct roam_received *got, const struct roam_message *messages, uint32_t max,
		       uint32_t ahead, size_t room)
{
	switch (got->status) {
	case ROAM_OK:
		HOLDS(got->count == max || got->count == ahead || ahead > 7);
		break;
	case ROAM_ARENA_FULL:
		HOLDS(got->count < max && messages[got->count].len > room);
		break;
	default:
		HOLDS(roam_rule((enum roam_status)got->status) != NULL);
	}
}

static void receive(struct side *side, struct input *input)
{
	struct roam_message messages[BATCH];
	unsigned char arena[ARENA];
	uint32_t max = input_u8(input) % (BATCH + 1), ahead = *side->head - side->received, used = 0;
	size_t size = input_u16(input) % (ARENA + 1);
	struct roam_received got;

	memset(arena, UNTOUCHED, sizeof(arena));
	got = roam_end_receive(&side->end, messages, max, arena, size);
	HOLDS(got.count <= max);
	for (uint32_t i = 0; i < got.count; i++) {
		check_message(side, &messages[i], &used, size);
		side->received++;
	}
	for (size_t i = size; i < sizeof(arena); i++)
		HOLDS(arena[i] == UNTOUCHED);
	HOLDS(roam_end_tail(&side->end) == side->received);
	check_stop(&got, messages, max, ahead, size - used);
}

static void step(struct side *side, struct input *input)
{
	switch (input_u8(input) % 8) {
	case 0:
		write_desc(side, input, false);
		++*side->head;
		break;
	case 1:
		write_desc(side, input, true);
		++*side->head;
		break;
	case 2: /* beyond the head, or over a message that is there */
		*side->head = *side->head + input_u8(input) - 128;
		break;
	case 3:
		*side->head = input_u32(input);
		break;
	case 4:
		poke_pool(side, input);
		break;
	case 5:
		(void)roam_end_settle(&side->end);
		break;
	default:
		receive(side, input);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, data + size };
	struct side side = side_of(&input);

	while (input_left(&input) > 0)
		step(&side, &input);
	fixture_destroy(&side.segment);
	return 0;
}
