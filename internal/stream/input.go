package stream

import (
	"bytes"
	"sync"
	"sync/atomic"

	"github.com/roam-rpc/roam-go/wire"
)

const (
	// inLeast is the first capacity of the input buffer, bytes: what an idle
	// connection holds.
	inLeast = 4 << 10
	// inUsual is the capacity up to which it grows when reads fill it, bytes; beyond,
	// it grows only to hold one frame.
	inUsual = 256 << 10
	// inSmall is after how many rounds without a large frame a larger buffer is let go.
	inSmall = 64
)

// fillResult is what one try to read from a socket gave.
type fillResult uint8

const (
	filledSome fillResult = iota
	filledNone            // the socket had nothing
	filledUp              // no room, or the end: the socket was not looked at, or never is again
)

// input holds bytes that were read. Whoever reads appends behind w, whoever receives
// takes frames from r on and decodes them in place; both under mu. Bytes before r
// belong to the messages last given out, until release.
type input struct {
	mu    sync.Mutex
	buf   []byte
	r, w  int
	end   int  // index of the first delimiter in buf[r:w], -1 when there is none
	limit int  // largest frame, bytes decoded
	most  int  // largest frame, bytes encoded, delimiter included
	full  bool // a read filled the buffer: a larger one saves system calls
	small int  // rounds since a frame needed more than inUsual
	// old is the buffer before this one, which messages given out may lie in; after
	// release it is the spare for the next change.
	old, spare []byte

	err   error // the end: nothing is read any more
	ready atomic.Bool
	last  atomic.Pointer[error] // err once all frames before it were taken
	space *sync.Cond            // readLoop waits for room; mu is its lock
}

func (in *input) init(limit int) {
	in.end = -1
	in.space = sync.NewCond(&in.mu)
	in.setLimit(limit)
}

func (in *input) setLimit(limit int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.limit, in.most = limit, wire.MaxFrameLen(limit)
	in.changed()
	in.space.Broadcast()
}

// changed keeps ready and last in step: there is a frame, the end, or a frame over the limit.
// The caller holds mu.
func (in *input) changed() {
	in.ready.Store(in.end >= 0 || in.err != nil || in.over())
	if in.end < 0 && in.err != nil && in.last.Load() == nil {
		err := in.err
		in.last.Store(&err)
	}
}

// over says that the frame that is coming is over the limit already.
func (in *input) over() bool { return in.end < 0 && in.w-in.r >= in.most }

// room gives the space behind w, none when frames have to be taken first. The caller
// holds mu.
func (in *input) room() []byte {
	if in.w == len(in.buf) {
		if in.end >= 0 || in.over() {
			return nil
		}
		in.grow()
	}
	return in.buf[in.w:]
}

// grow moves what is unread to another buffer; messages given out keep the old one.
func (in *input) grow() {
	have := in.w - in.r
	size := max(2*have, min(len(in.buf), inUsual), inLeast)
	// One frame of the largest size fits, with some of what follows it.
	size = min(size, in.most+inLeast)
	next := in.spare
	if in.spare = nil; len(next) < size {
		next = make([]byte, size)
	}
	copy(next, in.buf[in.r:in.w])
	in.old, in.buf = in.buf, next
	in.moved(have)
}

// moved is after the unread bytes, have of them, came to the start of the buffer.
func (in *input) moved(have int) {
	if in.end >= 0 {
		in.end -= in.r
	}
	in.r, in.w = 0, have
}

// filled counts n bytes that were put into room. The caller holds mu.
func (in *input) filled(n int) {
	if in.end < 0 {
		if i := bytes.IndexByte(in.buf[in.w:in.w+n], 0); i >= 0 {
			in.end = in.w + i
		}
	}
	in.w += n
	in.full = in.full || in.w == len(in.buf)
	in.changed()
}

// release takes back the bytes of the messages last given out. The caller holds mu.
func (in *input) release() {
	if in.old != nil {
		if len(in.old) <= inUsual {
			in.spare = in.old
		}
		in.old = nil
	}
	switch {
	case in.r == in.w:
		in.r, in.w = 0, 0
		in.resize()
	case in.r > 0 && in.end < 0 && len(in.buf)-in.w < len(in.buf)/4:
		// Part of a frame alone: whole ones are taken first, and moved for nothing.
		in.moved(copy(in.buf, in.buf[in.r:in.w]))
	}
}

// resize replaces an empty buffer of the wrong size.
func (in *input) resize() {
	size := len(in.buf)
	if size > inUsual {
		if in.small++; in.small > inSmall {
			in.buf = nil
		}
	} else if in.full && size < inUsual {
		in.buf, in.spare = make([]byte, inUsual), nil
	}
	in.full = false
}

// take gives the next frame, without its delimiter, to be decoded in place. The
// caller holds mu.
func (in *input) take() (frame []byte, ok bool) {
	if in.end < 0 {
		return nil, false
	}
	frame = in.buf[in.r:in.end:in.end]
	in.r = in.end + 1
	in.end = -1
	if i := bytes.IndexByte(in.buf[in.r:in.w], 0); i >= 0 {
		in.end = in.r + i
	}
	if len(frame) > inUsual {
		in.small = 0
	}
	in.changed()
	return frame, true
}

// partial is how many bytes there are of a frame that is not whole. The caller holds
// mu.
func (in *input) partial() int {
	unread := in.buf[in.r:in.w]
	return len(unread) - bytes.LastIndexByte(unread, 0) - 1
}

// fail ends the input behind the frames that are there whole. The caller holds mu.
func (in *input) fail(err error) {
	if in.err == nil {
		in.err = err
	}
	in.changed()
	in.space.Broadcast()
}

// discard drops all that is unread. The caller holds mu.
func (in *input) discard() { in.r, in.end = in.w, -1 }

// ended is the end, once all frames before it were taken. It waits for nobody.
func (in *input) ended() error {
	if last := in.last.Load(); last != nil {
		return *last
	}
	return nil
}
