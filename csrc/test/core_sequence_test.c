/* Random sequences of two cores against each other; and that they find what is broken on purpose. */

#include "check.h"
#include "core_world.h"
#include "peer_check.h"

enum { SEQUENCES = 1500 };

static void two_cores_agree(void)
{
	for (uint64_t seed = 1; seed <= SEQUENCES; seed++) {
		for (enum peer_kind kind = 0; kind < PEER_KINDS; kind++) {
			const char *fault = world_play(seed, kind, BROKEN_NOTHING, false);

			if (!CHECK(fault == NULL)) {
				fprintf(stderr, "seed %" PRIu64 " with%s a table: %s\n", seed,
					kind == PEER_TABLE ? "" : "out", fault);
				return;
			}
		}
	}
	NO_FAULTS();
}

/* Whether a sequence reports the fault in these words, or another when shows is NULL. */
static bool finds(enum breakage broken, const char *shows)
{
	for (uint64_t seed = 1; seed <= SEQUENCES; seed++) {
		const char *fault = world_play(seed, PEER_TABLE, broken, false);

		if (fault != NULL && strstr(fault, shows) != NULL)
			return true;
	}
	return false;
}

static void sequences_find_what_is_broken_on_purpose(void)
{
	static const struct {
		enum breakage broken;
		const char *shows;
	} rows[] = {
		{ BROKEN_PROCESSES_EARLY, " reaches " },
		{ BROKEN_REUSES_AT_FREE, " reaches " },
		{ BROKEN_REUSES_AT_ONCE, "the table was touched" },
		{ BROKEN_NEVER_FREES, "is not Free" },
		{ BROKEN_NEVER_GRANTS, "does not come to rest" },
		{ BROKEN_IGNORES_CREDIT, "bytes under way" },
		{ BROKEN_OVERTAKES, "overtakes the Close" },
		{ BROKEN_SWAPS, "items" },
		{ BROKEN_FORGETS_CANCELLED, "in flight" },
	};

	(void)fflush(stderr);
	peer_quiet = true; /* the faults are expected */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!CHECK(finds(rows[i].broken, rows[i].shows)))
			fprintf(stderr, "no sequence shows \"%s\"\n", rows[i].shows);
	peer_quiet = false;
	peer_faults = 0;
}

int main(int argc, char **argv)
{
	if (argc == 3) { /* core_sequence SEED KIND: with a trace */
		uint64_t seed = strtoull(argv[1], NULL, 10);
		const char *fault = world_play(seed, (enum peer_kind)atoi(argv[2]), BROKEN_NOTHING, true);

		fprintf(stderr, "%s\n", fault != NULL ? fault : "all is well");
		return 0;
	}
	RUN(two_cores_agree);
	RUN(sequences_find_what_is_broken_on_purpose);
	return finished();
}
