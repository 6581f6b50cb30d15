package everything

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unicode/utf8"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// TestLesson_LengthsAreReadOnce: arguments that a peer changes while they are decoded give
// an error or a value: strings that are text, and []byte within the arguments.
func TestLesson_LengthsAreReadOnce(t *testing.T) {
	mem, err := unix.Mmap(-1, 0, 1<<16, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANON)
	require.NoError(t, err)
	defer func() { assert.NoError(t, unix.Munmap(mem)) }()
	blob := Blob(strings.Repeat("b", 100))
	var whole []byte
	through := &loopback{dispatcher: NewEverythingDispatcher(echo{}), args: func(b []byte) []byte {
		whole = append([]byte(nil), b...)
		return b
	}}
	_, err = NewEverythingClient(through).Lent(context.Background(), Lent{Name: strings.Repeat("n\u00e9", 50),
		Data: make([]byte, 300), Parts: map[string][]*Blob{"one": {&blob, nil}, "two\u00e9": {&blob}}})
	require.NoError(t, err)

	args := mem[:len(whole):len(whole)]
	var stop atomic.Bool
	var changing sync.WaitGroup
	changing.Go(func() {
		r := rand.New(rand.NewPCG(1, 2))
		for !stop.Load() {
			word := (*uint32)(unsafe.Pointer(&mem[r.IntN(len(whole))&^3]))
			was := atomic.LoadUint32(word)
			atomic.StoreUint32(word, was^1<<r.IntN(32))
			atomic.StoreUint32(word, was)
		}
	})
	defer changing.Wait()
	defer stop.Store(true)
	good, refused := 0, 0
	for round := 0; round < 20_000 || good == 0 || refused == 0; round++ {
		copy(args, whole)
		in := roam.Incoming{Method: EverythingLentID, Args: wire.NewBorrowingDecoder(args)}
		prepared, err := NewEverythingDispatcher(echo{}).Prepare(&in)
		if err != nil {
			refused++
			continue
		}
		good++
		v := prepared.(*everythingLentRequest).v
		require.True(t, utf8.ValidString(v.Name))
		requireWithin(t, args, v.Data)
		for key, parts := range v.Parts {
			require.True(t, utf8.ValidString(key))
			for _, part := range parts {
				if part != nil {
					requireWithin(t, args, *part)
				}
			}
		}
	}
}

// requireWithin wants b to be a part of all.
func requireWithin(t *testing.T, all, b []byte) {
	t.Helper()
	if len(b) == 0 {
		return
	}
	require.Equal(t, len(b), cap(b))
	at := uintptr(unsafe.Pointer(&b[0])) - uintptr(unsafe.Pointer(&all[0]))
	require.LessOrEqual(t, uint64(at)+uint64(len(b)), uint64(len(all)))
}
