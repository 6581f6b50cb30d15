// Package methodid computes method ids: what both sides of a connection call a method,
// whatever language they are written in.
package methodid

import (
	"encoding/binary"

	"lukechampine.com/blake3"

	"github.com/roam-rpc/roam-go/internal/roamgen/names"
	"github.com/roam-rpc/roam-go/schema"
)

// Of is the id of a method of a service, from their names in any case.
func Of(service, method string, args []schema.Field, result *schema.Type, fallible bool) uint64 {
	signature := blake3.Sum256(schema.AppendMethodSignature(nil, args, result, fallible))
	name := names.Kebab(service) + "." + names.Kebab(method)
	id := blake3.Sum256(append([]byte(name), signature[:]...))
	return binary.LittleEndian.Uint64(id[:])
}
