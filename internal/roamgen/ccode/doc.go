// Package ccode writes C for libroam: what C programs need to serve and to call the
// services of a [model.Package]. Everything but names and declarations follows from the
// library's headers, csrc/roam/codec.h and guest.h.
//
// Each Go type becomes a ctype first, which knows how C declares it, how large it is
// there and whether it borrows memory. Declarations and functions are written from those.
package ccode
