package wire

import (
	"bytes"
	"encoding/binary"
)

// COBS: a message is cut into blocks, each a code byte and code-1 bytes none of which
// is zero. A block with a code under maxCode stands for its bytes and a zero, but for
// the last one of a frame; one with maxCode for its bytes alone. So no zero is left,
// and the byte 00 can end a frame.
const (
	delimiter = 0
	maxCode   = 0xFF
	maxBlock  = maxCode - 1 // bytes in a block

	emptyBlock = 1 // the code of a block without bytes
)

// MaxFrameLen is the largest length of a frame, delimiter included, that any COBS
// encoder makes of n bytes.
func MaxFrameLen(n int) int { return n + n/maxBlock + 2 }

// AppendFrame appends raw as a frame: COBS, then the delimiter 00. raw and the free
// space of dst must not overlap.
func AppendFrame(dst, raw []byte) []byte { return AppendFrameParts(dst, raw) }

// AppendFrameParts appends one frame of all parts, as if they were joined.
func AppendFrameParts(dst []byte, parts ...[]byte) []byte {
	e := blockEncoder{dst: dst, code: noBlock}
	for _, part := range parts {
		e.add(part)
	}
	if e.code != noBlock {
		e.dst[e.code] = byte(len(e.dst) - e.code)
	}
	return append(e.dst, delimiter)
}

// noBlock is the code index of a blockEncoder that has no open block.
const noBlock = -1

// blockEncoder appends blocks to dst. Between two calls a block is open, its code
// byte still to be set, unless nothing was added yet or the last block is full: one
// is opened only when another byte comes, so that a frame never ends in an empty
// block that stands for nothing.
type blockEncoder struct {
	dst  []byte
	code int // index in dst of the open block's code byte, or noBlock
}

func (e *blockEncoder) add(raw []byte) {
	dst, code := e.dst, e.code
	for len(raw) > 0 {
		if code == noBlock {
			code = len(dst)
			dst = append(dst, 0)
		}
		// A zero closes the block, and opens one: another follows even at the end.
		if zeros := lengthOfRun(raw, 0); zeros > 0 {
			dst[code] = byte(len(dst) - code)
			dst = appendRun(dst, emptyBlock, zeros-1)
			code = len(dst)
			dst = append(dst, 0)
			raw = raw[zeros:]
			continue
		}
		room := maxCode - (len(dst) - code)
		var n int
		dst, n = appendUntilZero(dst, raw[:min(room, len(raw))])
		raw = raw[n:]
		if n == room {
			dst[code] = maxCode
			code = noBlock
		}
	}
	e.dst, e.code = dst, code
}

// shortRun is up to where bytes are looked at one by one: a search and a copy by the
// library cost more where zeros are dense.
const shortRun = 8

// appendUntilZero appends the n bytes of run before its first zero, all if it has
// none.
func appendUntilZero(dst, run []byte) (grown []byte, n int) {
	for ; n < len(run) && n < shortRun; n++ {
		if run[n] == 0 {
			return dst, n
		}
		dst = append(dst, run[n])
	}
	rest := run[n:]
	if zero := bytes.IndexByte(rest, 0); zero >= 0 {
		rest = rest[:zero]
	}
	return append(dst, rest...), n + len(rest)
}

// lengthOfRun is how many bytes at the start of b are value.
func lengthOfRun(b []byte, value byte) (n int) {
	for n < len(b) && n < shortRun {
		if b[n] != value {
			return n
		}
		n++
	}
	for word := 0x0101_0101_0101_0101 * uint64(value); n+8 <= len(b) && binary.LittleEndian.Uint64(b[n:]) == word; {
		n += 8
	}
	for n < len(b) && b[n] == value {
		n++
	}
	return n
}

// appendRun appends n bytes of value.
func appendRun(dst []byte, value byte, n int) []byte {
	if n < shortRun {
		for range n {
			dst = append(dst, value)
		}
		return dst
	}
	from := len(dst)
	dst = append(dst, value)
	for done := 1; done < n; done = len(dst) - from {
		dst = append(dst, dst[from:from+min(done, n-done)]...)
	}
	return dst
}

// DecodeFrame appends to dst what encoded, a frame without its delimiter, stands
// for; it is shorter than encoded. dst may be encoded[:0]. Errors: *DecodeError.
func DecodeFrame(dst, encoded []byte) ([]byte, error) {
	for at := 0; at < len(encoded); {
		code := int(encoded[at])
		if code == delimiter {
			return nil, &DecodeError{Offset: at, What: "COBS frame", Fault: FaultTrailing, Value: uint64(len(encoded) - at)}
		}
		if code == emptyBlock {
			zeros := lengthOfRun(encoded[at:], emptyBlock)
			at += zeros
			if at == len(encoded) {
				zeros-- // the last block stands for no zero
			}
			dst = appendRun(dst, 0, zeros)
			continue
		}
		var n int
		dst, n = appendUntilZero(dst, encoded[at+1:min(at+code, len(encoded))])
		if n < code-1 {
			return nil, shortBlock(at, code-1, n)
		}
		at += code
		if code < maxCode && at < len(encoded) {
			dst = append(dst, 0)
		}
	}
	return dst, nil
}

// shortBlock is a frame that ends inside the block whose code byte is at offset.
func shortBlock(offset, want, have int) error {
	return &DecodeError{Offset: offset, What: "COBS block", Fault: FaultTruncated, Value: uint64(want), Bound: uint64(have)}
}
