// Package roam holds the public headers of the C library and no Go code. It is a
// package so that the headers come along wherever package csrc is copied to, such as a
// vendor folder.
package roam
