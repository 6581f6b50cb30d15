package wire

// U128 reads a varint of at most 19 bytes.
func (d *Decoder) U128() Uint128 {
	hi, lo := d.uvarint128("u128")
	return Uint128{hi, lo}
}

// I128 reads a zigzag varint of at most 19 bytes.
func (d *Decoder) I128() Int128 {
	hi, lo := d.uvarint128("i128")
	sign := -(lo & 1)
	return Int128{int64(hi>>1 ^ sign), (lo>>1 | hi<<63) ^ sign}
}

func (d *Decoder) uvarint128(what string) (hi, lo uint64) {
	const size = 128
	for i, c := range d.buf[d.off:] {
		shift := 7 * i
		// Two bits are free in the last byte, its continuation bit is not.
		if free := size - shift; free < 7 && c>>free != 0 {
			d.fail(d.off, what, FaultOverflow, 0, size)
			return 0, 0
		}
		group := uint64(c & 0x7f)
		if shift < 64 {
			lo |= group << shift
			hi |= group >> (64 - shift) // what the shift above pushed out
		} else {
			hi |= group << (shift - 64)
		}
		if c < 0x80 {
			d.off += i + 1
			return hi, lo
		}
	}
	left := uint64(len(d.buf) - d.off)
	d.fail(d.off, what, FaultTruncated, left+1, left)
	return 0, 0
}
