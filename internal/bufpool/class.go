package bufpool

import "math/bits"

// Sizes are those with at most stepBits+1 leading bits that are not zero: four between
// one power of two and the next, so that less than a quarter of a buffer is wasted.
const stepBits = 2

// leastBits is the length of the least size in bits: 1024 bytes.
const leastBits = 11

const leastSize = 1 << (leastBits - 1)

// classes is how many sizes there are, up to the largest slice.
const classes = (bits.UintSize - leastBits) << stepBits

// classOf is the class of the least size that holds n bytes, and that size.
func classOf(n int) (class, size int) {
	if n <= leastSize {
		return 0, leastSize
	}
	shift := bits.Len(uint(n-1)) - stepBits - 1
	steps := (n-1)>>shift + 1 // 5 to 8, in units of 1<<shift
	class = (shift+stepBits+1-leastBits)<<stepBits + steps - 1<<stepBits
	return class, steps << shift
}
