/* Those of this process that wait for the host, with their flag bits. */

#include "../shared.h"
#include "clock.h"
#include "waiters.h"

#define SLOT_BOUND (10 * CLOCK_MILLISECOND)    /* a pool may be refilled without a change of the word */
#define CROWDED_BOUND (10 * CLOCK_MILLISECOND) /* more words are armed than one sleep can watch */

int waiters_init(struct waiters *waiters, const struct roam_allocator *allocator)
{
	*waiters = (struct waiters){ .allocator = allocator };
	return pthread_mutex_init(&waiters->lock, NULL);
}

void waiters_destroy(struct waiters *waiters)
{
	waiters->allocator->release(waiters->allocator->context, waiters->words);
	(void)pthread_mutex_destroy(&waiters->lock);
}

static void lock(struct waiters *waiters)
{
	(void)pthread_mutex_lock(&waiters->lock); /* a plain mutex that its holder never takes again: it cannot fail */
}

static void unlock(struct waiters *waiters)
{
	(void)pthread_mutex_unlock(&waiters->lock);
}

/* The flag bits that the counts stand for. The lock is held. */
static uint32_t bits_of(const struct waiters *waiters)
{
	uint32_t first = waiters->by_bell ? ROAM_FLAG_BELL_MESSAGES : ROAM_FLAG_FUTEX_MESSAGES;
	uint32_t bits = waiters->leaving ? ROAM_FLAG_FUTEX_SPACE : 0;

	for (uint32_t kind = 0; kind <= ROAM_WAIT_CREDIT; kind++)
		if (waiters->counts[kind] != 0)
			bits |= first << kind;
	return bits;
}

/* Makes the flags what the counts say. The lock is held. */
static void declare(struct waiters *waiters)
{
	uint32_t bits = bits_of(waiters);
	uint32_t set = bits & ~waiters->bits;
	uint32_t clear = waiters->bits & ~bits;

	if (waiters->over)
		return;
	/* Set before any is cleared: whoever moves from one sort to the other is always to be woken somehow. */
	if (set != 0)
		roam_flags_set(waiters->flags, set);
	if (clear != 0)
		roam_flags_clear(waiters->flags, clear);
	waiters->bits = bits;
}

static struct watched *find(struct waiters *waiters, const uint32_t *word)
{
	for (uint32_t i = 0; i < waiters->word_count; i++)
		if (waiters->words[i].word == word)
			return &waiters->words[i];
	return NULL;
}

/* Room for one more word. */
static bool grow(struct waiters *waiters)
{
	const struct roam_allocator *allocator = waiters->allocator;
	uint32_t capacity = waiters->word_capacity == 0 ? 8 : waiters->word_capacity * 2;
	struct watched *words;

	if (waiters->word_count < waiters->word_capacity)
		return true;
	words = allocator->resize(allocator->context, waiters->words, capacity * sizeof(*words));
	if (words == NULL)
		return false;
	waiters->words = words;
	waiters->word_capacity = capacity;
	return true;
}

/* The lock is held, the flag bit is set. */
static void watch(struct waiters *waiters, uint32_t *word)
{
	struct watched *watched = find(waiters, word);

	if (watched != NULL)
		watched->count++; /* seen stays: another waiter may have looked last when it had that value */
	else if (grow(waiters))
		waiters->words[waiters->word_count++] = (struct watched){ word, 1, load_ordered32(word) };
	else
		waiters->unwatched++;
}

/* Takes back one waiter of a word, or of those that found no memory: which of them does not matter. */
static void unwatch(struct waiters *waiters, const uint32_t *word)
{
	struct watched *watched = find(waiters, word);

	if (watched == NULL)
		waiters->unwatched--;
	else if (--watched->count == 0)
		*watched = waiters->words[--waiters->word_count];
}

bool waiters_add(struct waiters *waiters, enum roam_wait kind, uint32_t *word)
{
	bool anew = false;

	lock(waiters);
	waiters->counts[kind]++;
	declare(waiters);
	if (word != NULL) {
		anew = waiters->sleeps && find(waiters, word) == NULL && (!waiters->by_bell || kind == ROAM_WAIT_SLOT);
		watch(waiters, word);
	}
	unlock(waiters);
	return anew;
}

void waiters_remove(struct waiters *waiters, enum roam_wait kind, const uint32_t *word)
{
	lock(waiters);
	waiters->counts[kind]--;
	declare(waiters);
	if (word != NULL)
		unwatch(waiters, word);
	unlock(waiters);
}

/* Shortens a sleep that does not end with everything that is waited for. The lock is held. */
static int64_t shorten(const struct waiters *waiters, int64_t bound)
{
	bool crowded = waiters->word_count > WAITERS_WORDS || waiters->unwatched != 0;

	if (waiters->counts[ROAM_WAIT_SLOT] != 0)
		bound = clock_sooner(bound, SLOT_BOUND);
	return crowded && !waiters->by_bell ? clock_sooner(bound, CROWDED_BOUND) : bound;
}

bool waiters_begin(struct waiters *waiters, bool by_bell, int64_t *bound)
{
	bool changed = false;

	lock(waiters);
	waiters->by_bell = by_bell;
	waiters->sleeps = true;
	waiters->counts[ROAM_WAIT_MESSAGES]++;
	declare(waiters);
	if (waiters->counts[ROAM_WAIT_SLOT] != 0 && !waiters->over) /* anew: the protocol asks for it */
		roam_flags_set(waiters->flags, waiters->bits);
	for (uint32_t i = 0; i < waiters->word_count; i++)
		changed = changed || load_ordered32(waiters->words[i].word) != waiters->words[i].seen;
	*bound = shorten(waiters, *bound);
	unlock(waiters);
	return changed;
}

uint32_t waiters_words(struct waiters *waiters, struct roam_futex *vector)
{
	uint32_t count;

	lock(waiters);
	count = waiters->word_count < WAITERS_WORDS ? waiters->word_count : WAITERS_WORDS;
	for (uint32_t i = 0; i < count; i++)
		vector[i] = (struct roam_futex){
			.seen = waiters->words[i].seen,
			.address = (uintptr_t)waiters->words[i].word,
			.flags = ROAM_FUTEX_SHARED,
		};
	unlock(waiters);
	return count;
}

void waiters_end(struct waiters *waiters)
{
	lock(waiters);
	waiters->sleeps = false;
	waiters->counts[ROAM_WAIT_MESSAGES]--;
	declare(waiters);
	for (uint32_t i = 0; i < waiters->word_count; i++)
		waiters->words[i].seen = load_ordered32(waiters->words[i].word);
	unlock(waiters);
}

void waiters_leave(struct waiters *waiters)
{
	lock(waiters);
	waiters->leaving = true;
	declare(waiters);
	unlock(waiters);
}

void waiters_over(struct waiters *waiters)
{
	lock(waiters);
	waiters->leaving = false;
	declare(waiters);
	waiters->over = true;
	unlock(waiters);
}
