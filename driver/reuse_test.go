package driver

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/internal/testbed"
)

// reusable is a request whose memory says who uses it.
type reusable struct {
	of     *reusing
	method *roam.Method
	state  atomic.Uint32
}

// What a reusable is. None comes about twice in a row.
const (
	isFree uint32 = iota
	isPrepared
	isDropped
)

func (r *reusable) Method() *roam.Method { return r.method }

func (r *reusable) Invoke(_ context.Context, reply *roam.Reply) {
	if r.of.panics.Load() {
		panic("as asked")
	}
	reply.Succeed()
	r.becomes(isPrepared, isFree)
}

func (r *reusable) Drop() {
	r.becomes(isFree, isDropped)
	r.of.dropped.Add(1)
}

func (r *reusable) becomes(from, to uint32) {
	if !r.state.CompareAndSwap(from, to) {
		r.of.faults.Add(1)
	}
}

// reusing is a dispatcher of any method, with an id of 1 for one that is inline.
type reusing struct {
	made, again, dropped, faults atomic.Int32
	panics                       atomic.Bool
}

func (d *reusing) Prepare(in *roam.Incoming) (roam.Invocation, error) {
	r, ok := in.Used().(*reusable)
	if ok && r.method.ID == in.Method {
		in.TakeUsed()
		d.again.Add(1)
	} else {
		r = &reusable{of: d, method: &roam.Method{ID: in.Method, Service: "Any", Name: "Method", Inline: in.Method == 1}}
		d.made.Add(1)
	}
	r.becomes(isFree, isPrepared)
	return r, nil
}

// call calls a method without arguments.
func call(h *Handle, method uint64) error {
	call := roam.NewCall(&roam.Method{ID: method, Service: "Any", Name: "Method"})
	defer call.Release()
	return h.Do(context.Background(), call)
}

func TestMemoryOfRequestsIsUsedAgain(t *testing.T) {
	for name, method := range map[string]uint64{"inline": 1, "on a goroutine": 2} {
		t.Run(name, func(t *testing.T) {
			a, b := connectPipe(t, 4)
			d := new(reusing)
			b.c.dispatch = d
			const calls = 1000
			for i := range calls {
				d.panics.Store(i%100 == 99)
				if err := call(a, method); i%100 == 99 {
					require.Error(t, err)
				} else {
					require.NoError(t, err)
				}
			}
			assert.Zero(t, d.faults.Load(), "what panicked is not used again")
			assert.Less(t, d.made.Load(), int32(calls/2))
			assert.EqualValues(t, calls, d.made.Load()+d.again.Load())
		})
	}
}

// TestMemoryOfRequestsHasOneUser at a time, of whatever methods they are, and is dropped
// where a request of another method comes.
func TestMemoryOfRequestsHasOneUser(t *testing.T) {
	a, b := connectPipe(t, 32)
	d := new(reusing)
	b.c.dispatch = d
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for k := range 300 {
				assert.NoError(t, call(a, uint64(1+(i+k)%3)))
			}
		})
	}
	callers.Wait()
	assert.Zero(t, d.faults.Load())
	assert.Positive(t, d.dropped.Load())
	assert.LessOrEqual(t, d.dropped.Load(), d.made.Load())
}

// wrapping is a dispatcher that wraps every other request of another: its wrapper returns
// before what is in it has run.
type wrapping struct {
	reusing
	copies bool // it hands on a copy of the Incoming
	n      int
	inner  sync.WaitGroup
}

type wrapped struct {
	roam.Invocation
	of *wrapping
}

func (d *wrapping) Prepare(in *roam.Incoming) (roam.Invocation, error) {
	if d.copies {
		other := *in
		in = &other
	}
	inv, err := d.reusing.Prepare(in)
	if d.n++; err != nil || d.n%2 == 0 {
		return inv, err
	}
	return wrapped{inv, d}, nil
}

func (w wrapped) Invoke(ctx context.Context, reply *roam.Reply) {
	w.of.inner.Add(1)
	returned := make(chan struct{})
	defer close(returned)
	go func() {
		defer w.of.inner.Done()
		<-returned
		w.Invocation.Invoke(ctx, new(roam.Reply))
	}()
	reply.Succeed()
}

// TestMemoryOfWrappedRequestsIsTheirs: nobody knows for how long a wrapper uses what it wraps.
func TestMemoryOfWrappedRequestsIsTheirs(t *testing.T) {
	for name, copies := range map[string]bool{"same": false, "copied": true} {
		t.Run(name, func(t *testing.T) {
			a, b := connectPipe(t, 4)
			d := &wrapping{copies: copies}
			b.c.dispatch = d
			for range 500 {
				require.NoError(t, call(a, 2))
			}
			d.inner.Wait()
			assert.Zero(t, d.faults.Load())
		})
	}
}

// keepsNothing is a service one of whose handlers does not return.
type keepsNothing struct {
	testbed.Service
	arguments *weak.Pointer[byte]
	fail      func()
}

func (k *keepsNothing) Bytes(_ context.Context, data []byte) ([]byte, error) {
	*k.arguments = weak.Make(unsafe.SliceData(data))
	k.fail()
	return data, nil
}

// TestArgumentsOfAFailedHandlerAreNotKept by a connection that is idle after it.
func TestArgumentsOfAFailedHandlerAreNotKept(t *testing.T) {
	for name, fail := range map[string]func(){"panic": func() { panic("as asked") }, "goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			a, b := connectPipe(t, 4)
			var arguments weak.Pointer[byte]
			service := &keepsNothing{arguments: &arguments, fail: fail}
			b.c.dispatch = testbed.NewTestbedDispatcher(service)
			client := testbed.NewTestbedClient(a)
			_, err := client.Bytes(context.Background(), make([]byte, 1<<10))
			require.Error(t, err)
			for range 1000 { // its goroutine may be on its way out
				if runtime.GC(); arguments.Value() == nil {
					break
				}
			}
			assert.Nil(t, arguments.Value())
		})
	}
}

// TestCallsOfTwoConnections use the same memory one after the other.
func TestCallsOfTwoConnections(t *testing.T) {
	a, b := connectPipe(t, 8)
	clients := []*testbed.TestbedClient{testbed.NewTestbedClient(a), testbed.NewTestbedClient(b)}
	var callers sync.WaitGroup
	for i := range 4 {
		callers.Go(func() {
			for k := range 500 {
				x, y := uint64(i), uint64(k)
				sum, err := clients[(i*k+k)%len(clients)].Add(context.Background(), x, y)
				assert.NoError(t, err)
				assert.Equal(t, x+y, sum)
			}
		})
	}
	callers.Wait()
}
