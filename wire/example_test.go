package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/roam-rpc/roam-go/wire"
)

// A type of a service, encoded field by field, and an item codec made of both ways.
func Example() {
	type user struct {
		ID   uint32
		Name string
	}
	users := wire.Codec[user]{
		Encode: func(e *wire.Encoder, u user) {
			e.U32(u.ID)
			e.String(u.Name)
		},
		Decode: func(d *wire.Decoder) user { return user{ID: d.U32(), Name: d.String()} },
	}

	var e wire.Encoder
	users.Encode(&e, user{ID: 300, Name: "Ada"})
	b := e.Buffer()
	fmt.Printf("% x\n", b)

	d := wire.NewDecoder(b)
	u := users.Decode(&d)
	fmt.Println(u, d.Finish())

	d = wire.NewDecoder(b[:4])
	users.Decode(&d)
	fmt.Println(d.Finish())
	// Output:
	// ac 02 03 41 64 61
	// {300 Ada} <nil>
	// string at byte 2: needs 3 bytes, 1 left
}

func ExampleDecoder_Len() {
	b := wire.AppendLen(nil, 2)
	b = wire.AppendI64(b, -1)
	b = wire.AppendI64(b, 1000)

	d := wire.NewDecoder(b)
	numbers := make([]int32, d.Len(1)) // an i32 has at least one byte
	for i := range numbers {
		numbers[i] = d.I32()
	}
	fmt.Println(numbers, d.Finish())
	// Output: [-1 1000] <nil>
}

func ExampleDecodeMessage() {
	request := wire.Message{
		Kind: wire.KindRequest, ID: 1, Method: 42,
		Metadata: wire.AppendMetadata(nil, wire.Metadata{{Key: "tenant", Value: wire.StringValue("blue")}}),
		Payload:  []byte{7},
	}
	m, err := wire.DecodeMessage(wire.AppendMessage(nil, &request))
	tenant, _ := wire.FindString(m.Metadata, "tenant")
	fmt.Println(m.Kind, m.ID, m.Method, tenant, m.Payload, err)

	_, err = wire.DecodeMessage([]byte{12})
	var unknown *wire.UnknownVariantError
	if errors.As(err, &unknown) {
		fmt.Println(wire.RuleUnknownVariant+":", err)
	}
	// Output:
	// Request 1 42 blue [7] <nil>
	// message.unknown-variant: message variant 12, want 0 to 8
}

// Messages framed on one end of a stream and read on the other.
func ExampleDeframer() {
	var stream bytes.Buffer
	for _, m := range []wire.Message{
		{Kind: wire.KindData, ID: 3, Payload: []byte("one")},
		{Kind: wire.KindClose, ID: 3},
	} {
		stream.Write(wire.AppendMessageFrame(nil, &m))
	}

	deframer := wire.NewDeframer(1 << 20)
	piece := make([]byte, 4)
	for {
		n, err := stream.Read(piece)
		if err == io.EOF {
			fmt.Println("end, inside a frame:", deframer.Partial())
			return
		}
		for rest := piece[:n]; len(rest) > 0; {
			var frame []byte
			var ok bool
			if frame, rest, ok, err = deframer.Next(rest); err != nil {
				fmt.Println(err)
				return
			}
			if ok {
				m, err := wire.DecodeMessage(frame)
				fmt.Println(m.Kind, m.ID, string(m.Payload), err)
			}
		}
	}
	// Output:
	// Data 3 one <nil>
	// Close 3  <nil>
	// end, inside a frame: false
}

func ExampleCheckMetadata() {
	md := wire.Metadata{
		{Key: "roam.timeout-ns", Value: wire.U64Value(5_000_000)},
		{Key: "note", Value: wire.BytesValue(make([]byte, 20000))},
	}
	encoded := wire.AppendMetadata(nil, md)
	fmt.Println(wire.CheckMetadata(encoded))
	fmt.Println(wire.FindU64(encoded, "roam.timeout-ns"))
	// Output:
	// metadata value of entry 1 has 20000 bytes, limit 16384
	// 5000000 true
}

func ExampleSplitMetadataPrefix() {
	payload := wire.AppendMetadataPrefix(nil, nil)
	payload = wire.AppendU32(payload, 300)
	fmt.Printf("% x\n", payload)
	metadata, arguments, err := wire.SplitMetadataPrefix(payload)
	fmt.Printf("% x, % x, %v\n", metadata, arguments, err)
	// Output:
	// 01 00 ac 02
	// 00, ac 02, <nil>
}
