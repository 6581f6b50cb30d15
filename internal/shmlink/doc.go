// Package shmlink makes a message transport of a shared-memory link: it maps
// messages to descriptors and back, with the metadata in front of the payload. It is
// all of shared memory that the driver's core ever touches; Hello and Credit have no
// form here, so they can neither be sent nor accepted.
package shmlink
