package everything

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/roamgen/names"
	"github.com/roam-rpc/roam-go/schema"
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// Errors of roam/guest.h.
const (
	cNoMemory = -2
	cDecode   = -66
)

// enough is as many allocations as any value here takes.
const enough = 1 << 16

// recoder is the program testdata/recode.c, which decodes arguments in C and encodes them
// again. It is a Caller whose results are those.
type recoder struct {
	in      io.Writer
	out     io.Reader
	methods []string // that it has
}

// recodable are the methods that pass no channels and have arguments.
func recodable() []string {
	var found []string
	for _, m := range EverythingDescriptor.Methods {
		has := func(f schema.Field) bool { return f.Type.Kind != schema.Unit }
		if !m.Streams() && slices.ContainsFunc(m.Args, has) {
			found = append(found, m.Name)
		}
	}
	return found
}

// newRecoder builds and starts the program.
func newRecoder(t *testing.T, build builder) *recoder {
	r := &recoder{methods: recodable()}
	var list strings.Builder
	for _, m := range r.methods {
		fmt.Fprintf(&list, "RECODE(%s)\n", names.Snake(m))
	}
	r.start(t, build(t, "recode.c", map[string]string{"methods.h": list.String()}))
	return r
}

func (r *recoder) start(t *testing.T, program string) {
	cmd := exec.Command(program)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	r.in = in
	r.out, err = cmd.StdoutPipe()
	require.NoError(t, err)
	var said strings.Builder
	cmd.Stderr = &said
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		in.Close()
		assert.NoError(t, cmd.Wait(), "%s", &said)
	})
}

// recode has bytes decoded and encoded again, with so many allocations.
func (r *recoder) recode(method int, allocations uint32, b []byte) ([]byte, int, error) {
	request := binary.NativeEndian.AppendUint32(nil, uint32(method))
	request = binary.NativeEndian.AppendUint32(request, allocations)
	request = binary.NativeEndian.AppendUint32(request, uint32(len(b)))
	if _, err := r.in.Write(append(request, b...)); err != nil {
		return nil, 0, err
	}
	var answer [8]byte
	if _, err := io.ReadFull(r.out, answer[:]); err != nil {
		return nil, 0, err
	}
	out := make([]byte, binary.NativeEndian.Uint32(answer[4:]))
	_, err := io.ReadFull(r.out, out)
	return out, int(int32(binary.NativeEndian.Uint32(answer[:]))), err
}

var errChanged = errors.New("encoded in C the same value has other bytes")

// Do implements roam.Caller.
func (r *recoder) Do(_ context.Context, call *roam.Call) error {
	args := call.Args.Buffer()
	out, status, err := r.recode(slices.Index(r.methods, call.Method.Name), enough, args)
	switch {
	case err != nil:
		return err
	case status != 0:
		return fmt.Errorf("C says %d of % x", status, args)
	case string(out) != string(args):
		return fmt.Errorf("%w: % x of % x", errChanged, out, args)
	}
	return call.DecodeResult(nil, append([]byte{0}, out...), false)
}

// testRecoding is what is asked of the program.
func testRecoding(t *testing.T, build builder) {
	r := newRecoder(t, build)
	t.Run("random values come back", r.testRandomValues)
	t.Run("bytes are values to C when they are to Go", r.testBytes)
	t.Run("memory that runs out", r.testMemory)
	t.Run("method ids", r.testIDs)
}

func (r *recoder) testRandomValues(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	methods := echoes(NewEverythingClient(r))
	delete(methods, "Unit") // has no bytes
	require.Len(t, methods, 21)
	for name, m := range methods {
		for range 300 {
			want := random(rnd, m.Type().In(1))
			got, err := call(m, want)
			require.NoError(t, err, "%s of %#v", name, want)
			require.Equal(t, want.Interface(), got, name)
		}
	}
}

// capture is a Caller that keeps the arguments that it is given.
type capture struct{ args []byte }

var errCaptured = errors.New("captured")

func (c *capture) Do(_ context.Context, call *roam.Call) error {
	c.args = append([]byte(nil), call.Args.Buffer()...)
	return errCaptured
}

// encodings gives encoded arguments of each method of the program, at random.
func encodings(rnd *rand.Rand, r *recoder, each int, do func(name string, method int, args []byte)) {
	var c capture
	client := reflect.ValueOf(NewEverythingClient(&c))
	for i, name := range r.methods {
		m := client.MethodByName(name)
		for range each {
			in := []reflect.Value{reflect.ValueOf(context.Background())}
			for k := 1; k < m.Type().NumIn(); k++ {
				in = append(in, random(rnd, m.Type().In(k)))
			}
			m.Call(in)
			do(name, i, c.args)
		}
	}
}

// inGo decodes arguments in Go and encodes them again, as recode does in C.
func inGo(method string, args []byte) ([]byte, error) {
	var in roam.Incoming
	i := slices.IndexFunc(EverythingDescriptor.Methods, func(m *roam.Method) bool { return m.Name == method })
	in.Method, in.Args = EverythingDescriptor.Methods[i].ID, wire.NewDecoder(args)
	inv, err := NewEverythingDispatcher(echo{}).Prepare(&in)
	if err != nil {
		return nil, err
	}
	// The client's side encodes what the invocation was prepared with.
	v := reflect.ValueOf(inv).Elem()
	var c capture
	m := reflect.ValueOf(NewEverythingClient(&c)).MethodByName(method)
	arguments := []reflect.Value{reflect.ValueOf(context.Background())}
	for k := 1; k < m.Type().NumIn(); k++ {
		f := v.Field(k) // the first is the implementation
		arguments = append(arguments, reflect.NewAt(f.Type(), f.Addr().UnsafePointer()).Elem())
	}
	out := m.Call(arguments)
	if err := out[len(out)-1].Interface().(error); !errors.Is(err, errCaptured) {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	return c.args, nil
}

// testBytes cuts and changes arguments: C refuses what Go refuses, and takes for the same
// values what Go takes. Both read varints that are longer than they have to be. Go sorts
// maps and keeps one entry of a key; C keeps them as they came.
func (r *recoder) testBytes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 10))
	refused, taken := 0, 0
	encodings(rnd, r, 400, func(name string, method int, args []byte) {
		for range 1 + rnd.IntN(3) {
			switch {
			case len(args) > 0 && rnd.IntN(4) == 0:
				args = args[:rnd.IntN(len(args))]
			case len(args) > 0:
				args[rnd.IntN(len(args))] = byte(bits(rnd))
			default:
				args = append(args, byte(bits(rnd)))
			}
		}
		inC, status, err := r.recode(method, enough, args)
		require.NoError(t, err)
		want, err := inGo(name, args)
		if err != nil {
			require.Equal(t, cDecode, status, "%s of % x: %v", name, args, err)
			refused++
			return
		}
		require.Zero(t, status, "%s of % x", name, args)
		again, err := inGo(name, inC)
		require.NoError(t, err, "%s of % x", name, inC)
		require.Equal(t, want, again, "%s of % x", name, args)
		taken++
	})
	assert.Greater(t, refused, 1000)
	assert.Greater(t, taken, 1000)
}

// testMemory has allocations fail, one after another until there are enough.
func (r *recoder) testMemory(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 12))
	most := uint32(0)
	encodings(rnd, r, 10, func(name string, method int, args []byte) {
		for allocations := uint32(0); ; allocations++ {
			_, status, err := r.recode(method, allocations, args)
			require.NoError(t, err)
			if status == 0 {
				most = max(most, allocations)
				return
			}
			require.Equal(t, cNoMemory, status, "%s of % x with %d allocations", name, args, allocations)
		}
	})
	assert.Greater(t, most, uint32(3))
}

func (r *recoder) testIDs(t *testing.T) {
	out, status, err := r.recode(len(r.methods), enough, nil)
	require.NoError(t, err)
	require.Zero(t, status)
	d := wire.NewDecoder(out)
	for _, m := range EverythingDescriptor.Methods {
		assert.Equal(t, m.ID, d.U64(), m.Name)
		assert.Equal(t, m.String(), d.String())
		flags := uint32(0)
		if m.Inline {
			flags |= 1
		}
		if !m.Streams() {
			flags |= 2
		}
		assert.Equal(t, flags, d.U32(), m.Name)
	}
	assert.NoError(t, d.Finish())
}
