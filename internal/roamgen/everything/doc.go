// Package everything is a service that uses every way in which Go types map to wire
// types. Its generated file is the generator's golden file; the tests send random values
// of every type through it, and bytes that are no values.
package everything

//go:generate go tool roamgen
