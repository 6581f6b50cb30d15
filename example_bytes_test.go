package roam_test

import (
	"bufio"
	"context"
	"fmt"
	"log"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/examples/hello/service"
)

// A byte channel is an io.Writer on one side and an io.Reader on the other. The Writer
// sends each Write as an item, so small writes are worth a buffer.
func ExampleNewWriter() {
	handle, stop := connect(service.NewLogsDispatcher(service.Lines{}), roam.NoService)
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
	lines, err := service.NewLogsClient(handle).CountLines(ctx, rx)
	fmt.Println(lines, err)
	// Output: 10000 <nil>
}
