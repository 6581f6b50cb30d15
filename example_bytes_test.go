package roam_test

import (
	"bufio"
	"context"
	"fmt"
	"log"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/wire"
)

// countLines is a method by hand, as generated code would have it: what both sides know,
// ...
var countLines = &roam.Method{ // count_lines(Rx<bytes>) -> u64
	ID: 0x9f320eac674a366c, Service: "Logs", Name: "CountLines",
}

// ... the caller's side ...
func callCountLines(ctx context.Context, caller roam.Caller, content *roam.Rx[[]byte]) (uint64, error) {
	call := roam.NewCall(countLines)
	defer call.Release()
	if err := roam.PassRx(call, content, wire.Bytes); err != nil {
		return 0, err
	}
	if err := caller.Open(ctx, call); err != nil {
		return 0, err
	}
	call.AppendChannelID(0)
	if err := caller.Do(ctx, call); err != nil {
		return 0, err
	}
	d := wire.NewDecoder(call.Result)
	lines := d.U64()
	return lines, d.Finish()
}

// ... and the handler's.
func serveCountLines(in *roam.Incoming) (roam.Invocation, error) {
	if in.Method != countLines.ID {
		return nil, roam.ErrUnknownMethod
	}
	d := wire.NewDecoder(in.Args)
	content := roam.AcceptRx(in, &d, wire.Bytes)
	if err := d.Finish(); err != nil {
		return nil, err
	}
	return roam.InvocationFunc(func(ctx context.Context, reply *roam.Reply) {
		lines := bufio.NewScanner(roam.NewReader(ctx, content))
		var count uint64
		for lines.Scan() {
			count++
		}
		if err := lines.Err(); err != nil {
			reply.Fail(err)
			return
		}
		reply.Succeed()
		reply.Payload = wire.AppendU64(reply.Payload, count)
	}), nil
}

// A byte channel is an io.Writer on one side and an io.Reader on the other. The Writer
// sends each Write as an item, so small writes are worth a buffer.
func ExampleNewWriter() {
	handle, stop := connect(roam.DispatcherFunc(serveCountLines), roam.NoService)
	defer stop()
	ctx := context.Background()

	tx, rx := roam.Channel[[]byte]()
	go func() {
		w := roam.NewWriter(ctx, tx)
		defer w.Close() // the reader's io.EOF
		buffer := bufio.NewWriterSize(w, 32<<10)
		for i := range 10000 {
			fmt.Fprintf(buffer, "line %d\n", i) // Flush reports what failed
		}
		if err := buffer.Flush(); err != nil {
			log.Print(err)
		}
	}()
	lines, err := callCountLines(ctx, handle, rx)
	fmt.Println(lines, err)
	// Output: 10000 <nil>
}
