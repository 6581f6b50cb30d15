/* UTF-8, as Unicode's table of well-formed byte sequences has it. */

#include "utf8.h"

#include <string.h>

static bool is_scalar(uint32_t value)
{
	return value < 0xd800 || (value > 0xdfff && value <= 0x10ffff);
}

size_t utf8_decode(const uint8_t *data, size_t len, uint32_t *scalar)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 }; /* of each length */
	size_t n;
	uint32_t value;

	if (len == 0)
		return 0;
	if (data[0] < 0x80) {
		*scalar = data[0];
		return 1;
	}
	n = data[0] >= 0xf0 ? 4 : data[0] >= 0xe0 ? 3 : 2;
	if (data[0] < 0xc0 || data[0] > 0xf7 || len < n)
		return 0;
	value = data[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((data[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (data[i] & 0x3fU);
	}
	if (value < least[n] || !is_scalar(value))
		return 0;
	*scalar = value;
	return n;
}

size_t utf8_encode(uint32_t scalar, uint8_t out[4])
{
	size_t n = scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4;

	if (!is_scalar(scalar))
		return 0;
	if (n == 1) {
		out[0] = (uint8_t)scalar;
		return 1;
	}
	for (size_t i = n - 1; i > 0; i--, scalar >>= 6)
		out[i] = (uint8_t)(0x80 | (scalar & 0x3f));
	out[0] = (uint8_t)(0xf00U >> n | scalar); /* as many ones in front as there are bytes */
	return n;
}

/* How many bytes at the start, in words, are ASCII. */
static size_t ascii_words(const uint8_t *data, size_t len)
{
	size_t at = 0;

	for (uint64_t word; len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, data + at, sizeof(word));
		if ((word & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	return at;
}

bool utf8_valid(const uint8_t *data, size_t len)
{
	size_t at = 0, n;
	uint32_t scalar;

	while (at < len) {
		at += ascii_words(data + at, len - at);
		/* Up to a word's bytes, or to the end: then words again. */
		for (size_t stop = len - at < 8 ? len : at + 8; at < stop; at += n) {
			n = utf8_decode(data + at, len - at, &scalar);
			if (n == 0)
				return false;
		}
	}
	return true;
}
