package main

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"lukechampine.com/blake3"
)

// Type tags of signatures.
const (
	tagU8     = 0x02
	tagU64    = 0x05
	tagI32    = 0x09
	tagI64    = 0x0a
	tagUnit   = 0x10
	tagBytes  = 0x11
	tagArray  = 0x22
	tagTuple  = 0x25
	tagTx     = 0x26
	tagRx     = 0x27
	tagStruct = 0x30
)

// methodID is the rule for ids; service and name are in kebab case. Every count and
// length here is below 128, where a varint is its one byte.
func methodID(service, name string, result []byte, args ...[]byte) uint64 {
	signature := []byte{tagTuple, byte(len(args))}
	for _, arg := range args {
		signature = append(signature, arg...)
	}
	signature = append(signature, result...)
	hash := blake3.Sum256(signature)
	id := blake3.Sum256(append([]byte(service+"."+name), hash[:]...))
	return binary.LittleEndian.Uint64(id[:8])
}

func field(name string, tags ...byte) []byte {
	return append(append([]byte{byte(len(name))}, name...), tags...)
}

func TestMethodIDsFollowFromNamesAndTypes(t *testing.T) {
	// A published id first: it vouches for methodID.
	assert.Equal(t, uint64(0x855b3a25d97bfefd), methodID("testbed", "sum", []byte{tagI64}, []byte{tagRx, tagI32}), "Testbed.sum")

	digest := []byte{tagStruct, 3}
	digest = append(digest, field("bytes", tagU64)...)
	digest = append(digest, field("sha256", tagArray, 32, tagU8)...)
	digest = append(digest, field("lines", tagU64)...)
	content, packed := []byte{tagRx, tagBytes}, []byte{tagTx, tagBytes}
	assert.Equal(t, methodID("files", "digest", digest, content), filesDigest.ID, "Files.digest")
	assert.Equal(t, methodID("files", "compress", []byte{tagUnit}, content, packed), filesCompress.ID, "Files.compress")
}
