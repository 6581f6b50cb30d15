// Package gocode writes Go from a model: clients, dispatchers, descriptors, and the
// encoders and decoders of every type that they need, which use no reflection.
package gocode
