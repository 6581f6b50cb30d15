/*
 * gate.h: a gate at which handlers wait, outside of the library.
 */
#ifndef ROAM_TEST_GATE_H
#define ROAM_TEST_GATE_H

/* Nobody waits, nobody may pass. */
void gate_reset(void);

/* Waits to be let through. */
void gate_pass(void);

/* Lets so many more pass. */
void gate_open(unsigned count);

/* Waits until so many wait. */
void gate_await(unsigned waiting);

/* The most that have waited at once. */
unsigned gate_most(void);

#endif
