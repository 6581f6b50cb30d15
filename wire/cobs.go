package wire

import "bytes"

// COBS: a message is cut into blocks, each a code byte and code-1 bytes none of which
// is zero. A block with a code under maxCode stands for its bytes and a zero, but for
// the last one of a frame; one with maxCode for its bytes alone. So no zero is left,
// and the byte 00 can end a frame.
const (
	delimiter = 0
	maxCode   = 0xFF
	maxBlock  = maxCode - 1 // bytes in a block
)

// MaxFrameLen is the largest length of a frame, delimiter included, that any COBS
// encoder makes of n bytes.
func MaxFrameLen(n int) int { return n + n/maxBlock + 2 }

// AppendFrame appends raw as a frame: COBS, then the delimiter 00. raw and the free
// space of dst must not overlap.
func AppendFrame(dst, raw []byte) []byte { return AppendFrameParts(dst, raw) }

// AppendFrameParts appends one frame of all parts, as if they were joined.
func AppendFrameParts(dst []byte, parts ...[]byte) []byte {
	e := blockEncoder{dst: dst}
	for _, part := range parts {
		e.add(part)
	}
	e.closeBlock()
	return append(e.dst, delimiter)
}

// blockEncoder appends blocks to dst. Between two calls a block is open, its code
// byte still to be set, unless nothing was added yet or the last block is full: one
// is opened only when another byte comes, so that a frame never ends in an empty
// block that stands for nothing.
type blockEncoder struct {
	dst  []byte
	code int  // index in dst of the open block's code byte
	open bool // a block is open
}

func (e *blockEncoder) openBlock() {
	if !e.open {
		e.code, e.open = len(e.dst), true
		e.dst = append(e.dst, 0)
	}
}

func (e *blockEncoder) closeBlock() {
	if e.open {
		e.dst[e.code] = byte(len(e.dst) - e.code)
		e.open = false
	}
}

func (e *blockEncoder) add(raw []byte) {
	for len(raw) > 0 {
		e.openBlock()
		room := maxCode - (len(e.dst) - e.code)
		run := raw[:min(room, len(raw))]
		zero := bytes.IndexByte(run, 0)
		if zero >= 0 {
			e.dst = append(e.dst, run[:zero]...)
			e.closeBlock()
			e.openBlock() // the zero stands for itself only when a block follows
			raw = raw[zero+1:]
			continue
		}
		e.dst = append(e.dst, run...)
		raw = raw[len(run):]
		if len(run) == room {
			e.closeBlock()
		}
	}
}

// DecodeFrame appends to dst what encoded, a frame without its delimiter, stands
// for; it is shorter than encoded. dst may be encoded[:0]. Errors: *DecodeError.
func DecodeFrame(dst, encoded []byte) ([]byte, error) {
	for at := 0; at < len(encoded); {
		code := int(encoded[at])
		if code == delimiter {
			return nil, &DecodeError{Offset: at, What: "COBS frame", Fault: FaultTrailing, Value: uint64(len(encoded) - at)}
		}
		run := encoded[at+1 : min(at+code, len(encoded))]
		if zero := bytes.IndexByte(run, delimiter); zero >= 0 {
			run = run[:zero]
		}
		if len(run) < code-1 {
			return nil, shortBlock(at, code-1, len(run))
		}
		dst = append(dst, run...)
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
