/* A gate that many threads wait at. */

#include "gate.h"

#include <pthread.h>

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned waiting, most; /* handlers, at once */
	unsigned open;          /* how many more may pass */
} gate = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

void gate_reset(void)
{
	gate.waiting = gate.most = gate.open = 0;
}

void gate_pass(void)
{
	pthread_mutex_lock(&gate.lock);
	gate.waiting++;
	if (gate.waiting > gate.most)
		gate.most = gate.waiting;
	pthread_cond_broadcast(&gate.changed);
	while (gate.open == 0)
		pthread_cond_wait(&gate.changed, &gate.lock);
	gate.open--;
	gate.waiting--;
	pthread_mutex_unlock(&gate.lock);
}

void gate_open(unsigned count)
{
	pthread_mutex_lock(&gate.lock);
	gate.open += count;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

void gate_await(unsigned waiting)
{
	pthread_mutex_lock(&gate.lock);
	while (gate.waiting < waiting)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

unsigned gate_most(void)
{
	unsigned most;

	pthread_mutex_lock(&gate.lock);
	most = gate.most;
	pthread_mutex_unlock(&gate.lock);
	return most;
}
