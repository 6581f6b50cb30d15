package wire

import "fmt"

// FrameSizeError is a frame that holds more than is allowed.
type FrameSizeError struct {
	Size  int // bytes decoded so far and known to follow; the whole may be larger
	Limit int // bytes allowed
}

func (e *FrameSizeError) Error() string {
	return fmt.Sprintf("frame of at least %d bytes, limit %d", e.Size, e.Limit)
}

// Deframer decodes frames from a byte stream that comes in pieces of any size. It
// decodes each byte once, as it comes, into one buffer that it uses again and that
// never holds more bytes than the limit. It belongs to one goroutine.
type Deframer struct {
	limit int
	buf   []byte // what the frame stands for so far
	taken int    // encoded bytes of the frame so far
	block int    // bytes of the block
	run   int    // bytes of the block still to come
	zero  bool   // the block stands for a zero too, if another follows
	done  bool   // buf holds a frame that was given out
	err   error
}

// NewDeframer makes a deframer for frames of at most limit bytes, decoded.
func NewDeframer(limit int) *Deframer { return &Deframer{limit: limit} }

// Next decodes from p up to the end of a frame. With ok, frame is a whole frame, and
// rest is what follows it in p and is to be given to the next call. Without, all of p
// is used and more is needed. The frame is valid until the next call of Next, unless
// [Deframer.Replace] is called first.
//
// Errors: *DecodeError for bytes that are not COBS, *FrameSizeError as soon as a frame
// is known to be over the limit. They stick: the stream is lost.
func (f *Deframer) Next(p []byte) (frame, rest []byte, ok bool, err error) {
	if f.done {
		f.buf, f.taken, f.done = f.buf[:0], 0, false
	}
	for len(p) > 0 && f.err == nil {
		if f.run > 0 {
			p = f.fill(p)
			continue
		}
		code := int(p[0])
		p = p[1:]
		f.taken++
		if code == delimiter {
			f.zero, f.done = false, true
			return f.buf, p, true, nil
		}
		f.begin(code)
	}
	return nil, nil, false, f.err
}

// Replace gives the deframer another buffer, or none, so that the frame last given
// out becomes the caller's. It is called before more bytes are.
func (f *Deframer) Replace(buf []byte) { f.buf = buf[:0] }

// Partial says whether the stream stands in the middle of a frame: an end of the
// stream is then a fault.
func (f *Deframer) Partial() bool { return f.taken > 0 && !f.done }

// begin starts a block, which makes the zero of the block before it real.
func (f *Deframer) begin(code int) {
	size := len(f.buf) + code - 1
	if f.zero {
		size++
	}
	if size > f.limit {
		f.err = &FrameSizeError{Size: size, Limit: f.limit}
		return
	}
	if f.zero {
		f.buf = append(f.buf, 0)
	}
	f.block, f.run, f.zero = code-1, code-1, code < maxCode
}

// fill takes bytes of the block.
func (f *Deframer) fill(p []byte) []byte {
	run := p[:min(f.run, len(p))]
	buf, n := appendUntilZero(f.buf, run)
	f.buf = buf
	f.run -= n
	f.taken += n
	if n < len(run) {
		have := f.block - f.run
		f.err = shortBlock(f.taken-have-1, f.block, have)
	}
	return p[n:]
}
