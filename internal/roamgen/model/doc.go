// Package model is a package's services as the generators see them: Go types with the
// wire types that they map to. Package load makes a model, package gocode writes Go
// from it and package ccode C.
package model
