/* utf8.h: what text is. Internal. */
#ifndef ROAM_UTF8_H
#define ROAM_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether len bytes are UTF-8: no surrogates, nothing longer than it has to be. data may be NULL when len is 0. */
bool utf8_valid(const uint8_t *data, size_t len);

/* Reads the character that stands first: its length in bytes, 0 when there is none. */
size_t utf8_decode(const uint8_t *data, size_t len, uint32_t *scalar);

/* Writes a character: its length, 1 to 4 bytes; 0 for a number that is no Unicode scalar value. */
size_t utf8_encode(uint32_t scalar, uint8_t out[4]);

#endif
