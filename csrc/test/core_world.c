/* A world: its generator, its two sides, one sequence from beginning to end. */

#include "core_world.h"

#include <stdarg.h>

#include "core_world_state.h"

int world_pick(struct world *world, int n)
{
	uint64_t x = world->random;

	world->left--;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	world->random = x;
	return (int)((x >> 16) % (uint64_t)n);
}

void world_fault(struct world *world, const char *format, ...)
{
	va_list values;

	if (world->fault[0] != 0)
		return;
	va_start(values, format);
	(void)vsnprintf(world->fault, sizeof(world->fault), format, values);
	va_end(values);
}

void world_note(struct side *side, const char *format, ...)
{
	va_list values;

	if (!side->world->traced)
		return;
	fprintf(stderr, "%d ", side->number);
	va_start(values, format);
	(void)vfprintf(stderr, format, values);
	va_end(values);
	fputc('\n', stderr);
}

/* ---- What is broken on purpose ---------------------------------------------------------------------------------- */

static void free_nothing(void *context, uint32_t id)
{
	(void)context;
	(void)id;
}

static void grant_nothing(void *context, uint32_t id, uint32_t bytes)
{
	(void)context;
	(void)id;
	(void)bytes;
}

static int32_t endless(void *context, uint32_t id, uint32_t sent_total)
{
	(void)context;
	(void)id;
	(void)sent_total;
	return INT32_MAX;
}

static bool always_free(void *context, uint32_t id)
{
	(void)context;
	(void)id;
	return true;
}

/* A head that has been processed whatever lies in the ring. */
static uint32_t processed_head(void *context)
{
	const struct table_side *side = context;
	const struct side *of = (const struct side *)(const void *)((const char *)side - offsetof(struct side, table));

	return of->core.ids.processed;
}

static void break_table(struct core_table *table, enum breakage broken)
{
	switch (broken) {
	case BROKEN_REUSES_AT_FREE:
		table->head = processed_head;
		break;
	case BROKEN_REUSES_AT_ONCE:
		table->is_free = always_free;
		table->head = processed_head;
		break;
	case BROKEN_NEVER_FREES:
		table->free = free_nothing;
		break;
	case BROKEN_NEVER_GRANTS:
		table->grant = grant_nothing;
		break;
	case BROKEN_IGNORES_CREDIT:
		table->remaining = endless;
		break;
	default:
		break;
	}
}

/* ---- Making ----------------------------------------------------------------------------------------------------- */

static void start(struct world *world, int number, int room)
{
	struct side *side = &world->sides[number];
	struct core_config config = {
		.limits = { 500, world->window, WORLD_IDS }, .allocator = &roam_default_allocator,
		.parity = (uint32_t)number, .buffered = world->window,
	};

	side->world = world;
	side->number = number;
	side->room = room;
	side->head = 0 - (uint32_t)world_pick(world, 40); /* positions wrap soon */
	side->table = (struct table_side){ &world->table, (uint32_t)number, &side->head };
	if (world->kind == PEER_TABLE) {
		config.table = table_of(&side->table);
		break_table(&config.table, world->broken);
	}
	if (core_init(&side->core, &config) != 0)
		world_fault(world, "no core");
}

static void destroy(struct world *world)
{
	for (int i = 0; i < 2; i++) {
		struct side *side = &world->sides[i];

		for (int k = 0; k < side->in_count; k++)
			free(side->in[k]);
		for (int k = 0; k < side->batch_count; k++)
			free(side->batch[k]);
		free(side->arriving);
	}
	for (int i = 0; i < world->exchange_count; i++) {
		struct exchange *x = world->exchanges[i];

		for (int k = 0; k < x->count; k++) {
			core_channel_free(&world->sides[0].core, &x->uses[k].ends[0].channel);
			core_channel_free(&world->sides[1].core, &x->uses[k].ends[1].channel);
			free(x->uses[k].sizes);
		}
		free(x);
	}
	core_destroy(&world->sides[0].core);
	core_destroy(&world->sides[1].core);
}

/* ---- A sequence ------------------------------------------------------------------------------------------------- */

static bool at_rest(const struct world *world)
{
	return !side_busy(&world->sides[0]) && !side_busy(&world->sides[1]);
}

/* Takes every id of a side at once, and gives them back. */
static void check_ids(struct side *side)
{
	struct core_channel channels[WORLD_IDS];
	struct core_call call;
	uint32_t first = side->number == 1 ? 1 : 2;

	core_call_init(&call);
	for (uint32_t n = 0; first + 2 * n < WORLD_IDS; n++) {
		core_channel_init(&channels[n], true, 0);
		channels[n].sibling = call.channels;
		call.channels = &channels[n];
	}
	if (core_start(&side->core, &call) != 0)
		world_fault(side->world, "at rest side %d cannot take its ids", side->number);
	else
		core_withdraw(&side->core, &call, ROAM_ERR_CLOSED);
	side_settle(side);
}

static void come_to_rest(struct world *world)
{
	for (int round = 0; !at_rest(world) && world->fault[0] == 0; round++) {
		if (round > 3000)
			world_fault(world, "does not come to rest");
		for (int i = 0; i < 2; i++) {
			side_finish(&world->sides[i]);
			side_check(&world->sides[i]);
		}
	}
	for (int i = 0; i < 2 && world->fault[0] == 0; i++) {
		if (core_busy(&world->sides[i].core))
			world_fault(world, "at rest side %d is busy", i);
	}
	for (uint32_t id = 0; id < TEST_ENTRIES && world->fault[0] == 0; id++)
		if (world->table.entry[id].active)
			world_fault(world, "at rest entry %u is not Free", id);
	for (int i = 0; i < 2 && world->fault[0] == 0; i++)
		if (world->kind == PEER_TABLE)
			check_ids(&world->sides[i]);
}

/* Ends the connection on both sides at an arbitrary moment. */
static void fail(struct world *world)
{
	struct roam_failure failure = { .error = ROAM_ERR_CLOSED };
	struct roam_message goodbye = { .type = ROAM_MSG_GOODBYE, .len = 6 };
	struct side *first = &world->sides[world_pick(world, 2)];
	struct core_arrival arrival;

	side_fails(first, &failure);
	if (core_receive(&other_of(first)->core, &goodbye, (const uint8_t *)"enough", NULL, &arrival) !=
	    ROAM_ERR_EVICTED)
		world_fault(world, "a Goodbye ends nothing");
	failure = other_of(first)->core.fault;
	side_fails(other_of(first), &failure);
}

static void run(struct world *world)
{
	bool fails = world_pick(world, 8) == 0;

	while (world->left > 0 && world->fault[0] == 0) {
		struct side *side = &world->sides[world_pick(world, 2)];

		side_step(side);
		side_check(side);
		if (fails && world_pick(world, 200) == 0) {
			fail(world);
			return;
		}
	}
	come_to_rest(world);
}

const char *world_play(uint64_t seed, enum peer_kind kind, enum breakage broken, bool traced)
{
	static const uint32_t windows[] = { 1, 16, 60, 200 };
	static const int endings[] = { 1, 4, 12, 40 };
	static char fault[300];
	struct world *world = calloc(1, sizeof(*world));
	unsigned faults = peer_faults;
	int room;

	world->random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
	world->left = INT32_MAX;
	world->kind = kind;
	world->broken = broken;
	world->traced = traced;
	for (int i = 0; i < 8; i++)
		(void)world_pick(world, 2);
	world->window = windows[world_pick(world, 4)];
	world->ending = endings[world_pick(world, 4)];
	room = 1 + world_pick(world, WORLD_ROOM);
	start(world, 0, room);
	start(world, 1, room);
	world->left = 100 + world_pick(world, 5000);
	run(world);
	if (peer_faults > faults) /* the table's */
		world_fault(world, "the table was touched against its rules");
	(void)snprintf(fault, sizeof(fault), "%s", world->fault);
	destroy(world);
	free(world);
	return fault[0] != 0 ? fault : NULL;
}
