package wire

import "unsafe"

// ownedShare is what part of the input a string or slice must be at least for an owning
// decoder to give it as a view: one that is kept then keeps no more than so many times
// its length.
const ownedShare = 4

// Reset starts d anew at the start of b. Where b is owned, by nobody else who writes to it
// or uses it again, up to its capacity, a string or []byte that is a good part of it is not
// copied once more: it is the input itself, which lives as long as any of them does. A []byte
// at the end of the input that alone is so has the capacity of the input: whoever owns it owns
// all. Of other input, d gives copies alone.
//
// It sets each field by itself: a Decoder is large to copy.
func (d *Decoder) Reset(b []byte, owned bool) {
	d.buf, d.off, d.units = b, 0, 0
	d.owns, d.lent, d.shared = owned, false, false
	d.err = nil
}

// NewBorrowingDecoder gives a decoder of memory that is given back when nobody uses what
// was decoded any more, and that others may write to all the while, as a slot of a shared
// segment. A []byte is a view of it; all else is a copy, of bytes that were read once
// each: a length, a count or a tag is used as it was checked, and a string is checked as
// it is given out.
func NewBorrowingDecoder(b []byte) Decoder { return Decoder{buf: b, lent: true} }

// keeps reports whether a view of n bytes may be given away.
func (d *Decoder) keeps(n int) bool { return d.owns && n >= len(d.buf)/ownedShare && n > 0 }

// given is a view just read that is given away, with all that lies behind it if nobody
// else has, or can get, a part of the input.
func (d *Decoder) given(view []byte) []byte {
	alone := !d.shared && d.off == len(d.buf)
	d.shared = true
	if alone {
		return d.buf[d.off-len(view):]
	}
	return view
}

// stringOf makes a string of view, which is not written to any more.
func stringOf(view []byte) string { return unsafe.String(&view[0], len(view)) }

// bytesOf is the memory of a string, which is not to be written to.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
