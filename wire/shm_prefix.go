package wire

// noPrefix is the prefix that says that there is no metadata.
const noPrefix = "\x01\x00"

// AppendMetadataPrefix appends what stands before the arguments or the result in a
// payload in shared memory: the length of the metadata list and the list
// (shm.metadata.in-payload). Without metadata (nil, empty or {0}) that is 01 00.
func AppendMetadataPrefix(b, metadata []byte) []byte {
	if len(metadata) == 0 { // nearly always
		return append(b, noPrefix[0], noPrefix[1])
	}
	return AppendBytes(b, metadata)
}

// SplitMetadataPrefix splits such a payload into the encoded metadata list and what
// follows it; both alias payload. An empty payload and a length of 0 mean no metadata,
// which is nil. Errors: *DecodeError when the length does not fit the payload; the
// list itself is for [CheckMetadata].
func SplitMetadataPrefix(payload []byte) (metadata, rest []byte, err error) {
	if len(payload) >= len(noPrefix) && payload[0] == noPrefix[0] && payload[1] == noPrefix[1] { // nearly always
		return payload[1:2:2], payload[2:], nil
	}
	return splitPrefix(payload)
}

func splitPrefix(payload []byte) (metadata, rest []byte, err error) {
	if len(payload) == 0 {
		return nil, nil, nil
	}
	d := NewDecoder(payload)
	metadata = d.view("metadata prefix")
	if d.err != nil {
		return nil, nil, d.err
	}
	if len(metadata) == 0 {
		metadata = nil
	}
	return metadata, d.Rest(), nil
}
