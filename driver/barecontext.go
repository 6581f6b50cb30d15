package driver

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	roam "github.com/roam-rpc/roam-go"
)

// bareContext is the context of a request that brought nothing but its arguments, as most
// do, and whose handler is not expected to call Done. Each request has one that is its own,
// since a program may keep it for as long as it likes, and nobody but the garbage collector
// knows when it no longer does. So it is a byte: of a busy service's contexts there are a
// million a second.
//
// The byte is its number among [bareContexts], where what is to know of it is: that of the
// request being served, since all before it have ended.
type bareContext uint8

// bareContexts are the contexts of requests that one after another are served by the same
// [served].
type bareContexts struct {
	c *conn
	// current is twice the number of the context of the request being served, or of the
	// next one, and one more once its Done was called: it then stays.
	current atomic.Uint32
	mu      sync.Mutex
	done    *doneContext // of current; guarded by mu

	each [bareCount]bareContext
}

const bareCount = 256

// numbers is what each is to be.
var numbers = func() (each [bareCount]bareContext) {
	for i := range each {
		each[i] = bareContext(i)
	}
	return each
}()

// overContext stands for those that have ended.
var overContext = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// next is the context of the next request, nil if there is none or Done of the last was
// called.
func (b *bareContexts) next() *bareContext {
	if is := b.current.Load(); is < 2*bareCount && is%2 == 0 {
		return &b.each[is/2]
	}
	return nil
}

// newBareContext makes the context of the request that s serves.
func (s *served) newBareContext() *bareContext {
	if s.bare != nil {
		if b := s.bare.next(); b != nil {
			return b
		}
	}
	s.bare = &bareContexts{c: s.c, each: numbers}
	return &s.bare.each[0]
}

func (b *bareContext) all() *bareContexts {
	first := unsafe.Add(unsafe.Pointer(b), -int(*b))
	return (*bareContexts)(unsafe.Add(first, -int(unsafe.Offsetof(bareContexts{}.each))))
}

// end ends the context, if it has not.
func (b *bareContext) end() {
	all, is := b.all(), 2*uint32(*b)
	if all.current.CompareAndSwap(is, is+2) || all.current.Load() != is+1 {
		return
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	all.done.cancel()
}

// asked says whether Done was called before the context ended.
func (b *bareContext) asked() bool { return b.all().current.Load() == 2*uint32(*b)+1 }

// Deadline is none: the caller gave none.
func (*bareContext) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done is closed when the caller cancels, the connection ends, or the handler has returned
// and the answer is out.
func (b *bareContext) Done() <-chan struct{} {
	all, is := b.all(), 2*uint32(*b)
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.current.CompareAndSwap(is, is+1) {
		all.done = newDoneContext(time.Time{})
	}
	if all.current.Load() != is+1 {
		return overContext.Done()
	}
	return all.done.Done()
}

// Err is why the context ended, nil before.
func (b *bareContext) Err() error {
	if ctx := b.standard(); ctx != nil {
		return ctx.Err()
	}
	return nil
}

// Value gives the request itself under roam.RequestKey.
func (b *bareContext) Value(key any) any {
	if key == (roam.RequestKey{}) {
		return roam.Request(b)
	}
	if ctx := b.standard(); ctx != nil {
		return ctx.Value(key)
	}
	return nil
}

// standard is the context of the standard library that tells of this one, nil as long as
// there is nothing to tell.
func (b *bareContext) standard() context.Context {
	all, is := b.all(), 2*uint32(*b)
	switch all.current.Load() {
	case is:
		return nil
	case is + 1:
		all.mu.Lock()
		defer all.mu.Unlock()
		return all.done
	}
	return overContext
}

// Metadata is none.
func (*bareContext) Metadata() roam.Metadata { return nil }

// Caller calls back over the same connection.
func (b *bareContext) Caller() roam.Caller { return &Handle{b.all().c} }
