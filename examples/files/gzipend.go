package main

import (
	"encoding/binary"
	"fmt"
	"io"
)

// gzipEnd passes a gzip stream on and keeps what it ends with, which says of what it is
// made: the CRC-32 of the content and the lower 32 bits of its length.
type gzipEnd struct {
	out    io.Writer
	packed uint64 // bytes that came
	last   [8]byte
}

func (g *gzipEnd) Write(p []byte) (int, error) {
	g.packed += uint64(len(p))
	if len(p) >= len(g.last) {
		copy(g.last[:], p[len(p)-len(g.last):])
	} else {
		copy(g.last[:], g.last[len(p):])
		copy(g.last[len(g.last)-len(p):], p)
	}
	return g.out.Write(p)
}

// shortestGzip is how many bytes a gzip stream has at least: those of its header and end,
// and one of a block between them.
const shortestGzip = 10 + 1 + 8

// check compares the end with that of a stream made of so many bytes with that CRC-32.
func (g *gzipEnd) check(sent uint64, sum uint32) error {
	if g.packed < shortestGzip {
		return fmt.Errorf("the guest sent %d bytes of gzip, which has %d at least", g.packed, shortestGzip)
	}
	gotSum, gotSize := binary.LittleEndian.Uint32(g.last[:4]), binary.LittleEndian.Uint32(g.last[4:])
	if gotSum != sum || gotSize != uint32(sent) {
		return fmt.Errorf("the guest's gzip ends with CRC-32 %08x and length %d, and is of content with %08x and %d",
			gotSum, gotSize, sum, uint32(sent))
	}
	return nil
}
