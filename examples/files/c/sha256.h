/*
 * sha256.h: SHA-256 of what comes in parts of any length (FIPS 180-4). It knows nothing of roam.
 */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BLOCK 64 /* bytes that are hashed at a time */
#define SHA256_SIZE 32  /* bytes of a hash */

struct sha256 {
	uint32_t state[8];
	uint64_t len;                /* bytes added so far */
	uint8_t block[SHA256_BLOCK]; /* the first len % SHA256_BLOCK are not hashed yet */
};

void sha256_begin(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *data, size_t len);

/* Gives the hash of all that was added, to which nothing can be added any more. */
void sha256_end(struct sha256 *hash, uint8_t result[SHA256_SIZE]);

#endif
