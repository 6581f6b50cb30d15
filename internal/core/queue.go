package core

import "encoding/binary"

// itemQueue holds received items as bytes in one buffer: a varint of twice the length,
// and the item. A run of empty items is one record, a zero and a count of 8 bytes, so
// that items which cost no credit cost no memory either. An item that came in memory of
// its own stays there: its record is one byte.
type itemQueue struct {
	buf     []byte
	start   int      // of the first item
	zeroRun int      // where the count of a run at the end of buf lies, 0 = none
	kept    [][]byte // the items in memory of their own, in order, from firstAt on
	firstAt int      // those before it were taken
}

const (
	countSize = 8
	keptMark  = 1 // the record of a kept item
)

func (q *itemQueue) empty() bool { return q.start == len(q.buf) }

// push adds a copy of an item.
func (q *itemQueue) push(item []byte) {
	q.compact(len(item))
	if len(item) == 0 {
		q.pushZero()
		return
	}
	q.zeroRun = 0
	q.buf = binary.AppendUvarint(q.buf, uint64(len(item))<<1)
	q.buf = append(q.buf, item...)
}

// keep adds an item, not empty, that is in memory of its own.
func (q *itemQueue) keep(item []byte) {
	q.compact(0)
	q.zeroRun = 0
	q.buf = append(q.buf, keptMark)
	if len(q.kept) == cap(q.kept) && q.firstAt > len(q.kept)/2 {
		left := copy(q.kept, q.kept[q.firstAt:])
		clear(q.kept[left:])
		q.kept, q.firstAt = q.kept[:left], 0
	}
	q.kept = append(q.kept, item)
}

// popKept gives the first item if it is one that was kept.
func (q *itemQueue) popKept() (item []byte, ok bool) {
	if q.empty() || q.buf[q.start] != keptMark {
		return nil, false
	}
	item, q.kept[q.firstAt] = q.kept[q.firstAt], nil
	q.firstAt++
	q.start++
	q.rewind()
	return item, true
}

// firstKept is the first item, to be replaced, if it is one that was kept; else nil.
func (q *itemQueue) firstKept() *[]byte {
	if q.empty() || q.buf[q.start] != keptMark {
		return nil
	}
	return &q.kept[q.firstAt]
}

func (q *itemQueue) pushZero() {
	if q.zeroRun > 0 {
		count := q.buf[q.zeroRun:]
		binary.LittleEndian.PutUint64(count, binary.LittleEndian.Uint64(count)+1)
		return
	}
	q.buf = append(q.buf, 0)
	q.zeroRun = len(q.buf)
	q.buf = binary.LittleEndian.AppendUint64(q.buf, 1)
}

// pop appends the first item to dst.
func (q *itemQueue) pop(dst []byte) []byte {
	if item, ok := q.popKept(); ok {
		return append(dst, item...)
	}
	length, n := binary.Uvarint(q.buf[q.start:])
	length >>= 1
	at := q.start + n
	if length == 0 {
		q.popZero(at)
		return dst
	}
	dst = append(dst, q.buf[at:at+int(length)]...)
	q.start = at + int(length)
	q.rewind()
	return dst
}

func (q *itemQueue) popZero(at int) {
	count := q.buf[at:]
	left := binary.LittleEndian.Uint64(count) - 1
	binary.LittleEndian.PutUint64(count, left)
	if left == 0 {
		q.start = at + countSize
		q.rewind()
	}
}

// rewind starts over at the front of an empty buffer. A run that zeroRun names is the
// last record, so taking the last of it comes here.
func (q *itemQueue) rewind() {
	if q.empty() {
		q.buf, q.start, q.zeroRun = q.buf[:0], 0, 0
		q.kept, q.firstAt = q.kept[:0], 0
	}
}

// compact moves what is left to the front when that makes room enough, so that the
// buffer stays within twice what credit allows.
func (q *itemQueue) compact(n int) {
	if q.start == 0 || q.start < len(q.buf)/2 || len(q.buf)+n+binary.MaxVarintLen64 <= cap(q.buf) {
		return
	}
	left := copy(q.buf, q.buf[q.start:])
	if q.zeroRun > 0 {
		q.zeroRun -= q.start
	}
	q.buf, q.start = q.buf[:left], 0
}

func (q *itemQueue) drop() { *q = itemQueue{} }
