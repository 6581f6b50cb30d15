// Package schema describes the types of a service in the terms of the wire: what a
// method's arguments and results look like to any implementation of the protocol,
// whatever language it is written in.
//
// Generated code holds descriptors made of these types, for tools; nothing on the way
// of a call reads them. A type's signature, the bytes from which method ids are
// computed, is [AppendSignature].
package schema
