/*
 * input.h: the bytes of one run as a fuzz target reads them, and what it holds to be true.
 */
#ifndef ROAM_FUZZ_INPUT_H
#define ROAM_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a run has to show; libFuzzer and the sanitizers report where it did not. */
#define HOLDS(condition)                                                        \
	do {                                                                    \
		if (!(condition)) {                                             \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                \
		}                                                               \
	} while (0)

/* struct input: read from the front; after its end everything is 0. */
struct input {
	const uint8_t *at, *end;
};

static inline size_t input_left(const struct input *input)
{
	return (size_t)(input->end - input->at);
}

static inline uint8_t input_u8(struct input *input)
{
	return input->at < input->end ? *input->at++ : 0;
}

static inline uint16_t input_u16(struct input *input)
{
	uint16_t low = input_u8(input);

	return (uint16_t)(low | input_u8(input) << 8);
}

static inline uint32_t input_u32(struct input *input)
{
	uint32_t low = input_u16(input);

	return low | (uint32_t)input_u16(input) << 16;
}

static inline uint64_t input_u64(struct input *input)
{
	uint64_t low = input_u32(input);

	return low | (uint64_t)input_u32(input) << 32;
}

/* Up to most bytes, as many as a byte says; they lie in the input. */
static inline const uint8_t *input_bytes(struct input *input, size_t most, size_t *len)
{
	size_t wanted = input_u8(input);
	const uint8_t *bytes = input->at;

	*len = wanted < most ? wanted : most;
	if (*len > input_left(input))
		*len = input_left(input);
	input->at += *len;
	return bytes;
}

#endif
