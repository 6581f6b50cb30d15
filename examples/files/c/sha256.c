#include <string.h>

#include "sha256.h"

#define ROUNDS 64

/* Of the cube roots of the first 64 primes, the first 32 bits behind the point. */
static const uint32_t constants[ROUNDS] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned int right) { return x >> right | x << (32 - right); }

static uint32_t load(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void store(uint8_t *p, uint32_t x)
{
	p[0] = (uint8_t)(x >> 24);
	p[1] = (uint8_t)(x >> 16);
	p[2] = (uint8_t)(x >> 8);
	p[3] = (uint8_t)x;
}

/* The words that the rounds take in: those of the block, and 48 that are mixed of them. */
static void schedule(uint32_t words[ROUNDS], const uint8_t *block)
{
	for (int i = 0; i < 16; i++)
		words[i] = load(block + 4 * i);
	for (int i = 16; i < ROUNDS; i++) {
		uint32_t before = words[i - 15], last = words[i - 2];
		uint32_t s0 = rotate(before, 7) ^ rotate(before, 18) ^ before >> 3;
		uint32_t s1 = rotate(last, 17) ^ rotate(last, 19) ^ last >> 10;

		words[i] = words[i - 16] + s0 + words[i - 7] + s1;
	}
}

static void add_block(uint32_t state[8], const uint8_t *block)
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
	uint32_t words[ROUNDS];

	schedule(words, block);
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
		uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + constants[i] + words[i];
		uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
		uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));

		h = g, g = f, f = e, e = d + t1;
		d = c, c = b, b = a, a = t1 + t2;
	}
	state[0] += a, state[1] += b, state[2] += c, state[3] += d;
	state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

void sha256_begin(struct sha256 *hash)
{
	/* Of the square roots of the first 8 primes, the first 32 bits behind the point. */
	*hash = (struct sha256){ .state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };
}

void sha256_add(struct sha256 *hash, const void *data, size_t len)
{
	const uint8_t *at = data;
	size_t held = hash->len % SHA256_BLOCK;

	hash->len += len;
	if (held > 0) {
		size_t part = SHA256_BLOCK - held < len ? SHA256_BLOCK - held : len;

		memcpy(hash->block + held, at, part);
		at += part;
		len -= part;
		if (held + part < SHA256_BLOCK)
			return;
		add_block(hash->state, hash->block);
	}
	for (; len >= SHA256_BLOCK; at += SHA256_BLOCK, len -= SHA256_BLOCK)
		add_block(hash->state, at);
	if (len > 0)
		memcpy(hash->block, at, len);
}

void sha256_end(struct sha256 *hash, uint8_t result[SHA256_SIZE])
{
	/* A bit 1, zeros up to the last 8 bytes of a block, and in these how many bits there were. */
	static const uint8_t padding[SHA256_BLOCK] = { 0x80 };
	const uint64_t bits = hash->len * 8;
	uint8_t length[8];

	sha256_add(hash, padding, SHA256_BLOCK - (hash->len + sizeof(length)) % SHA256_BLOCK);
	store(length, (uint32_t)(bits >> 32));
	store(length + 4, (uint32_t)bits);
	sha256_add(hash, length, sizeof(length));
	for (int i = 0; i < 8; i++)
		store(result + 4 * i, hash->state[i]);
}
